"""Prints: JSON, tables, marked words. Nothing that a feed wrote reaches a terminal as a control character."""

from __future__ import annotations

import json
import os
import shutil
import sys
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from watcher.cli.state import state
from watcher.text.lines import one_line

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

BOLD, DIM, YELLOW, RED, GREEN, RESET = "\x1b[1m", "\x1b[2m", "\x1b[33m", "\x1b[31m", "\x1b[32m", "\x1b[0m"


def put(said: str = "") -> None:
    """Print a line."""
    sys.stdout.write(said + "\n")


def put_json(said: Any) -> None:
    """Print one JSON document."""
    sys.stdout.write(json.dumps(said, ensure_ascii=False, indent=2) + "\n")


def counted(number: int, one: str, many: str = "") -> str:
    """Write a number with its noun: `1 item`, `3 items`."""
    return f"{number} {one if number == 1 else many or one + 's'}"


def note(said: str) -> None:
    """Say something to the person, not to the pipe; silent with --quiet."""
    if not state.quiet:
        sys.stderr.write(said + "\n")


def colored() -> bool:
    """Tell whether colours are wanted and seen."""
    return state.color and "NO_COLOR" not in os.environ and os.environ.get("TERM") != "dumb" and sys.stdout.isatty()


def style(said: str, *codes: str) -> str:
    """Put a style around words, if colours are on."""
    return f"{''.join(codes)}{said}{RESET}" if codes and colored() else said


def clean(said: str) -> str:
    """Give outside words on one line without control characters or marks that turn the direction of writing."""
    return one_line(said, gap="")


def marked(pieces: Iterable[tuple[str, bool]]) -> str:
    """Show stretches of text, evidence in bold yellow; between angle marks where there is no colour."""
    if colored():
        return "".join(style(_inside(text), BOLD, YELLOW) if hit else _inside(text) for text, hit in pieces)
    return "".join(f"«{_inside(text)}»" if hit else _inside(text) for text, hit in pieces)


def width() -> int:
    """Give the width of the terminal."""
    return shutil.get_terminal_size((100, 24)).columns


def cells(said: str) -> int:
    """Count the columns that a text takes: wide characters two, combining ones none."""
    return sum(0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in said)


def cut(said: str, columns: int) -> str:
    """Shorten a text to so many columns."""
    if cells(said) <= columns:
        return said
    kept = ""
    for c in said:
        if cells(kept + c) > columns - 1:
            break
        kept += c
    return kept + "…"


def table(head: Sequence[str], rows: Sequence[Sequence[str]], *, flexible: int = -1) -> None:
    """Print a table; the column `flexible` gives way where the terminal is too narrow."""
    if not rows:
        return
    flexible %= len(head)
    shown = [[clean(cell) for cell in row] for row in rows]
    widths = [max([cells(head[n]), *(cells(row[n]) for row in shown)]) for n in range(len(head))]
    rest = sum(widths) - widths[flexible] + 2 * (len(head) - 1)
    if sys.stdout.isatty():
        widths[flexible] = max(20, min(widths[flexible], width() - rest))
    put(style("  ".join(_padded(cell, widths[n]) for n, cell in enumerate(head)).rstrip(), DIM))
    for row in shown:
        cells_ = [_padded(cut(cell, widths[n]), widths[n]) for n, cell in enumerate(row)]
        put("  ".join(cells_).rstrip())


def _padded(said: str, columns: int) -> str:
    return said + " " * max(0, columns - cells(said))


def _inside(said: str) -> str:
    """Clean a piece of a line without losing the blanks at its ends."""
    return "".join(" " if c.isspace() else "" if unicodedata.category(c) in {"Cc", "Cf", "Cs"} else c for c in said)


@contextmanager
def progress(what: str, total: int | None = None) -> Iterator[Callable[[], None]]:
    """Show how far long work is, to a person at a terminal and nobody else; gives what to call after each step."""
    with _shown(what, total) as shown:
        yield (lambda: None) if shown is None else lambda: shown[0].advance(shown[1])


@contextmanager
def measured(what: str) -> Iterator[Callable[[int, int], None]]:
    """Show long work like `progress`; gives what to tell how much is done, and of how much."""
    with _shown(what, None) as shown:
        yield (
            (lambda _done, _total: None)
            if shown is None
            else (lambda done, total: shown[0].update(shown[1], completed=done, total=total))
        )


@contextmanager
def _shown(what: str, total: int | None) -> Iterator[tuple[Progress, TaskID] | None]:
    if state.quiet or not sys.stderr.isatty() or os.environ.get("TERM") == "dumb":
        yield None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    console = Console(stderr=True, no_color=not state.color or "NO_COLOR" in os.environ)
    columns = TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn()
    with Progress(*columns, console=console, transient=True) as shown:
        yield shown, shown.add_task(what, total=total)
