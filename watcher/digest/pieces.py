"""What every rendering of a digest shares: marked stretches of text, times in the reader's zone, and short phrases."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from zoneinfo import ZoneInfo

from watcher.digest.labels import sign
from watcher.model.digest import Coverage, Digest, StoryLine, ToldHit
from watcher.model.topic import Evidence, Origin

SNIPPET = 280


@dataclass(frozen=True, slots=True, kw_only=True)
class Links:
    """Where a digest may lead to: the page's address, if readers can reach one, and the key for its buttons."""

    base_url: str | None = None
    secret: bytes | None = field(default=None, repr=False)

    def topic(self, topic_id: str) -> str | None:
        return f"{self.base_url}/hits?topic={topic_id}" if self.base_url else None

    def label(self, hit_id: int, judgement: str) -> str | None:
        """Give the address of the page on which a reader judges a hit; opening it records nothing yet."""
        if not self.base_url or self.secret is None:
            return None
        return f"{self.base_url}/label/{sign(self.secret, hit_id, judgement)}"

    def hit(self, hit_id: int) -> str | None:
        return f"{self.base_url}/hits/{hit_id}" if self.base_url else None


def marked(text: str, field: str, evidence: Sequence[Evidence]) -> list[tuple[str, bool]]:
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


def snippet(text: str, field: str, evidence: Sequence[Evidence], length: int = SNIPPET) -> list[tuple[str, bool]]:
    """Cut a text like `marked`, to about `length` characters around its first evidence, whole words only."""
    if len(text) <= length:
        return marked(text, field, evidence)
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
    for piece, is_evidence in marked(text, field, evidence):
        stop = at + len(piece)
        if stop > start and at < end:
            pieces.append((piece[max(0, start - at) : end - at], is_evidence))
        at = stop
    return [*pieces, (" …", False)] if end < len(text) else pieces


def summary_of(hit: ToldHit, length: int = SNIPPET) -> list[tuple[str, bool]]:
    """Give the words of a hit's summary that a digest shows, on one line; nothing where it repeats the headline."""
    pieces = snippet(hit.summary, "summary", hit.evidence, length)
    if hit.summary.strip().casefold() == hit.title.strip().casefold():
        return []
    return [(piece.replace("\n", " "), is_evidence) for piece, is_evidence in pieces]


def clock(moment: datetime, timezone: str) -> str:
    """Write a moment as people in a zone read it: `Mon 2 Mar, 14:05`."""
    local = moment.astimezone(ZoneInfo(timezone))
    return f"{local:%a} {local.day} {local:%b}, {local:%H:%M}"


def headline(digest: Digest) -> str:
    """Say in one line what a digest holds."""
    count = digest.story_count
    if not count:
        return "nothing new"
    topics = len(digest.sections)
    return f"{count} {'story' if count == 1 else 'stories'} in {topics} {'topic' if topics == 1 else 'topics'}"


def subject(digest: Digest) -> str:
    """Give a digest's subject: its name and what it holds; one line, whatever the headlines hold."""
    lead = digest.sections[0].stories[0].lead.title if digest.sections and digest.sections[0].stories else ""
    said = f"{digest.title}: {headline(digest)}" + (f" – {lead}" if lead and digest.story_count == 1 else "")
    return " ".join("".join(c if c.isprintable() else " " for c in said).split())[:180]


def coverage_line(coverage: Coverage) -> str:
    """Say how much was watched, so that silence is worth something."""
    if not coverage.feeds:
        return "No feeds are watched."
    said = [f"{coverage.fresh} of {coverage.feeds} feeds answered with news in their usual rhythm"]
    for count, words in (
        (coverage.failing, "failing"),
        (coverage.stale, "silent for too long"),
        (coverage.gone, "gone"),
    ):
        if count:
            said.append(f"{count} {words}")
    line = ", ".join(said) + f"; {coverage.entries:,} new items were read."
    if coverage.gaps:
        items = f"{coverage.lost} item{'s' * (coverage.lost != 1)}"
        line += f" About {items} may have been missed in {coverage.gaps} poll gap{'s' * (coverage.gaps != 1)}."
    return line


def _counted(count: int, word: str) -> str:
    return f"{count:,} {word}{'s' * (count != 1)}"


def flags(hit: ToldHit) -> tuple[str, ...]:
    """Name what sets a hit apart from plain news."""
    found = []
    if hit.edited or hit.origin is Origin.EDIT:
        found.append(f"edited, was: {hit.former_title}" if hit.former_title else "edited")
    if hit.origin is Origin.BACKFILL:
        found.append("found in the archive")
    if hit.baseline:
        found.append("from before watching began")
    return tuple(found)


def others(line: StoryLine, limit: int = 6) -> tuple[tuple[ToldHit, ...], int]:
    """Give one hit for each further outlet of a story, and how many outlets did not fit."""
    seen = {line.lead.source}
    found = []
    for hit in line.others:
        if hit.source not in seen:
            seen.add(hit.source)
            found.append(hit)
    return tuple(found[:limit]), max(0, len(found) - limit)
