"""What a digest shows beside its stories: items that only meaning found, and hits that words alone speak for."""

from __future__ import annotations

from collections.abc import Sequence

from watcher.digest.format_helpers import format_count, one_line
from watcher.digest.links import Links
from watcher.model.digest import Digest
from watcher.model.digest_proposal import DigestProposal
from watcher.model.digest_story import DigestStory
from watcher.model.meaning import ReferenceKind

MAX_WEAK_LINES = 10
"""Weak matches that a digest names; the others are counted."""
RELATED_TITLE = "Possibly related"
RELATED_LEAD = "No word of a topic finds these, but they mean nearly the same. Each answer teaches the topic."
_KINDS = {
    ReferenceKind.SENTENCE: "the sentence",
    ReferenceKind.EXAMPLE: "the example",
    ReferenceKind.JUDGED: "an item judged relevant:",
}


def format_closeness(proposal: DigestProposal) -> str:
    """Return what of its topic a proposal is close to: `close to the sentence “…”`; empty where that is not known."""
    if not proposal.evidence:
        return ""
    nearest = proposal.evidence[0]
    return f"close to {_KINDS[nearest.kind]} “{one_line(nearest.text)}”"


def format_weak_count(digest: Digest) -> str:
    """Return how many weak matches there are, and what makes them weak."""
    count = format_count(len(digest.weak), "weak match", "weak matches")
    return f"{count}: the words match, but little else suggests the topic"


def split_weak(digest: Digest) -> tuple[Sequence[DigestStory], int]:
    """Return the weak matches that are named, and how many are not."""
    return digest.weak[:MAX_WEAK_LINES], max(0, len(digest.weak) - MAX_WEAK_LINES)


def get_weak_link(digest: Digest, links: Links) -> str | None:
    """Return the page on which all weak matches are listed."""
    since = min((line.lead.matched_at for line in digest.weak), default=None)
    return links.hits(since)
