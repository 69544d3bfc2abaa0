"""Both databases reach the schema that the code expects, and say so when they have not."""

import json
import shutil
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from alembic.script import ScriptDirectory
from sqlalchemy import select, text

from tests import postgres
from tests.store import released
from tests.store.filled import NOON, bring, item
from watcher.errors import StoreError, UsageError
from watcher.match import parse_query
from watcher.store.database import Database, migrate
from watcher.store.database.maintenance import find_database_faults, get_database_stats, reindex_entries
from watcher.store.database.migrate import (
    find_migrations_folder,
    find_schema_differences,
    former_revision_path,
    get_schema_state,
    require_current_schema,
    upgrade_schema,
)
from watcher.store.digests.queries import find_digests
from watcher.store.entries.queries import load_entry_versions
from watcher.store.entries.search import search_entries
from watcher.store.feeds.mapping import get_shard
from watcher.store.hits.search import find_hits
from watcher.store.outbox.queries import find_deliveries
from watcher.store.tables import feeds, metadata


def test_migrations_make_exactly_the_tables_of_the_code(database: Database) -> None:
    with database.read() as db:
        assert find_schema_differences(db) == ()


def test_an_upgraded_database_is_current_and_a_second_upgrade_changes_nothing(database: Database) -> None:
    again = upgrade_schema(database)

    assert again.current
    require_current_schema(database)


def test_an_empty_database_is_refused_with_the_command_that_mends_it(tmp_path: Path) -> None:
    with Database(f"sqlite:///{tmp_path / 'empty.db'}") as database, pytest.raises(StoreError) as refused:
        require_current_schema(database)

    assert "watcher db upgrade" in str(refused.value)


def test_a_database_of_a_newer_watcher_is_left_alone(sqlite: Database) -> None:
    with sqlite.write() as db:
        db.execute(text("UPDATE alembic_version SET version_num = 'from-the-future'"))

    with pytest.raises(StoreError, match="newer watcher"):
        upgrade_schema(sqlite)


@pytest.fixture(params=["sqlite", "postgresql"])
def empty(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """A database without a schema."""
    if request.param == "sqlite":
        with Database(f"sqlite:///{tmp_path / 'empty.db'}") as database:
            yield database
        return
    server: postgres.Server = request.getfixturevalue("postgres_server")
    name = f"empty_{abs(hash(tmp_path))}"
    server.execute(f"CREATE DATABASE {name}")
    with Database(server.url(name)) as database:
        yield database
    server.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.mark.parametrize("release", [*sorted(file.stem for file in released.FOLDER.glob("*.json")), "today"])
def test_a_database_of_every_release_comes_forward_with_all_it_holds(empty: Database, release: str) -> None:
    kept: dict[str, Any] = (
        released.today() if release == "today" else json.loads((released.FOLDER / f"{release}.json").read_text("utf-8"))
    )
    released.load(empty, kept)

    assert upgrade_schema(empty).current

    reindex_entries(empty)
    assert find_database_faults(empty) == ()
    rows = get_database_stats(empty)["rows"]
    expected = {name: len(some) for name, some in kept["tables"].items() if name in metadata.tables}
    assert {name: rows[name] for name in expected if name != "meta"} == {
        n: c for n, c in expected.items() if n != "meta"
    }
    with empty.read() as db:
        quarrel = find_hits(db, query=parse_query('"five eyes"')).items[0]
        assert [evidence.text for evidence in quarrel.hit.evidence] == ["Five Eyes"]
        assert [each["title"] for each in load_entry_versions(db, quarrel.stored.id)] == ["Five Eyes meet in Riga"]
        assert [match.stored.entry.item.title for match in search_entries(db, parse_query("北京")).items]
        assert find_digests(db).items[0].hits == len(find_hits(db).items)
        assert find_deliveries(db).items[0].payload == "the words"
        hosts = {row.host: row.shard for row in db.execute(select(feeds.c.host, feeds.c.shard))}
        assert hosts == {host: get_shard(host) for host in hosts}
    listed = [item(1, "Five Eyes quarrel in Riga", "Ministers of the alliance."), item(9, "Forgotten weather")]
    assert bring(empty, listed, now=NOON + timedelta(days=2), matcher=released.EYES).new == ()


def test_a_sqlite_database_is_kept_beside_itself_before_its_schema_changes(sqlite: Database, tmp_path: Path) -> None:
    """As if there were a revision after the last: it is taken away again from a copy of the migrations."""
    released.fill(sqlite)
    later = tmp_path / "db"
    shutil.copytree(find_migrations_folder(), later)
    head = ScriptDirectory(str(later)).get_current_head()
    (later / "versions" / "9999_later.py").write_text(
        f"revision, down_revision, branch_labels, depends_on = '9999', {head!r}, None, None\n"
        "from alembic import op\ndef upgrade():\n    op.execute('UPDATE feeds SET title = 1')\n"
    )

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(migrate, "find_migrations_folder", lambda: later)
        assert upgrade_schema(sqlite).revision == "9999"

    assert sqlite.path is not None
    with Database(f"sqlite:///{former_revision_path(sqlite.path, str(head))}") as kept:
        assert find_database_faults(kept) == ()
    with pytest.raises(StoreError, match="newer watcher"):
        upgrade_schema(sqlite)


def test_a_migration_that_fails_leaves_the_database_as_it_was(database: Database, tmp_path: Path) -> None:
    later = tmp_path / "db"
    shutil.copytree(find_migrations_folder(), later)
    head = ScriptDirectory(str(later)).get_current_head()
    (later / "versions" / "9999_later.py").write_text(
        f"revision, down_revision, branch_labels, depends_on = '9999', {head!r}, None, None\n"
        "from alembic import op\ndef upgrade():\n    op.execute('DROP TABLE leases')\n    op.execute('nonsense')\n"
    )

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(migrate, "find_migrations_folder", lambda: later)
        with pytest.raises(StoreError):
            upgrade_schema(database)

    assert upgrade_schema(database).current
    assert find_database_faults(database) == ()


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
    with pytest.raises((StoreError, UsageError)) as refused, Database(address) as database:
        require_current_schema(database)

    assert len(str(refused.value).splitlines()) == 1


def test_a_password_is_never_shown() -> None:
    with pytest.raises(StoreError) as refused, Database("postgresql://me:s3cret@127.0.0.1:1/news") as database:
        require_current_schema(database)

    assert "s3cret" not in str(refused.value)


def test_files_are_named_after_their_revisions_in_order(sqlite: Database) -> None:
    folder = find_migrations_folder()
    scripts = ScriptDirectory(str(folder))

    revisions = [script.revision for script in scripts.walk_revisions()]

    assert sorted(revisions, reverse=True) == revisions
    assert sorted(file.name[:4] for file in (folder / "versions").glob("*.py")) == sorted(revisions)
    with sqlite.read() as db:
        assert get_schema_state(db).expected == scripts.get_current_head()
