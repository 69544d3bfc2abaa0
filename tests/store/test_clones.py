"""The databases that tests of PostgreSQL take turns with: each is as if it were just copied."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy import text

from tests import postgres
from tests.store.filled import bring, item
from watcher.store.database import Database
from watcher.store.tables import metadata


@pytest.fixture
def clones(postgres_server: postgres.Server) -> postgres.Clones:
    return postgres.Clones(postgres_server, "migrated", prefix="clone")


@pytest.fixture
def name(postgres_server: postgres.Server, clones: postgres.Clones) -> Iterator[str]:
    taken = clones.take()
    yield taken
    postgres_server.execute(f"DROP DATABASE IF EXISTS {taken} WITH (FORCE)")


def read_rows(server: postgres.Server, name: str) -> dict[str, list[str]]:
    with Database(server.url(name)) as database, database.read() as db:
        return {
            table: [str(row) for row in db.execute(text(f"SELECT * FROM {table}"))] for table in sorted(metadata.tables)
        }


def test_a_used_database_is_taken_again_as_it_was(
    postgres_server: postgres.Server, clones: postgres.Clones, name: str
) -> None:
    before = read_rows(postgres_server, name)
    ids = []
    for _turn in range(2):
        with Database(postgres_server.url(name)) as database:
            ids.append(bring(database, [item(1, "Ferry sinks"), item(2, "Storm")]).new[0].id)
            clones.give_back(name)  # while connections are still open

        assert clones.take() == name
        assert read_rows(postgres_server, name) == before
    assert ids[0] == ids[1]


@pytest.mark.parametrize(
    "change",
    [
        "DROP INDEX {index}",
        "ALTER TABLE entries ADD COLUMN more int",
        "CREATE TABLE more (id int)",
        "CREATE FUNCTION more() RETURNS int LANGUAGE sql AS 'SELECT 1'",
        "ANALYZE feeds",
    ],
)
def test_a_changed_database_is_not_taken_again(
    postgres_server: postgres.Server, clones: postgres.Clones, name: str, change: str
) -> None:
    with Database(postgres_server.url(name)) as database:
        bring(database, [item(1, "Ferry sinks")])
        with database.write() as db:
            index = db.execute(
                text("SELECT indexname FROM pg_indexes WHERE tablename = 'entries' AND indexdef NOT LIKE '%UNIQUE%'")
            )
            db.execute(text(change.format(index=index.scalars().first())))

    clones.give_back(name)

    taken = clones.take()
    postgres_server.execute(f"DROP DATABASE {taken}")
    assert taken != name
