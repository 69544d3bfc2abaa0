"""What a digest says of one story, in words that all renderings share."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from watcher.model.digest import BRIEF_STORIES, Digest
from watcher.model.digest_story import DigestHit, DigestStory, NewsKind, StoryStatus
from watcher.model.event import EventReport
from watcher.model.regrouping import RegroupedPart
from watcher.text.word_changes import Change, list_changes

MAX_OUTLETS = 6
MAX_REGROUPED = 3
"""How many headlines are named of the stories that a story was parted from, or joined with."""
MATCHED_BY_EDIT = "matches since an edit"
"""What is shown beside an item whose first text did not match the topic."""
STATUS_LABELS = {
    StoryStatus.NEW: "New",
    StoryStatus.CONTINUES: "Continues",
    StoryStatus.CHANGED: "Changed",
}
SUMMARY_LABEL = "Machine summary, check the sources"


def format_status(story: DigestStory, digest: Digest) -> str:
    """Return how a story stands to the digests before: `Continues from Tuesday's digest`; nothing for older items."""
    if story.lead.kind in (NewsKind.ARCHIVE, NewsKind.BASELINE):
        return ""
    label = STATUS_LABELS[story.status]
    if story.reported_at is None or story.status is StoryStatus.NEW:
        return label
    since = "since" if story.status is StoryStatus.CHANGED else "from"
    return f"{label} {since} {_name_digest(story.reported_at, digest)}"


def _name_digest(slot_at: datetime, digest: Digest) -> str:
    """Return by which words a reader knows an earlier digest: its time of today, its day of this week, or its date."""
    zone = ZoneInfo(digest.timezone)
    reported, now = slot_at.astimezone(zone), digest.window[1].astimezone(zone)
    if reported.date() == now.date():
        return f"{reported:%H:%M}"
    if now - reported < timedelta(days=6):
        return f"{reported:%A}’s digest"
    return f"the digest of {reported.day} {reported:%b}"


def format_regrouping(story: DigestStory, digest: Digest, write: Callable[[str], str]) -> str:
    """Return how a story was regrouped since a digest reported it, mostly nothing; `write` escapes its headlines."""
    regrouping = story.regrouping
    if regrouping is None:
        return ""

    def name(parts: Sequence[RegroupedPart]) -> str:
        """Return the headlines of parts, and how many are beyond the limit."""
        more = len(parts) - MAX_REGROUPED
        titles = " and ".join(f"“{write(part.title)}”" for part in parts[:MAX_REGROUPED])
        return titles + (f" and {more} more" if more > 0 else "")

    changes = []
    if regrouping.parted:
        changes.append(f"was one story with {name(regrouping.parted)}")
    if regrouping.joined:
        changes.append(f"{name(regrouping.joined)} {'was' if len(regrouping.joined) == 1 else 'were'} apart")
    return f"Regrouped since {_name_digest(regrouping.since, digest)}: {'; '.join(changes)}"


def format_spread(story: DigestStory) -> str:
    """Return how far a story spread: `3 independent outlets, 8 copies · en, ru, zh`."""
    count = max(1, story.independent_outlets)
    outlets = f"{count} independent outlets" if count > 1 else "1 outlet"
    copies = story.facts.copies
    copied = f", {copies} {'copy' if copies == 1 else 'copies'}" if copies else ""
    languages = story.facts.languages
    return f"{outlets}{copied}" + (f" · {', '.join(languages)}" if len(languages) > 1 else "")


def format_importance(story: DigestStory, place: int) -> str:
    """Return why a story stands at a place, from 0 on, of a digest; nothing beyond the brief."""
    return f"Importance: {story.importance.explanation}" if place < BRIEF_STORIES else ""


def list_later_outlets(story: DigestStory, limit: int = MAX_OUTLETS) -> tuple[tuple[EventReport, ...], int]:
    """Return the first own report of each outlet after the first one, and how many outlets are beyond the limit."""
    seen = {story.facts.first.outlet}
    reports = []
    for fact in story.facts.reports:
        if fact.copy_of is None and fact.report.outlet not in seen:
            seen.add(fact.report.outlet)
            reports.append(fact.report)
    return tuple(reports[:limit]), max(0, len(reports) - limit)


def title_additions(story: DigestStory) -> str:
    """Return the heading of what the reports add."""
    return "What is new" if story.status is StoryStatus.CONTINUES else "What the others add"


def format_original(story: DigestStory) -> str:
    """Return how the words beneath the headline relate to it: `ar, headline translated by machine`; mostly nothing."""
    if story.translation is None or story.original is None:
        return ""
    return f"{story.original.language or 'original'}, headline translated by machine ({story.translation.model})"


def list_flags(hit: DigestHit) -> tuple[str, ...]:
    """Return the notes on a hit besides its status."""
    return (MATCHED_BY_EDIT,) if hit.matched_by_edit else ()


def compare_headlines(hit: DigestHit) -> tuple[Change, ...]:
    """Return what an edit changed in a headline, word by word; nothing where none was reported before."""
    if hit.kind is not NewsKind.EDITED or not hit.former_title:
        return ()
    return list_changes(hit.former_title.split(" "), hit.title.split(" "), separator=" ")


@lru_cache(maxsize=4096)
def format_time(moment: datetime, timezone: str, now: datetime) -> str:
    """Return a moment as short as it can be understood: `05:12` of today, `Thu 18:40` of this week, else `12 Nov`."""
    local, today = moment.astimezone(ZoneInfo(timezone)), _localize(now, timezone)
    clock = f"{local.hour:02}:{local.minute:02}"
    if local.day == today.day and local.date() == today.date():
        return clock
    if timedelta() <= today - local < timedelta(days=6):
        return f"{local:%a} {clock}"
    return f"{local.day} {local:%b}" + ("" if local.year == today.year else f" {local.year}")


@lru_cache(maxsize=16)
def _localize(moment: datetime, timezone: str) -> datetime:
    """Return a moment by the clocks of a zone: that of a digest is asked for with each of its times."""
    return moment.astimezone(ZoneInfo(timezone))


def format_hit_time(hit: DigestHit, timezone: str, now: datetime) -> str:
    """Return when a hit was published, and when it was seen where that was much later."""
    shown = format_time(hit.reported_at, timezone, now)
    return f"{shown}, seen {format_time(hit.first_seen_at, timezone, now)}" if hit.is_seen_late else shown
