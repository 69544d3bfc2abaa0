"""Both databases reach the schema that the code expects, and say so when they have not."""

from pathlib import Path

import pytest
from sqlalchemy import text

from watcher.errors import StoreError
from watcher.store import migrate
from watcher.store.engine import Database


def test_migrations_make_exactly_the_tables_of_the_code(database: Database) -> None:
    with database.read() as db:
        assert migrate.differences(db) == ()


def test_an_upgraded_database_is_current_and_a_second_upgrade_changes_nothing(database: Database) -> None:
    again = migrate.upgrade(database)

    assert again.current
    migrate.require_current(database)


def test_an_empty_database_is_refused_with_the_command_that_mends_it(tmp_path: Path) -> None:
    with Database(f"sqlite:///{tmp_path / 'empty.db'}") as database, pytest.raises(StoreError) as refused:
        migrate.require_current(database)

    assert "watcher db upgrade" in str(refused.value)


def test_a_database_of_a_newer_watcher_is_left_alone(sqlite: Database) -> None:
    with sqlite.write() as db:
        db.execute(text("UPDATE alembic_version SET version_num = 'from-the-future'"))

    with pytest.raises(StoreError, match="newer watcher"):
        migrate.upgrade(sqlite)


@pytest.mark.parametrize(
    "address",
    [
        pytest.param("sqlite:///:memory:", id="memory"),
        pytest.param("mysql://root@localhost/news", id="another kind"),
        pytest.param("postgresql://nobody@127.0.0.1:1/news", id="nobody answers"),
        pytest.param("sqlite:////proc/nowhere/watcher.db", id="a folder that cannot be made"),
        pytest.param("postgresql://[::1", id="no address at all"),
    ],
)
def test_an_unusable_address_is_one_clear_line(address: str) -> None:
    with pytest.raises(StoreError) as refused, Database(address) as database:
        migrate.require_current(database)

    assert len(str(refused.value).splitlines()) == 1


def test_a_password_is_never_shown() -> None:
    with pytest.raises(StoreError) as refused, Database("postgresql://me:s3cret@127.0.0.1:1/news") as database:
        migrate.require_current(database)

    assert "s3cret" not in str(refused.value)
