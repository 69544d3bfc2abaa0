"""What every rendering of a digest shares: marked stretches of text, times in the reader's zone, and short phrases."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import groupby, zip_longest
from typing import TypeAlias
from urllib.parse import quote
from zoneinfo import ZoneInfo

from watcher.digest.feedback_links import sign_feedback
from watcher.digest.unsubscribe_links import sign_unsubscribe
from watcher.model.digest import Coverage, Digest, DigestHit, NewsKind, StoryLine, TopicSection, Unsubscription
from watcher.model.topic import Evidence
from watcher.text.bidi import ISOLATES
from watcher.text.lines import one_line as clean_line

SNIPPET_LENGTH = 280
Place: TypeAlias = tuple[int, int]
"""Where a story stands in a digest: which section, which row."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Links:
    """Where a digest may lead to: the page's address, if readers can reach one, and the key for its buttons."""

    base_url: str | None = None
    secret: bytes | None = field(default=None, repr=False)

    def topic(self, topic_id: str, since: datetime | None = None) -> str | None:
        """Give the page that lists a topic's hits, from a moment on."""
        if not self.base_url:
            return None
        return f"{self.base_url}/hits?topic={quote(topic_id)}" + (f"&since={since:%Y-%m-%dT%H:%MZ}" if since else "")

    def label(self, hit_id: int, judgement: str) -> str | None:
        """Give the address of the page on which a reader judges a hit; opening it records nothing yet."""
        if not self.base_url or self.secret is None:
            return None
        return f"{self.base_url}/label/{sign_feedback(self.secret, hit_id, judgement)}"

    def leave(self, leaving: Unsubscription) -> str | None:
        """Give the address of the page on which a recipient unsubscribes; a POST to it does so in one click."""
        if not self.base_url or self.secret is None:
            return None
        return f"{self.base_url}/unsubscribe/{sign_unsubscribe(self.secret, leaving)}"

    def digests(self) -> str | None:
        """Return the page that lists the digests, each in full."""
        return f"{self.base_url}/digests" if self.base_url else None

    def hit(self, hit_id: int) -> str | None:
        return f"{self.base_url}/hits/{hit_id}" if self.base_url else None


def split_by_evidence(text: str, field: str, evidence: Sequence[Evidence]) -> list[tuple[str, bool]]:
    """Cut a text into (stretch, is evidence); evidence that no longer stands where it stood is left out."""
    spans = sorted((e.start, e.end) for e in evidence if e.field == field and text[e.start : e.end] == e.text)
    pieces: list[tuple[str, bool]] = []
    at = 0
    for start, end in spans:
        if start < at:
            if end > at and pieces and pieces[-1][1]:
                pieces[-1] = (pieces[-1][0] + text[at:end], True)
                at = end
            continue
        if start > at:
            pieces.append((text[at:start], False))
        pieces.append((text[start:end], True))
        at = end
    if at < len(text):
        pieces.append((text[at:], False))
    return pieces


def cut_snippet(
    text: str, field: str, evidence: Sequence[Evidence], length: int = SNIPPET_LENGTH
) -> list[tuple[str, bool]]:
    """Cut a text like `marked`, to about `length` characters around its first evidence, whole words only."""
    if len(text) <= length:
        return split_by_evidence(text, field, evidence)
    first = min((e.start for e in evidence if e.field == field and text[e.start : e.end] == e.text), default=0)
    start = 0 if first < length * 2 // 3 else max(0, first - length // 3)
    if start:
        blank = text.find(" ", start, first)
        start = blank + 1 if blank >= 0 else start
    end = min(len(text), start + length)
    if end < len(text):
        blank = text.rfind(" ", start, end)
        end = blank if blank > start + length // 2 else end
    pieces: list[tuple[str, bool]] = [("… ", False)] if start else []
    at = 0
    for piece, is_evidence in split_by_evidence(text, field, evidence):
        stop = at + len(piece)
        if stop > start and at < end:
            pieces.append((piece[max(0, start - at) : end - at], is_evidence))
        at = stop
    return [*pieces, (" …", False)] if end < len(text) else pieces


def cut_summary(hit: DigestHit, length: int = SNIPPET_LENGTH) -> list[tuple[str, bool]]:
    """Give the words of a hit's summary that a digest shows, on one line; nothing where it repeats the headline."""
    pieces = cut_snippet(hit.summary, "summary", hit.evidence, length)
    if hit.summary.strip().casefold() == hit.title.strip().casefold():
        return []
    return [(piece.replace("\n", " "), is_evidence) for piece, is_evidence in pieces]


