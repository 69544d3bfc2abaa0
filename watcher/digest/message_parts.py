"""Splits a digest's Markdown into messages of limited length, between stories where it can."""

from __future__ import annotations

import re
from collections.abc import Iterator

MAX_PARTS = 5
"""A digest comes in so many messages at most; what does not fit is counted, with a link."""
_BLOCK = re.compile(r"\n(?=- |#{1,3} |---$|> )", re.MULTILINE)


def split_markdown(text: str, limit: int, link: str | None = None) -> tuple[str, ...]:
    """Return the parts of a text, each of at most `limit` UTF-16 units; the last counts the stories left out."""
    blocks = [piece for block in _BLOCK.split(text.strip()) for piece in _split_block(block, limit)]
    parts: list[str] = []
    left_out: list[str] = []
    for block in blocks:
        joined = f"{parts[-1]}\n{block}" if parts else block
        if left_out:
            left_out.append(block)
        elif parts and count_utf16_units(joined) <= limit:
            parts[-1] = joined
        elif len(parts) < MAX_PARTS:
            parts.append(block)
        else:
            left_out.append(block)
    if left_out:
        parts[-1] = _add_count(parts[-1], left_out, limit, link)
    return tuple(parts)


def count_utf16_units(text: str) -> int:
    """Return a text's length in UTF-16 units."""
    return len(text.encode("utf-16-le")) // 2


def cut_text(text: str, limit: int) -> str:
    """Return a text of at most `limit` UTF-16 units, with an ellipsis where something is missing."""
    if count_utf16_units(text) <= limit:
        return text
    kept = text[: max(0, limit - 1)]
    while count_utf16_units(kept) > limit - 1:
        kept = kept[: len(kept) - max(1, count_utf16_units(kept) - limit + 1)]
    return kept.rstrip() + "…"


def _split_block(block: str, limit: int) -> Iterator[str]:
    """Return a block, or its lines where it is longer than a message; a longer line is split at a blank."""
    if count_utf16_units(block) <= limit:
        yield block
        return
    for line in block.split("\n"):
        while count_utf16_units(line) > limit:
            # Half of the limit in characters is at most the limit in UTF-16 units, whatever the script.
            end = line.rfind(" ", 0, limit // 2)
            end = end if end > limit // 8 else limit // 2
            yield line[:end]
            line = line[end:].lstrip()
        if line:
            yield line


def _add_count(last: str, left_out: list[str], limit: int, link: str | None) -> str:
    """Return the last part with a count of the stories that are left out, shortened by lines where it has to be."""
    stories = sum(block.startswith("- **") for block in left_out)
    count = f"{stories} more {'story' if stories == 1 else 'stories'}" if stories else "The rest was left out"
    note = f"[{count}]({link})" if link else f"{count}; the whole digest is on the watcher's page"
    lines = last.split("\n")
    while lines and count_utf16_units("\n".join([*lines, "", note])) > limit:
        lines.pop()
    return "\n".join([*lines, "", note]) if lines else cut_text(note, limit)
