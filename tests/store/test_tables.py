"""Tables that are made when they are asked for: the metadata still has all, and each can be asked about alone."""

from __future__ import annotations

import subprocess
import sys

import pytest

from watcher.store import tables

NAMES = sorted(set(tables.__all__) - {"metadata"})
ALONE = """
import sys
from sqlalchemy import func, insert, select
from watcher.store import tables
table = getattr(tables, sys.argv[1])
assert table.name == sys.argv[1], table.name
for statement in (select(table), select(func.count()).select_from(table), insert(table), table.delete()):
    statement.compile()
print(sorted(table.metadata.tables))
"""


def test_metadata_has_every_table() -> None:
    assert set(tables.metadata.tables) == {getattr(tables, name).name for name in NAMES}


def test_metadata_asked_for_first_has_every_table() -> None:
    script = "from watcher.store.tables import metadata; print(*sorted(metadata.tables))"

    ended = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=60)

    assert ended.stdout.split() == sorted(tables.metadata.tables)


@pytest.mark.parametrize("name", ["hits", "entries", "outbox", "judgements", "note_mentions", "sessions"])
def test_table_is_asked_about_without_the_tables_that_it_refers_to(name: str) -> None:
    ended = subprocess.run([sys.executable, "-c", ALONE, name], capture_output=True, text=True, check=False, timeout=60)

    assert ended.returncode == 0, ended.stderr
    assert ended.stdout.count(",") + 1 < len(NAMES)


def test_name_that_is_no_table_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = tables.nothing  # type: ignore[attr-defined]
