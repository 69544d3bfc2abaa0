"""What every command shares: global options, the configuration's place, and how to open the application."""

from __future__ import annotations

import gc
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from watcher.cli.completion import complete_hosts, complete_topics

if TYPE_CHECKING:
    from watcher.app.bootstrap import App
    from watcher.settings import Settings


@dataclass(slots=True)
class State:
    """The global options as typed."""

    config: Path | None = None
    database_url: str | None = None
    quiet: bool = False
    verbose: bool = False
    color: bool = True

    @property
    def folder(self) -> Path:
        from watcher.settings.folders import config_folder

        return config_folder(str(self.config) if self.config else None, os.environ, Path.cwd())

    @property
    def environ(self) -> dict[str, str]:
        """The environment; --database-url overrides WATCHER_DATABASE_URL."""
        named = {"WATCHER_DATABASE_URL": self.database_url} if self.database_url else {}
        return {**os.environ, **named}


state = State()
SERVICE_GC_THRESHOLDS = 5_000, 10, 10
"""When the collector looks at objects in what keeps running: Python's own 700 is a tenth of what one document is read
into, none of which is garbage by then."""

Json = Annotated[bool, typer.Option("--json", help="Print one JSON document and nothing else.")]
Limit = Annotated[int, typer.Option("--limit", "-n", min=1, max=1000, help="The most to list.")]
Cursor = Annotated[str | None, typer.Option("--cursor", help="Continue after the last page (`next_cursor`).")]
Topics = Annotated[
    list[str] | None,
    typer.Option("--topic", "-t", help="Only this topic; may be repeated.", autocompletion=complete_topics),
]
Sources = Annotated[
    list[str] | None,
    typer.Option(
        "--source",
        "-s",
        help="Only this feed: its address, name or host; may be repeated.",
        autocompletion=complete_hosts,
    ),
]
Since = Annotated[
    str | None, typer.Option("--since", metavar="T", help="From this time on: 7d, 36h, 2026-11-01, yesterday.")
]
Until = Annotated[str | None, typer.Option("--until", metavar="T", help="Before this time.")]
Languages = Annotated[list[str] | None, typer.Option("--language", help="Only this language; may be repeated.")]


def load_settings() -> Settings:
    """Return the chosen configuration; absent secrets are no error. Raises ConfigError."""
    from watcher.settings import load

    return load(state.folder, state.environ, secrets_needed=False)


@contextmanager
def open_application(
    *, sync: bool = False, queries: bool = True, starting: bool = False, secrets: Iterable[str] | None = ()
) -> Iterator[App]:
    """Open the application on the chosen configuration, and close it after.

    `sync` stores what is configured; a command that compiles no topic opens, and syncs, without `queries`. `starting`
    creates the schema of an empty database. `secrets` names the sections of the configuration whose secrets are needed
    (None: all).
    """
    from watcher import clock
    from watcher.app.bootstrap import open_app

    app = open_app(
        state.folder,
        state.environ,
        database_url=state.database_url,
        queries=queries,
        starting=starting,
        secrets=secrets,
    )
    try:
        # The url that a feed is known by may depend on its secrets.
        if sync and "feeds" not in app.settings.missing_secrets:
            app.sync(clock.now(), topics=queries)
        if starting:
            gc.freeze()  # what was imported lives as long as the process: the collector need not look at it again
            gc.set_threshold(*SERVICE_GC_THRESHOLDS)
        yield app
    finally:
        app.close()