def format_local_time(moment: datetime, timezone: str) -> str:
    """Write a moment as people in a zone read it: `Mon 2 Mar, 14:05`."""
    local = moment.astimezone(ZoneInfo(timezone))
    return f"{local:%a} {local.day} {local:%b}, {local:%H:%M}"


def format_headline(digest: Digest) -> str:
    """Say in one line what a digest holds."""
    count = digest.story_count
    if not count:
        return "unusual volume" if digest.alarms else "nothing new"
    topics = len(digest.sections)
    return f"{count} {'story' if count == 1 else 'stories'} in {topics} {'topic' if topics == 1 else 'topics'}"


def format_subject(digest: Digest) -> str:
    """Give a digest's subject: its name and what it holds; one line, whatever the headlines hold."""
    lead = digest.sections[0].stories[0].lead.title if digest.sections and digest.sections[0].stories else ""
    said = f"{digest.title}: {format_headline(digest)}" + (f" – {lead}" if lead and digest.story_count == 1 else "")
    return one_line(said)[:180]


def format_coverage(coverage: Coverage) -> str:
    """Say how much was watched, so that silence is worth something."""
    if not coverage.feeds:
        return "No feeds are watched."
    said = [f"{coverage.fresh} of {coverage.feeds} feeds answered with news in their usual rhythm"]
    for count, words in (
        (coverage.failing, "failing"),
        (coverage.stale, "silent for too long"),
        (coverage.gone, "gone"),
        (coverage.unread, "not read yet"),
    ):
        if count:
            said.append(f"{count} {words}")
    line = ", ".join(said) + f"; {coverage.entries:,} new items were read."
    if coverage.gaps:
        items = f"{coverage.lost} item{'s' * (coverage.lost != 1)}"
        line += f" About {items} may have been missed in {coverage.gaps} poll gap{'s' * (coverage.gaps != 1)}."
    if count := coverage.left_out:
        line += f" {_items(count)} not stored and may be missing: feeds bring more than is taken at once or in a day."
    if count := coverage.merged:
        line += f" {_items(count)} taken for {'a repetition of another' if count == 1 else 'repetitions of others'}."
    if count := coverage.recovered:
        line += f" {_items(count, ' that an earlier version had merged')} stored as baseline."
    return line


def _items(count: int, which: str = "") -> str:
    return f"{count:,} item{which} was" if count == 1 else f"{count:,} items{which} were"


def list_flags(hit: DigestHit) -> tuple[str, ...]:
    """Name what a row says of its hit beside the group that it stands in."""
    if hit.matched_by_edit:
        return (MATCHED_BY_EDIT,)
    return (f"was: {hit.former_title}",) if hit.kind is NewsKind.EDITED and hit.former_title else ()


MATCHED_BY_EDIT = "matches since an edit"
"""What stands beside an item whose first text did not match the topic."""


GROUPS = {
    NewsKind.NEW: "",
    NewsKind.EDITED: "Edited since it was told",
    NewsKind.ARCHIVE: "Found in the archive",
    NewsKind.BASELINE: "From before watching began",
}


def group_stories(section: TopicSection) -> list[tuple[str, list[StoryLine]]]:
    """Part a topic's stories into what is new (without a name), what was edited, and what is from before."""
    return [(kind, list(lines)) for kind, lines in groupby(section.stories, lambda line: GROUPS[line.lead.kind])]


def interleave_stories(digest: Digest) -> Iterator[tuple[Place, StoryLine]]:
    """Give the first story of each topic, then the second of each, and so on: where room ends, it ends for all."""
    for rank, lines in enumerate(zip_longest(*(section.stories for section in digest.sections))):
        yield from (((number, rank), line) for number, line in enumerate(lines) if line is not None)


def one_line(said: str) -> str:
    """Give outside words on one line, without what cannot be printed."""
    return clean_line(said, keep=ISOLATES)


def list_other_outlets(line: StoryLine, limit: int = 6) -> tuple[tuple[DigestHit, ...], int]:
    """Give one hit for each further outlet of a story, and how many outlets did not fit."""
    seen = {line.lead.source}
    found = []
    for hit in line.others:
        if hit.source not in seen:
            seen.add(hit.source)
            found.append(hit)
    return tuple(found[:limit]), max(0, len(found) - limit)
