"""Escapes outside text, so that it has no effect in Markdown (CommonMark)."""

from __future__ import annotations

import re

from watcher.digest.format_helpers import one_line

_MARKDOWN = re.compile(r"([\\`*_{}\[\]<>#|~!&])")
_LINE_START = re.compile(r"^(\d{1,9})([.)])|^([-+=:])")


def escape_markdown(text: str, *, keep_blanks: bool = False) -> str:
    """Return outside text on one line without effect in Markdown; `keep_blanks` keeps one blank at each end."""
    line = one_line(text)
    if keep_blanks and line:
        line = (" " if text[:1].isspace() else "") + line + (" " if text[-1:].isspace() else "")
    line = _MARKDOWN.sub(r"\\\1", line or (" " if text and keep_blanks else ""))
    return escape_line_start(line)


def escape_line_start(line: str) -> str:
    """Escape what would make a line an item of a list, a rule or a heading."""
    return _LINE_START.sub(lambda match: f"{match[1]}\\{match[2]}" if match[1] else f"\\{match[3]}", line)


def format_markdown_link(text: str, url: str | None) -> str:
    """Return escaped text as a link; as it is where there is no address."""
    address = re.sub(r"[\s<>\\]", lambda match: f"%{ord(match[0]):02X}", url or "")
    return f"[{text}](<{address}>)" if address else text
