"""Prints entries, hits and clause trees for people."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from watcher.cli import output

if TYPE_CHECKING:
    from watcher.model.entry import StoredEntry
    from watcher.model.results import StoredHit, StoredProposal
    from watcher.model.topic import Evidence
    from watcher.topics.query_test import ClauseView

MAX_TREE_LINES = 400
SNIPPET_LENGTH = 240
MAX_CLAUSE_LENGTH = 110
MAX_WORDS = 6
"""Evidence that a clause's line shows."""


def print_entry(stored: StoredEntry, evidence: Sequence[Evidence], *, with_source: bool = True) -> None:
    """Print an entry with its evidence marked: headline, source, and the text around the evidence."""
    from watcher.digest.evidence import cut_snippet, split_by_evidence

    item = stored.entry.item
    output.print_line(output.mark_evidence(split_by_evidence(item.title, "title", evidence)))
    if with_source:
        seen = output.format_time(stored.first_seen_at)
        facts = [f"entry {stored.id}", output.clean_text(stored.entry.source), seen]
        output.print_line("  " + output.style_text(" · ".join(facts), output.DIM))
    fields = {e.field for e in evidence}
    # The summary is shown, unless all evidence of the text is in the full text alone.
    in_content = item.content and (not item.summary or ("content" in fields and "summary" not in fields))
    field, text = ("content", item.content) if in_content else ("summary", item.summary)
    if text:
        output.print_line("  " + output.mark_evidence(cut_snippet(text, field, evidence, SNIPPET_LENGTH)))


def print_hit(hit: StoredHit) -> None:
    """Print a hit: headline, topic, source, flags, and the words that prove it."""
    from watcher.contract.entries import keep_valid_evidence
    from watcher.digest.evidence import cut_snippet, split_by_evidence

    item = hit.stored.entry.item
    evidence = keep_valid_evidence(hit.hit.evidence, hit.stored)
    matched_at = output.format_time(hit.hit.matched_at)
    facts = [f"#{hit.id}", hit.hit.topic_id, output.clean_text(hit.stored.entry.source), matched_at]
    facts += [f"story {hit.story_id} ({hit.story_size})"] if hit.story_size > 1 else []
    facts += [f"{hit.hit.score:.2f}", *_list_flags(hit)]
    output.print_line(output.mark_evidence(split_by_evidence(item.title, "title", evidence)))
    output.print_line("  " + output.style_text(" · ".join(facts), output.DIM))
    field = "summary" if item.summary else "content"
    text = item.summary or item.content
    if text:
        output.print_line("  " + output.mark_evidence(cut_snippet(text, field, evidence, SNIPPET_LENGTH)))
    if item.url:
        output.print_line("  " + output.clean_text(item.url))


def print_proposal(stored: StoredProposal) -> None:
    """Print a proposal: headline, topic, source, state, what it is close to and the sentence that carries it."""
    item, proposal = stored.stored.entry.item, stored.proposal
    facts = [f"#{proposal.id}", proposal.topic_id, output.clean_text(stored.stored.entry.source)]
    facts += [output.format_time(proposal.proposed_at), f"{proposal.score:.2f}", proposal.state.value]
    output.print_line(output.style_text(output.clean_text(item.title), output.BOLD))
    output.print_line("  " + output.style_text(" · ".join(facts), output.DIM))
    texts = {"title": item.title, "summary": item.summary, "content": item.content}
    for evidence in proposal.evidence:
        names = {"sentence": "the sentence", "example": "the example", "judged": "the judged item"}
        output.print_line(f"  close to {names[evidence.kind.value]}: {output.clean_text(evidence.text)}")
        words = output.clean_text(texts.get(evidence.field, "")[evidence.start : evidence.end])
        if words and evidence.field != "title":
            output.print_line(f"  in its {evidence.field}: {output.truncate(words, SNIPPET_LENGTH)}")
    if item.url:
        output.print_line("  " + output.clean_text(item.url))


def print_clause_tree(tree: ClauseView) -> None:
    """Print a clause tree: a tick and the words where a clause holds; a cross and what comes nearest where not."""
    lines = list(_format_tree(tree, "", ""))
    for line in lines[:MAX_TREE_LINES]:
        output.print_line(line)
    if len(lines) > MAX_TREE_LINES:
        output.print_line(output.style_text(f"... {len(lines) - MAX_TREE_LINES} more lines; see --json", output.DIM))


def _list_flags(hit: StoredHit) -> list[str]:
    flags = (
        ("baseline", hit.stored.baseline),
        ("backfill", hit.hit.origin.value == "backfill"),
        ("edited", hit.stored.version > 1),
        (hit.label or "", bool(hit.label)),
        ("by meaning", hit.hit.found_by.value == "meaning"),
        ("weak", hit.is_weak),
    )
    return [flag for flag, is_set in flags if is_set]


def _format_tree(tree: ClauseView, indent: str, child_indent: str) -> Iterator[str]:
    yield indent + _format_clause(tree, len(indent))
    for number, child in enumerate(tree.children):
        is_last = number == len(tree.children) - 1 and not tree.omitted
        branch, below = ("└─ ", "   ") if is_last else ("├─ ", "│  ")
        yield from _format_tree(child, child_indent + branch, child_indent + below)
    if tree.omitted and (tree.children or not tree.text.startswith("@")):
        state = "that do not hold" if tree.matched else "not found"
        yield child_indent + output.style_text(f"└─ {tree.omitted} more {state}", output.DIM)


def _format_clause(tree: ClauseView, used: int) -> str:
    """Return a clause with its words; `used` columns stand before it."""
    room = max(output.MIN_FLEXIBLE_COLUMNS, min(MAX_CLAUSE_LENGTH, output.get_width() - used - 6))
    mark = output.style_text("✓", output.GREEN) if tree.matched else output.style_text("✗", output.RED)
    if tree.excluded:
        # An exclusion is good where it finds nothing.
        mark = output.style_text("✗ NOT", output.RED) if tree.matched else output.style_text("✓ NOT", output.GREEN)
    words = [] if tree.children else list(dict.fromkeys(output.clean_text(e.text) for e in tree.evidence))
    fields = "/".join(dict.fromkeys(e.field for e in tree.evidence))
    shown = output.style_text(", ".join(words[:MAX_WORDS]), output.BOLD, output.YELLOW)
    evidence = f"  {shown} in {fields}" if words else ""
    note = "  " + output.style_text(f"({output.clean_text(tree.note)})", output.DIM) if tree.note else ""
    return f"{mark} {output.truncate(output.clean_text(tree.text), room)}{evidence}{note}"
