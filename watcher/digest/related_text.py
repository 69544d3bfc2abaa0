"""The section of possibly related items and the weak matches of a digest as lines of text and of Markdown."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from watcher.digest.format_helpers import format_count
from watcher.digest.links import Links
from watcher.digest.markdown_escapes import format_markdown_link
from watcher.digest.related import (
    RELATED_LEAD,
    RELATED_TITLE,
    format_closeness,
    format_weak_count,
    get_weak_link,
    split_weak,
)
from watcher.model.digest import Digest
from watcher.model.digest_proposal import DigestProposal
from watcher.text.bidi import isolate

Wrap = Callable[[str, str, str], Iterator[str]]
"""Breaks a text into lines: the text, the prefix of the first line, and that of the others."""


def iter_related_text(digest: Digest, links: Links, wrap: Wrap) -> Iterator[str]:
    """Yield the lines of plain text."""
    if digest.proposals:
        yield from (f"== {RELATED_TITLE} ({len(digest.proposals)})", "")
        yield from (*wrap(RELATED_LEAD, "   ", "   "), "")
    for proposal in digest.proposals:
        yield from (*_iter_proposal_text(proposal, links, wrap), "")
    if digest.weak:
        yield from wrap(format_weak_count(digest), "-- ", "   ")
        shown, more = split_weak(digest)
        for line in shown:
            yield from wrap(f"{isolate(line.lead.title)} ({isolate(line.lead.source)})", " - ", "   ")
        if more:
            link = get_weak_link(digest, links)
            yield f"   {more:,} more" + (f": {link}" if link else "")
        yield ""


def _iter_proposal_text(proposal: DigestProposal, links: Links, wrap: Wrap) -> Iterator[str]:
    yield from wrap(isolate(proposal.title), " ? ", "   ")
    closeness = format_closeness(proposal)
    facts = [isolate(proposal.source), proposal.topic, *([closeness] if closeness else [])]
    yield from wrap(" · ".join(facts), "   ", "   ")
    if proposal.carrying and proposal.carrying != proposal.title:
        yield from wrap(isolate(proposal.carrying), "   > ", "   > ")
    if proposal.url:
        yield f"   {proposal.url}"
    yes, no = links.proposal(proposal.proposal_id, "relevant"), links.proposal(proposal.proposal_id, "irrelevant")
    if yes and no:
        yield from (f"   Relevant: {yes}", f"   Not relevant: {no}")


def iter_related_markdown(digest: Digest, links: Links, escape: Callable[[str], str]) -> Iterator[str]:
    """Yield the lines of Markdown; `escape` takes the effect of outside words."""
    if digest.proposals:
        yield from (f"## {RELATED_TITLE}", "", RELATED_LEAD, "")
        for proposal in digest.proposals:
            yield from _iter_proposal_markdown(proposal, links, escape)
        yield ""
    if digest.weak:
        yield from (f"### {escape(format_weak_count(digest))}", "")
        shown, more = split_weak(digest)
        for line in shown:
            linked = format_markdown_link(isolate(escape(line.lead.title)), line.lead.url)
            yield f"- {linked}, {isolate(escape(line.lead.source))}"
        if more:
            yield f"- {format_markdown_link(format_count(more, 'more', 'more'), get_weak_link(digest, links))}"
        yield ""


def _iter_proposal_markdown(proposal: DigestProposal, links: Links, escape: Callable[[str], str]) -> Iterator[str]:
    yield f"- **{format_markdown_link(isolate(escape(proposal.title)), proposal.url)}**"
    closeness = format_closeness(proposal)
    facts = [isolate(escape(proposal.source)), escape(proposal.topic), *([escape(closeness)] if closeness else [])]
    yes, no = links.proposal(proposal.proposal_id, "relevant"), links.proposal(proposal.proposal_id, "irrelevant")
    if yes and no:
        facts.append(f"[Relevant](<{yes}>) / [Not relevant](<{no}>)")
    yield "  " + " · ".join(facts)
    if proposal.carrying and proposal.carrying != proposal.title:
        yield f"  {escape(proposal.carrying)}"
