"""Many values in one parameter: found by the index, not by reading the table."""

from __future__ import annotations

import pytest
from sqlalchemy import bindparam, select, text
from sqlalchemy.dialects import sqlite as dialect

from watcher.store.database import Database
from watcher.store.sql.bulk import any_of
from watcher.store.sql.types import IDS, TEXTS
from watcher.store.tables import entries, feeds, hits


@pytest.mark.parametrize(
    "asked",
    [
        pytest.param(any_of(entries.c.id, bindparam("some", type_=IDS)), id="entries by id"),
        pytest.param(any_of(hits.c.entry_id, bindparam("some", type_=IDS)), id="hits by entry"),
        pytest.param(any_of(feeds.c.url, bindparam("some", type_=TEXTS)), id="feeds by address"),
    ],
)
def test_many_values_are_looked_up_in_an_index(sqlite: Database, asked: any_of) -> None:
    statement = select(*asked.clauses.clauses[0].table.primary_key).where(asked, asked)
    compiled = str(statement.compile(dialect=dialect.dialect()))

    with sqlite.read() as db:
        plan = " ".join(row.detail for row in db.execute(text(f"EXPLAIN QUERY PLAN {compiled}".replace("?", "'[1]'"))))

    table = asked.clauses.clauses[0].table.name
    assert f"SEARCH {table}" in plan
    assert f"SCAN {table}" not in plan
