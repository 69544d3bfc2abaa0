"""db: upgrade, check, back up, restore, prune, measure and move the database."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from watcher.cli import output
from watcher.cli.state import Json, load_settings, state

if TYPE_CHECKING:
    from watcher.store.database import Database

app = typer.Typer(rich_markup_mode=None, no_args_is_help=True)


@app.callback()
def group() -> None:
    """Upgrade, check, back up, restore, prune, measure and move the database."""


@app.command(epilog="Example:\n\n  watcher db upgrade --database-url postgresql://watcher@db.example/watcher")
def upgrade(as_json: Json = False) -> None:
    """Bring the schema to this version's; making it where there is none.

    A SQLite database is copied beside itself first, and the copy kept. What a configured engine keeps there follows.
    """
    from watcher.engine import create_engine_tables
    from watcher.store.database.migrate import former_revision_path, get_schema_state, upgrade_schema

    settings = _settings()
    with _database(must_exist=False) as database:
        with database.read() as db:
            before = get_schema_state(db).revision
        after = upgrade_schema(database).revision
        if settings is not None:
            create_engine_tables(settings.engine, database)
        kept = former_revision_path(database.path, before) if database.path is not None and before else None
        said = {
            "database": str(database),
            "from": before,
            "to": after,
            "kept": str(kept) if kept is not None and before != after else None,
        }
    if as_json:
        output.put_json(said)
    elif before == after:
        output.put(f"{said['database']} is at {after} already")
    else:
        output.put(f"{said['database']}: {before or 'nothing'} -> {after}")
        if said["kept"]:
            output.note(f"As it was: {said['kept']}")


@app.command(epilog="Exit code 1 where something is wrong.\n\nExample:\n\n  watcher db check --repair")
def check(
    repair: Annotated[
        bool, typer.Option("--repair", help="Make the word index and the counts anew where they are wrong.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Look for damage: the file, the schema, references, the word index and the counts."""
    from watcher.store.database.maintenance import find_database_faults, is_repairable, repair_database

    with _database() as database:
        with output.measured("Checking"):
            faults = find_database_faults(database)
        mended: tuple[str, ...] = ()
        if faults and repair and (mendable := tuple(each for each in faults if is_repairable(each))):
            with output.measured("Repairing") as heard:
                repair_database(database, lambda done: heard(done, done))
                faults = find_database_faults(database)
            mended = tuple(each for each in mendable if each not in faults)
        name = str(database)
    if as_json:
        output.put_json({"database": name, "ok": not faults, "faults": list(faults), "mended": list(mended)})
    else:
        for each in mended:
            output.put(f"mended: {output.clean(each)}")
        for each in faults:
            output.put(output.clean(each))
        if not faults:
            output.put(f"{name} is sound")
    raise typer.Exit(1 if faults else 0)


@app.command(epilog="Example:\n\n  watcher db backup /backups/watcher-$(date +%F).db")
def backup(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A new file; nothing is overwritten.")],
    as_json: Json = False,
) -> None:
    """Write all of one moment into a new SQLite file, while the daemon goes on; from PostgreSQL too."""
    from watcher.store.database.backup import back_up_database

    file = file.expanduser()
    with _database() as database, output.measured("Backing up") as heard:
        back_up_database(database, file, heard)
    size = file.stat().st_size
    if as_json:
        output.put_json({"file": str(file), "bytes": size})
    else:
        output.put(f"{file}: {_size(size)}")


@app.command(epilog="Example:\n\n  watcher db restore /backups/watcher-2026-11-01.db")
def restore(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="What `watcher db backup` wrote, of any version.")],
    as_json: Json = False,
) -> None:
    """Fill an unused database from a backup, which is left as it is.

    Refused where the database holds entries already; move a SQLite file away, or name another database.
    """
    from watcher.store.database.backup import restore_database

    with _database(must_exist=False) as database, output.measured("Restoring") as heard:
        rows = restore_database(database, file.expanduser(), heard)
        name = str(database)
    _tell_rows(name, dict(rows), as_json=as_json)


