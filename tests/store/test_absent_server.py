"""PostgreSQL that is empty, and PostgreSQL that goes away and comes back."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests import postgres
from tests.store.filled import bring, item
from watcher.errors import StorageError, StorageFault, StoreError
from watcher.store.database import Database
from watcher.store.database.maintenance import find_database_faults
from watcher.store.database.migrate import create_schema, require_current_schema
from watcher.store.entries.queries import count_entries


@pytest.fixture
def own_server() -> Iterator[postgres.Server]:
    binaries = postgres.find_binaries()
    if binaries is None:
        pytest.skip("no PostgreSQL binaries")
    running = postgres.Server(binaries)
    try:
        yield running
    finally:
        running.stop()


def test_a_server_that_stops_is_told_from_a_fault_and_used_again_when_it_is_back(own_server: postgres.Server) -> None:
    with Database(own_server.url("postgres")) as database:
        assert create_schema(database)
        bring(database, [item(1, "Harbour opens")])

        own_server.halt()
        faults = []
        for _ in range(2):
            with pytest.raises(StorageError) as refused, database.write():
                pass
            faults.append(refused.value.fault)
        own_server.start()
        bring(database, [item(1, "Harbour opens"), item(2, "Harbour closes")])

        assert faults == [StorageFault.AWAY] * 2
        with database.read() as db:
            assert count_entries(db) == 2


def test_those_who_start_at_once_on_an_empty_database_make_it_once(postgres_server: postgres.Server) -> None:
    postgres_server.execute("CREATE DATABASE fresh")

    def start(_number: int) -> tuple[str, ...]:
        with Database(postgres_server.url("fresh")) as database:
            create_schema(database)
            require_current_schema(database)
            return find_database_faults(database)

    with ThreadPoolExecutor(4) as starters:
        assert list(starters.map(start, range(4))) == [()] * 4
    postgres_server.execute("DROP DATABASE fresh")


def test_a_database_of_somebody_else_is_left(postgres_server: postgres.Server) -> None:
    postgres_server.execute("CREATE DATABASE theirs")

    with Database(postgres_server.url("theirs")) as database:
        with database.write() as db:
            db.exec_driver_sql("CREATE TABLE invoices (id integer)")
        assert not create_schema(database)
        with pytest.raises(StoreError) as refused:
            require_current_schema(database)

    assert "none of the watcher's" in str(refused.value)
    postgres_server.execute("DROP DATABASE theirs WITH (FORCE)")
