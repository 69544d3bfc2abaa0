"""Arguments that several commands share: periods, text files, standard input, a configuration where there is one."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from watcher.cli.state import load_settings, state

if TYPE_CHECKING:
    from watcher.settings import Settings


def parse_period(since: str | None, until: str | None) -> tuple[datetime | None, datetime | None]:
    """Parse --since and --until; raises UsageError."""
    from watcher import clock
    from watcher.app import listing

    return listing.parse_period(since, until, clock.now())


def read_text(name: str) -> str:
    """Return the text of a file, or of standard input for `-`; raises UsageError where it cannot be read."""
    from watcher.errors import UsageError

    try:
        raw = sys.stdin.buffer.read() if name == "-" else Path(name).read_bytes()
        return raw.decode("utf-8-sig")
    except OSError as error:
        raise UsageError(f"{name}: {(error.strerror or 'cannot be read').lower()}") from error
    except UnicodeDecodeError as error:
        raise UsageError(f"{get_display_name(name)}: not UTF-8 text (byte {error.start})") from error


def read_lines(name: str) -> Iterable[str]:
    """Return the lines of a text file. A line ends at a line feed alone: JSON may hold U+2028."""
    return read_text(name).split("\n")


def load_settings_if_any() -> Settings | None:
    """Return the configuration, None where there is none; raises ConfigError where it is invalid."""
    return load_settings() if (state.folder / "watcher.yaml").exists() else None


def get_display_name(name: str) -> str:
    """Return what messages call a file."""
    return "standard input" if name == "-" else name