@app.command(epilog="Example:\n\n  watcher db prune --json")
def prune(as_json: Json = False) -> None:
    """Take away what is older than `retention` in watcher.yaml allows, as the daemon does every few hours.

    Whatever a sent digest or a label refers to stays. The daemon may be at work meanwhile.
    """
    from dataclasses import asdict

    from watcher import clock
    from watcher.app.bootstrap import retention
    from watcher.store.database.migrate import require_current_schema
    from watcher.store.database.pruning import Retention, prune_database

    with _database() as database:
        require_current_schema(database)
        settings = _settings()
        kept = retention(settings) if settings is not None else Retention()
        with output.measured("Pruning") as heard:
            pruned = prune_database(database, kept, clock.now(), lambda done: heard(done, done))
    said = asdict(pruned)
    if as_json:
        output.put_json(said)
        return
    freed = said.pop("freed_bytes")
    output.table(("GONE", "ROWS"), [(name, f"{rows:,}") for name, rows in said.items()])
    output.note(f"{_size(freed)} given back")


@app.command(epilog="Example:\n\n  watcher db stats --json")
def stats(as_json: Json = False) -> None:
    """Count the rows of every table, and measure the database."""
    from watcher.store.database.maintenance import get_database_stats
    from watcher.store.database.migrate import require_current_schema

    with _database() as database, output.measured("Counting"):
        require_current_schema(database)
        said: dict[str, Any] = {"database": str(database), **get_database_stats(database)}
    if as_json:
        output.put_json(said)
        return
    output.table(("TABLE", "ROWS"), [(name, f"{rows:,}") for name, rows in sorted(said["rows"].items())])
    entries = said["rows"]["entries"]
    each = f", {said['bytes'] / entries:,.0f} bytes an entry" if entries else ""
    output.put(f"{said['engine']}, {_size(said['bytes'])}{each}; schema {said['revision']}")


@app.command(epilog="Example:\n\n  watcher db copy --to postgresql://watcher@db.example/watcher")
def copy(
    to: Annotated[str, typer.Option("--to", metavar="URL", help="An unused database, of either kind.")],
    as_json: Json = False,
) -> None:
    """Copy everything into another, unused database: from SQLite to PostgreSQL, or back.

    All of one moment arrives, or nothing. Stop the daemon first: what comes after that moment is not copied.
    """
    from watcher.errors import UsageError
    from watcher.store.database import Database
    from watcher.store.database.backup import copy_database
    from watcher.store.database.migrate import upgrade_schema

    with _database() as source, Database(to) as target:
        if source.url == target.url:
            raise UsageError("--to names the database that is to be copied")
        upgrade_schema(target)
        with output.measured("Copying") as heard:
            rows = copy_database(source, target, heard)
        name = str(target)
    _tell_rows(name, dict(rows), as_json=as_json)


@contextmanager
def _database(*, must_exist: bool = True) -> Iterator[Database]:
    """Open the chosen database as it is, neither made nor upgraded."""
    from watcher.errors import StoreError
    from watcher.store.database import Database

    url = state.environ.get("WATCHER_DATABASE_URL")
    if not url:
        settings = _settings(needed=True)
        assert settings is not None
        url = settings.database_url
    with Database(url) as database:
        if must_exist and database.path is not None and not database.path.is_file():
            raise StoreError(f"no database at {database.path} yet; `watcher run` or `watcher db upgrade` makes it")
        yield database


def _settings(*, needed: bool = False) -> Any:
    """Read the configuration; None where there is none and the database was named."""
    if not needed and not state.folder.is_dir():
        return None
    return load_settings()


def _tell_rows(name: str, rows: dict[str, int], *, as_json: bool) -> None:
    if as_json:
        output.put_json({"database": name, "rows": rows})
        return
    output.table(("TABLE", "ROWS"), [(table, f"{count:,}") for table, count in sorted(rows.items()) if count])
    output.put(f"{name}: {rows['entries']:,} entries, {rows['hits']:,} hits")


def _size(size: float) -> str:
    for unit in ("bytes", "kB", "MB", "GB"):
        if size < 1000 or unit == "GB":
            return f"{size:,.0f} {unit}" if unit == "bytes" else f"{size:,.1f} {unit}"
        size /= 1000
    raise AssertionError("unreachable")
