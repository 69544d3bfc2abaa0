"""What all renderings of a digest share: local times, short sentences, and the order and groups of stories."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from itertools import groupby, zip_longest
from typing import TypeAlias
from zoneinfo import ZoneInfo

from watcher.model.digest import Coverage, Digest, DigestHit, NewsKind, StoryLine, TopicSection
from watcher.text.bidi import ISOLATES
from watcher.text.lines import one_line as clean_line

MAX_SUBJECT_LENGTH = 180
MAX_OUTLETS = 6
MATCHED_BY_EDIT = "matches since an edit"
"""What is shown beside an item whose first text did not match the topic."""
GROUP_LABELS = {
    NewsKind.NEW: "",
    NewsKind.EDITED: "Changed since it was reported",
    NewsKind.ARCHIVE: "Found later in stored items",
    NewsKind.BASELINE: "Older than your watch",
}
Place: TypeAlias = tuple[int, int]
"""The place of a story in a digest: number of the section, number of the row."""


def format_local_time(moment: datetime, timezone: str) -> str:
    """Return a moment as people in a zone read it: `Mon 2 Mar, 14:05`."""
    local = moment.astimezone(ZoneInfo(timezone))
    return f"{local:%a} {local.day} {local:%b}, {local:%H:%M}"


def format_count(count: int, singular: str, plural: str) -> str:
    """Return a count with its noun: `1 story`, `1,204 stories`."""
    return f"{count:,} {singular if count == 1 else plural}"


def format_headline(digest: Digest) -> str:
    """Return in one line what a digest holds: `3 stories in 2 topics`."""
    counts = []
    if digest.story_count:
        stories = format_count(digest.story_count, "story", "stories")
        counts.append(f"{stories} in {format_count(len(digest.sections), 'topic', 'topics')}")
    elif digest.alarms:
        counts.append("unusual volume")
    if digest.proposals:
        counts.append(f"{len(digest.proposals):,} possibly related")
    if digest.weak:
        counts.append(format_count(len(digest.weak), "weak match", "weak matches"))
    return ", ".join(counts) or "nothing new"


def format_lead(digest: Digest) -> str:
    """Return the line below a digest's title: what it holds, and until when."""
    headline = format_headline(digest)
    until = format_local_time(digest.window[1], digest.timezone)
    return f"{headline[0].upper()}{headline[1:]} · until {until} ({digest.timezone})"


def format_subject(digest: Digest) -> str:
    """Return a digest's subject on one line: its title and first headline, and how many more stories there are."""
    title = one_line(digest.title)
    lead = digest.sections[0].stories[0].lead.title if digest.sections and digest.sections[0].stories else ""
    if not one_line(lead):
        return f"{title}: {format_headline(digest)}"[:MAX_SUBJECT_LENGTH]
    more = f", and {digest.story_count - 1:,} more" if digest.story_count > 1 else ""
    subject = f"{title}: {one_line(lead)}"
    limit = MAX_SUBJECT_LENGTH - len(more)
    return (subject if len(subject) <= limit else subject[: limit - 1].rstrip() + "…") + more


def format_empty(digest: Digest) -> str:
    """Return the sentence of a digest without stories."""
    return f"Nothing new since {format_local_time(digest.window[0], digest.timezone)}."


def format_coverage(coverage: Coverage) -> str:
    """Return how much was watched, so that silence is worth something."""
    if not coverage.feeds:
        return "No feeds are watched."
    sentences = [f"Watched {coverage.fresh:,} of {coverage.feeds:,} feeds on time."]
    counts = (
        (coverage.failing, "failing"),
        (coverage.stale, "silent for too long"),
        (coverage.gone, "gone"),
        (coverage.unread, "not read yet"),
    )
    if late := ", ".join(f"{count:,} {state}" for count, state in counts if count):
        sentences.append(f"{late}.")
    sentences.append(f"{format_count(coverage.entries, 'new item', 'new items')} read.")
    sentences += _list_losses(coverage)
    return " ".join(sentences)


def _list_losses(coverage: Coverage) -> Iterator[str]:
    """Return a sentence for each way in which items of the window may be missing or were not counted as new."""
    if coverage.gaps:
        items, gaps = format_count(coverage.lost, "item", "items"), format_count(coverage.gaps, "gap", "gaps")
        yield f"About {items} may be missing ({gaps} between polls)."
    if count := coverage.left_out:
        yield f"{_count_items(count)} not stored and may be missing: feeds bring more than their budget."
    if count := coverage.merged:
        yield f"{_count_items(count)} taken for {'a repetition of another' if count == 1 else 'repetitions of others'}."
    if count := coverage.recovered:
        yield f"{_count_items(count, ' that an earlier version had merged')} stored as older than your watch."


def _count_items(count: int, which: str = "") -> str:
    return f"{count:,} item{which} was" if count == 1 else f"{count:,} items{which} were"


def list_flags(hit: DigestHit) -> tuple[str, ...]:
    """Return what a row says of its hit besides the group that it belongs to."""
    if hit.matched_by_edit:
        return (MATCHED_BY_EDIT,)
    return (f"changed from “{hit.former_title}”",) if hit.kind is NewsKind.EDITED and hit.former_title else ()


def group_stories(section: TopicSection) -> list[tuple[str, list[StoryLine]]]:
    """Return a topic's stories by label: new ones (without a label), changed ones, and older ones."""
    by_label = groupby(section.stories, lambda line: GROUP_LABELS[line.lead.kind])
    return [(label, list(lines)) for label, lines in by_label]


def interleave_stories(digest: Digest) -> Iterator[tuple[Place, StoryLine]]:
    """Return the first story of each topic, then the second of each, and so on: where room ends, it ends for all."""
    for rank, lines in enumerate(zip_longest(*(section.stories for section in digest.sections))):
        yield from (((number, rank), line) for number, line in enumerate(lines) if line is not None)


def one_line(text: str) -> str:
    """Return outside text on one line, without what cannot be printed."""
    return clean_line(text, keep=ISOLATES)


def list_other_outlets(line: StoryLine, limit: int = MAX_OUTLETS) -> tuple[tuple[DigestHit, ...], int]:
    """Return one hit for each further outlet of a story, and how many outlets are beyond the limit."""
    seen = {line.lead.source}
    hits = []
    for hit in line.others:
        if hit.source not in seen:
            seen.add(hit.source)
            hits.append(hit)
    return tuple(hits[:limit]), max(0, len(hits) - limit)
