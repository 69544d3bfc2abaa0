"""Prints JSON, tables and marked text. Nothing that a feed wrote reaches a terminal as a control character."""

from __future__ import annotations

import json
import os
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
"""A table's flexible column is never narrower, even on a narrow terminal."""


def print_line(text: str = "") -> None:
    """Write a line to stdout."""
    sys.stdout.write(text + "\n")


def print_json(document: Mapping[str, Any]) -> None:
    """Write one JSON document to stdout."""
    sys.stdout.write(json.dumps(document, ensure_ascii=False, indent=2) + "\n")


def print_note(text: str) -> None:
    """Write a line for people to stderr; nothing with --quiet."""
    if not state.quiet:
        sys.stderr.write(text + "\n")


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
    """Return the columns that a text takes: wide characters two, combining ones none."""
    return sum(0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)


def truncate(text: str, columns: int) -> str:
    """Return a text shortened to so many columns."""
    if count_columns(text) <= columns:
        return text
    kept = ""
    for c in text:
        if count_columns(kept + c) > columns - 1:
            break
        kept += c
    return kept + "…"


def print_table(head: Sequence[str], rows: Sequence[Sequence[str]], *, flexible: int = -1) -> None:
    """Print a table; the column `flexible` is cut where the terminal is too narrow."""
    if not rows:
        return
    flexible %= len(head)
    shown = [[clean_text(cell) for cell in row] for row in rows]
    widths = [max([count_columns(head[n]), *(count_columns(row[n]) for row in shown)]) for n in range(len(head))]
    rest = sum(widths) - widths[flexible] + 2 * (len(head) - 1)
    if sys.stdout.isatty():
        widths[flexible] = max(MIN_FLEXIBLE_COLUMNS, min(widths[flexible], get_width() - rest))
    print_line(style_text("  ".join(_pad(cell, widths[n]) for n, cell in enumerate(head)).rstrip(), DIM))
    for row in shown:
        print_line("  ".join(_pad(truncate(cell, widths[n]), widths[n]) for n, cell in enumerate(row)).rstrip())


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


def _pad(text: str, columns: int) -> str:
    return text + " " * max(0, columns - count_columns(text))


def _clean_piece(text: str) -> str:
    """Return a piece of a line without control characters; blanks at its ends stay."""
    return "".join(" " if c.isspace() else "" if unicodedata.category(c) in {"Cc", "Cf", "Cs"} else c for c in text)
