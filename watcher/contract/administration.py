"""What `watcher db`, `init` and `check` print."""

from __future__ import annotations

from typing import NotRequired

from typing_extensions import TypedDict

SchemaUpgrade = TypedDict("SchemaUpgrade", {"database": str, "from": str | None, "to": str | None, "kept": str | None})
"""The schema before and after `db upgrade`; `kept` is the copy of the file as it was."""


class DatabaseCheck(TypedDict):
    """What `db check` found wrong, and what it repaired."""

    database: str
    ok: bool
    faults: list[str]
    mended: list[str]


class BackupFile(TypedDict):
    """The file that `db backup` wrote."""

    file: str
    bytes: int


class CopiedRows(TypedDict):
    """The rows that `db restore` or `db copy` wrote, by table."""

    database: str
    rows: dict[str, int]


class DatabaseStats(TypedDict):
    """The database's size, and the rows of each table."""

    database: str
    engine: str
    revision: str | None
    analyser: int
    bytes: int
    rows: dict[str, int]


class PrunedRows(TypedDict):
    """The rows that `db prune` deleted, and the bytes that it gave back."""

    entries: int
    hits: int
    polls: int
    payloads: int
    tombstones: int
    freed_bytes: int


class NewToken(TypedDict):
    """The token that `token` made: itself, or the file that holds it; the other is null."""

    token: str | None
    file: str | None


class StarterFiles(TypedDict):
    """The files that `init` wrote."""

    folder: str
    files: list[str]


class ConfigurationFault(TypedDict):
    """An error in a configuration file; `line` and `column` count from 1."""

    file: str
    line: int
    column: int
    message: str


class TriedFeed(TypedDict):
    """A feed that `check --live` fetched once; nothing of it is stored."""

    feed: str
    ok: bool
    kind: str
    message: str
    title: str
    items: int
    newest_at: str | None
    moved_to: str | None


class ConfigurationCheck(TypedDict):
    """What `check` found; counts are there where the configuration is valid, `tried` with `--live`."""

    ok: bool
    faults: list[ConfigurationFault]
    notes: NotRequired[list[str]]
    feeds: NotRequired[int]
    topics: NotRequired[int]
    digests: NotRequired[int]
    channels: NotRequired[int]
    tried: NotRequired[list[TriedFeed]]
