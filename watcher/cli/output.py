"""Prints JSON, tables and marked text. Nothing that a feed wrote reaches a terminal as a control character."""

from __future__ import annotations

import json
import os
import re
import shutil
import sys
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from watcher.cli.state import state

if TYPE_CHECKING:
    from datetime import datetime

    from rich.progress import Progress, TaskID

BOLD, DIM, YELLOW, RED, GREEN, RESET = "\x1b[1m", "\x1b[2m", "\x1b[33m", "\x1b[31m", "\x1b[32m", "\x1b[0m"
MIN_FLEXIBLE_COLUMNS = 20
"""A table's flexible column is cut to no less before the others are."""
MIN_COLUMNS = 8
"""No column of a table is cut to less, however narrow the terminal."""
_CODE = re.compile(r"\x1b\[[0-9;]*m")


def print_line(text: str = "") -> None:
    """Write a line to stdout; on a terminal it is wrapped at spaces, with what follows indented."""
    if sys.stdout.isatty():
        text = "\n".join(piece for line in text.split("\n") for piece in wrap_line(line, get_width()))
    sys.stdout.write(text + "\n")


def print_document(text: str) -> None:
    """Write the text of a document, which is read by programs or copied: it is never wrapped."""
    sys.stdout.write(text + "\n")


def print_json(document: Mapping[str, Any]) -> None:
    """Write one JSON document to stdout."""
    sys.stdout.write(json.dumps(document, ensure_ascii=False, indent=2) + "\n")


def print_note(text: str) -> None:
    """Write a line for people to stderr; nothing with --quiet."""
    if not state.quiet:
        lines = wrap_line(text, get_width()) if sys.stderr.isatty() else [text]
        sys.stderr.write("\n".join(lines) + "\n")


def format_count(number: int, singular: str, plural: str = "") -> str:
    """Return a number with its noun: `1 item`, `3 items`."""
    return f"{number} {singular if number == 1 else plural or singular + 's'}"


def use_color() -> bool:
    """Return whether colours are wanted and can be seen."""
    return state.color and "NO_COLOR" not in os.environ and os.environ.get("TERM") != "dumb" and sys.stdout.isatty()


def style_text(text: str, *codes: str) -> str:
    """Return text between style codes, plain where colours are off."""
    return f"{''.join(codes)}{text}{RESET}" if codes and use_color() else text


def clean_text(text: str) -> str:
    """Return outside text on one line, without control characters and marks that change the writing direction."""
    kept = (" " if c.isspace() else "" if unicodedata.category(c) in {"Cc", "Cf", "Cs", "Co"} else c for c in text)
    return " ".join("".join(kept).split())


def format_time(moment: datetime | None) -> str:
    """Return a moment in UTC to the minute; empty for None."""
    return f"{moment:%Y-%m-%d %H:%M}Z" if moment else ""


def format_short_time(moment: datetime | None) -> str:
    """Return a moment in UTC to the minute without its year, for columns; empty for None."""
    return f"{moment:%d %b %H:%M}Z" if moment else ""


def mark_evidence(pieces: Iterable[tuple[str, bool]]) -> str:
    """Return stretches of text with the evidence in bold yellow; between angle marks where colours are off."""
    if use_color():
        return "".join(
            style_text(_clean_piece(text), BOLD, YELLOW) if hit else _clean_piece(text) for text, hit in pieces
        )
    return "".join(f"«{_clean_piece(text)}»" if hit else _clean_piece(text) for text, hit in pieces)


def get_width() -> int:
    """Return the width of the terminal in columns."""
    return shutil.get_terminal_size((100, 24)).columns


def count_columns(text: str) -> int:
    """Return the columns that a text takes: wide characters two, combining ones and style codes none."""
    text = _CODE.sub("", text)
    return sum(0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)


def truncate(text: str, columns: int) -> str:
    """Return a text shortened to so many columns."""
    return text if count_columns(text) <= columns else _cut(text, columns - 1) + "…"


