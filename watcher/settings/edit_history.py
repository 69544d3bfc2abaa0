"""The last versions of the configuration files, kept in the state folder for undo: who changed what, and when."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from watcher import private
from watcher.errors import NotFoundError

FOLDER = "configuration-history"
MAX_VERSIONS = 100
"""Edits that are kept; each holds the files that it changed, as they were before."""
MAX_HISTORY_BYTES = 64 * 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """Through which entry point an edit came (`page`, `api`, `command`, `setup`), and when (aware UTC)."""

    by: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """One edit of the configuration: a sentence about it, and the files that it changed.

    `before` holds the text of each file as it was, None where there was none, and `after_tags` what `make_file_tag`
    returns of what was written. Texts may hold secrets that were written into the files by hand.
    """

    number: int
    at: datetime
    by: str
    summary: str
    before: Mapping[str, str | None] = field(repr=False)
    after_tags: Mapping[str, str]

    @property
    def files(self) -> tuple[str, ...]:
        """The names of the files that were changed."""
        return tuple(self.before)


def make_file_tag(text: str | None) -> str:
    """Return a tag that changes with the text of a file; empty where there is no file."""
    return "" if text is None else hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()


def add_version(
    state: Path, origin: Origin, summary: str, before: Mapping[str, str | None], after: Mapping[str, str]
) -> Version:
    """Keep what an edit changes, and forget the oldest beyond the bounds. Raises OSError."""
    folder = state / FOLDER
    private.make_folder(folder)
    paths = _list_paths(state)
    version = Version(
        number=_get_number(paths[-1]) + 1 if paths else 1,
        at=origin.at,
        by=origin.by,
        summary=summary,
        before=dict(before),
        after_tags={name: make_file_tag(text) for name, text in after.items()},
    )
    document = {
        "number": version.number,
        "at": version.at.isoformat(),
        "by": version.by,
        "summary": version.summary,
        "before": version.before,
        "after_tags": version.after_tags,
    }
    private.write_file(folder / f"{version.number:08}.version", json.dumps(document, ensure_ascii=False))
    _prune(_list_paths(state))
    return version


def remove_version(state: Path, number: int) -> None:
    """Forget an edit that was not written after all."""
    (state / FOLDER / f"{number:08}.version").unlink(missing_ok=True)


def list_versions(state: Path, limit: int = MAX_VERSIONS) -> tuple[Version, ...]:
    """Return the edits that are kept, the newest first. Raises OSError."""
    read = (_read(path) for path in reversed(_list_paths(state)[-limit:]))
    return tuple(version for version in read if version is not None)


def load_version(state: Path, number: int) -> Version:
    """Return an edit by its number; raises NotFoundError where it is not kept."""
    path = state / FOLDER / f"{number:08}.version"
    version = _read(path) if path.is_file() else None
    if version is None:
        raise NotFoundError("version", str(number))
    return version


def _read(path: Path) -> Version | None:
    try:
        document = json.loads(path.read_text("utf-8"))
        return Version(
            number=int(document["number"]),
            at=datetime.fromisoformat(document["at"]),
            by=str(document["by"]),
            summary=str(document["summary"]),
            before=dict(document["before"]),
            after_tags=dict(document["after_tags"]),
        )
    except (ValueError, KeyError, TypeError, FileNotFoundError):
        return None  # cut by a full disk, or pruned meanwhile


def _list_paths(state: Path) -> list[Path]:
    return sorted((state / FOLDER).glob("[0-9]*.version"))


def _get_number(path: Path) -> int:
    return int(path.stem)


def _prune(paths: list[Path]) -> None:
    """Delete the oldest versions beyond the bounds; the latest always stays."""
    kept = 0
    for age, path in enumerate(reversed(paths)):
        kept += path.stat().st_size
        if age and (age >= MAX_VERSIONS or kept > MAX_HISTORY_BYTES):
            path.unlink(missing_ok=True)
