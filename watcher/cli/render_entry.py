"""Shows entries and clause trees to a person."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from watcher.cli import output

if TYPE_CHECKING:
    from watcher.model.entry import StoredEntry
    from watcher.model.topic import Evidence
    from watcher.topics.query_test import ClauseView

MOST_LINES = 400


def show_entry(stored: StoredEntry, evidence: Sequence[Evidence], *, named: bool = True) -> None:
    """Show an entry with its evidence marked: headline, where it is from, and the words around the evidence."""
    from watcher.digest.evidence import cut_snippet, split_by_evidence

    item = stored.entry.item
    output.put(output.marked(split_by_evidence(item.title, "title", evidence)))
    if named:
        said = [f"entry {stored.id}", output.clean(stored.entry.source), f"{stored.first_seen_at:%Y-%m-%d %H:%M}Z"]
        output.put("  " + output.style(" · ".join(said), output.DIM))
    spoken = {each.field for each in evidence}
    in_content = item.content and (not item.summary or ("content" in spoken and "summary" not in spoken))
    field, text = ("content", item.content) if in_content else ("summary", item.summary)
    if text:
        output.put("  " + output.marked(cut_snippet(text, field, evidence, 240)))


def show_tree(tree: ClauseView) -> None:
    """Show a clause tree: a tick where a clause holds, the words beside it, a cross and the nearest thing where not."""
    lines = list(_lines(tree, "", ""))
    for line in lines[:MOST_LINES]:
        output.put(line)
    if len(lines) > MOST_LINES:
        output.put(output.style(f"... {len(lines) - MOST_LINES} more lines; --json gives all", output.DIM))


def _lines(tree: ClauseView, here: str, below: str) -> Iterator[str]:
    yield here + _line(tree)
    rest = [*tree.children]
    for number, child in enumerate(rest):
        last = number == len(rest) - 1 and not tree.omitted
        yield from _lines(child, below + ("└─ " if last else "├─ "), below + ("   " if last else "│  "))
    if tree.omitted and (rest or not tree.text.startswith("@")):
        held = "that do not hold" if tree.matched else "not there"
        yield below + output.style(f"└─ {tree.omitted} more {held}", output.DIM)


def _line(tree: ClauseView) -> str:
    mark = output.style("✓", output.GREEN) if tree.matched else output.style("✗", output.RED)
    if tree.excluded:
        mark = output.style("✗ NOT", output.RED) if tree.matched else output.style("✓ NOT", output.GREEN)
    words = list(dict.fromkeys(output.clean(piece.text) for piece in tree.evidence)) if not tree.children else []
    fields = "/".join(dict.fromkeys(piece.field for piece in tree.evidence))
    found = "  " + output.style(", ".join(words[:6]), output.BOLD, output.YELLOW) + f" in {fields}" if words else ""
    note = "  " + output.style(f"({output.clean(tree.note)})", output.DIM) if tree.note else ""
    return f"{mark} {output.cut(output.clean(tree.text), 110)}{found}{note}"
