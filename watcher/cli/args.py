"""What commands are asked with beside their options: times, files, standard input, a configuration if there is one."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from watcher.cli.state import load_settings, state

if TYPE_CHECKING:
    from watcher.settings import Settings


def times(since: str | None, until: str | None) -> tuple[datetime | None, datetime | None]:
    """Read the two ends of a time."""
    from watcher import clock
    from watcher.app.listing import read_filters

    filters = read_filters((), clock.now(), since=since, until=until)
    return filters.since, filters.until


def read_text(name: str) -> str:
    """Read a text file, or standard input; raises UsageError where that cannot be."""
    from watcher.errors import UsageError

    try:
        raw = sys.stdin.buffer.read() if name == "-" else Path(name).read_bytes()
        return raw.decode("utf-8-sig")
    except OSError as error:
        raise UsageError(f"{name}: {(error.strerror or 'cannot be read').lower()}") from error
    except UnicodeDecodeError as error:
        raise UsageError(f"{named(name)}: no UTF-8 text (byte {error.start})") from error


def read_lines(name: str) -> Iterable[str]:
    """Read the lines of a text file: a line ends at a line feed alone, not at what Unicode calls one."""
    return read_text(name).split("\n")


def settings_if_any() -> Settings | None:
    """Read the configuration; None where there is none. Raises ConfigError where it is faulty."""
    return load_settings() if (state.folder / "watcher.yaml").exists() else None


def named(name: str) -> str:
    """Say what to call a file in a message."""
    return "standard input" if name == "-" else name