def wrap_line(text: str, width: int) -> list[str]:
    """Return a line in pieces of at most so many columns, broken at spaces; the later ones are indented by two more.

    A word that is longer than a line is broken where the line ends, and an address is left whole.
    """
    if count_columns(text) <= width:
        return [text]
    indent = " " * min(len(text) - len(text.lstrip(" ")) + 2, width // 2)
    pieces, line = [], text[: len(text) - len(text.lstrip(" "))]
    is_empty = True
    for gap, word in re.findall(r"( *)([^ ]+)", text.lstrip(" ")):
        if not is_empty and count_columns(line + gap + word) > width:
            pieces.append(line)
            line, gap, is_empty = indent, "", True
        line, is_empty = line + gap + word, False
        while count_columns(line) > width and "://" not in line:
            start = _cut(line, width)
            pieces.append(start)
            line = indent + line[len(start) :]
    return [*pieces, line]


def print_table(
    head: Sequence[str], rows: Sequence[Sequence[str]], *, flexible: int = -1, optional: int | None = None
) -> None:
    """Print a table that fits the terminal: the column `flexible` is cut first, then the widest ones.

    Where the terminal is too narrow for all, the column `optional` is left out.
    """
    if not rows:
        return
    # A terminal that is wide enough cuts nothing; else a column goes, then columns shrink.
    kept = list(range(len(head)))
    flexible %= len(head)
    shown = [[clean_text(cell) for cell in row] for row in rows]
    widths = [max([count_columns(head[n]), *(count_columns(row[n]) for row in shown)]) for n in kept]
    if sys.stdout.isatty():
        spare = get_width() - sum(widths) - 2 * (len(kept) - 1)
        if optional is not None and spare < 0 and widths[optional] + spare < MIN_FLEXIBLE_COLUMNS:
            kept.remove(optional)
            flexible, spare = kept[-1] if flexible == optional else flexible, spare + widths[optional] + 2
        _shrink(widths, kept, flexible, -spare)
    print_line(style_text("  ".join(_pad(head[n], widths[n]) for n in kept).rstrip(), DIM))
    for row in shown:
        print_line("  ".join(_pad(truncate(row[n], widths[n]), widths[n]) for n in kept).rstrip())


def _shrink(widths: list[int], kept: Sequence[int], flexible: int, excess: int) -> None:
    """Take columns off a table's widths until so many are saved, or nothing more can be cut."""
    if excess <= 0:
        return
    cut = max(0, min(excess, widths[flexible] - MIN_FLEXIBLE_COLUMNS))
    widths[flexible] -= cut
    for _column in range(excess - cut):
        widest = max(kept, key=lambda n: widths[n])
        if widths[widest] <= MIN_COLUMNS:
            return
        widths[widest] -= 1


@contextmanager
def show_steps(description: str, total: int | None = None) -> Iterator[Callable[[], None]]:
    """Show the progress of long work on a terminal; yields what to call after each step."""
    with _open_progress(description, total) as shown:
        yield (lambda: None) if shown is None else lambda: shown[0].advance(shown[1])


@contextmanager
def show_progress(description: str) -> Iterator[Callable[[int, int], None]]:
    """Show the progress of long work on a terminal; yields what to call with (done, total)."""
    with _open_progress(description, None) as shown:
        yield (
            (lambda _done, _total: None)
            if shown is None
            else (lambda done, total: shown[0].update(shown[1], completed=done, total=total))
        )


@contextmanager
def _open_progress(description: str, total: int | None) -> Iterator[tuple[Progress, TaskID] | None]:
    if state.quiet or not sys.stderr.isatty() or os.environ.get("TERM") == "dumb":
        yield None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    console = Console(stderr=True, no_color=not state.color or "NO_COLOR" in os.environ)
    columns = TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn()
    with Progress(*columns, console=console, transient=True) as shown:
        yield shown, shown.add_task(description, total=total)


def _cut(text: str, columns: int) -> str:
    """Return the beginning of a text that fits so many columns; style codes stay whole, and take none."""
    used = 0
    for piece in re.finditer(r"\x1b\[[0-9;]*m|.", text, re.DOTALL):
        used += count_columns(piece[0])
        if used > columns:
            return text[: piece.start()]
    return text


def _pad(text: str, columns: int) -> str:
    return text + " " * max(0, columns - count_columns(text))


def _clean_piece(text: str) -> str:
    """Return a piece of a line without control characters; blanks at its ends stay."""
    return "".join(" " if c.isspace() else "" if unicodedata.category(c) in {"Cc", "Cf", "Cs"} else c for c in text)
