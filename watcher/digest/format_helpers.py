"""What all renderings of a digest share: local times, short sentences, and the order and groups of stories."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from functools import lru_cache
from itertools import groupby
from zoneinfo import ZoneInfo

from watcher.model.digest import BRIEF_STORIES, Coverage, Digest
from watcher.model.digest_story import DigestStory, NewsKind, StoryStatus
from watcher.text.bidi import ISOLATES, isolate
from watcher.text.lengths import format_wait
from watcher.text.lines import one_line as clean_line

MAX_SUBJECT_LENGTH = 180
GROUP_LABELS = {
    NewsKind.NEW: "",
    NewsKind.EDITED: "",
    NewsKind.ARCHIVE: "Found later in stored items",
    NewsKind.BASELINE: "Older than your watch",
}
HELD_BEFORE = "Before watching began"
PREHEADER_STORIES = 3


@lru_cache(maxsize=256)
def format_local_time(moment: datetime, timezone: str) -> str:
    """Return a moment as people in a zone read it: `Mon 2 Mar, 14:05`."""
    local = moment.astimezone(ZoneInfo(timezone))
    return f"{local:%a} {local.day} {local:%b}, {local:%H:%M}"


def format_count(count: int, singular: str, plural: str) -> str:
    """Return a count with its noun: `1 story`, `1,204 stories`."""
    return f"{count:,} {singular if count == 1 else plural}"


def format_headline(digest: Digest) -> str:
    """Return in one line what a digest holds: `7 stories from 28 reports in 6 languages`."""
    also = [f"{len(digest.proposals):,} possibly related"] if digest.proposals else []
    also += [format_count(len(digest.weak), "weak match", "weak matches")] if digest.weak else []
    if not digest.story_count:
        return ", ".join(["unusual volume", *also] if digest.alarms else also or ["nothing new"])
    return ", ".join([_format_stories(digest), *also])


def _format_stories(digest: Digest) -> str:
    """Return how many stories a digest holds, from how many reports."""
    stories = format_count(digest.story_count, "story", "stories")
    if digest.left_out:
        return stories
    several = f" in {digest.language_count} languages" if digest.language_count > 1 else ""
    return f"{stories} from {format_count(digest.report_count, 'report', 'reports')}{several}"


def format_lead(digest: Digest) -> str:
    """Return the line below a digest's title: when it was due, and what it holds."""
    local = digest.window[1].astimezone(ZoneInfo(digest.timezone))
    zone = digest.timezone.rpartition("/")[2].replace("_", " ")
    return f"{local:%a} {local.day} {local:%b %Y}, {local:%H:%M} ({zone}) · {format_headline(digest)}"


def format_subject(digest: Digest) -> str:
    """Return a digest's subject on one line: its title and first headline, and how many more stories there are."""
    title = one_line(digest.title)
    lead = digest.stories[0].headline.title if digest.stories else ""
    if not one_line(lead):
        return f"{title}: {format_headline(digest)}"[:MAX_SUBJECT_LENGTH]
    more = f", and {digest.story_count - 1:,} more" if digest.story_count > 1 else ""
    subject = f"{title}: {one_line(lead)}"
    limit = MAX_SUBJECT_LENGTH - len(more)
    return (subject if len(subject) <= limit else subject[: limit - 1].rstrip() + "…") + more


def format_preheader(digest: Digest) -> str:
    """Return what a mail program shows beside the subject: the next headlines, then the coverage."""
    # Two headlines in Arabic beside each other would change places.
    titles = [isolate(one_line(story.headline.title)) for story in digest.stories[1 : 1 + PREHEADER_STORIES]]
    also = f"Also: {' · '.join(titles)}. " if titles else ""
    return f"{also}{format_coverage(digest.coverage)}"


def format_window(digest: Digest) -> str:
    """Return the time that a digest covers: `Thu 26 Nov, 19:00 to Fri 27 Nov, 07:00`."""
    begin, end = (format_local_time(moment, digest.timezone) for moment in digest.window)
    return f"{begin} to {end}"


def format_more(count: int) -> str:
    """Return how many stories are not shown."""
    return format_count(count, "more story", "more stories")


def format_silent(digest: Digest) -> str:
    """Return that stories which were reported gained nothing but copies; nothing where none did."""
    if not digest.silent:
        return ""
    return f"{format_count(digest.silent, 'earlier story', 'earlier stories')} only gained copies."


def format_held_before(digest: Digest, shown: int) -> str:
    """Return how many stories the feeds held before watching began, and how many of them are shown."""
    held = format_count(digest.held_before_count, "story", "stories")
    return f"{held}, shown once" if shown == digest.held_before_count else f"the {shown} most important of {held}"


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
    if coverage.meaning_backlog:
        sentences.append(_format_meaning_backlog(coverage.meaning_backlog, coverage.meaning_seconds))
    return " ".join(sentences)


def _format_meaning_backlog(count: int, seconds: int | None) -> str:
    """Return what is not read for its meaning yet, and what that means for the reader."""
    items = f"{count:,} items are" if count != 1 else "1 item is"
    when = f" in about {format_wait(seconds)}" if seconds is not None else " later"
    return f"{items} not yet read for meaning. Hits by words are complete; proposals follow{when}."


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


def group_stories(digest: Digest) -> list[tuple[str, list[DigestStory]]]:
    """Return a digest's stories by heading: the news (without one), finds from the archive, and older ones."""
    by_label = groupby(digest.stories, lambda story: GROUP_LABELS[story.lead.kind])
    return [(label, list(stories)) for label, stories in by_label]


def is_compact_story(story: DigestStory, place: int) -> bool:
    """Return whether the story at a place, from 0 on, is shown in two lines: beyond the brief, with one outlet."""
    return place >= BRIEF_STORIES and story.independent_outlets <= 1 and story.status is StoryStatus.NEW


def one_line(text: str) -> str:
    """Return outside text on one line, without what cannot be printed."""
    return clean_line(text, keep=ISOLATES)
