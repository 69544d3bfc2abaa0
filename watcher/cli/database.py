"""db: upgrade, check, back up, restore, prune, measure and move the database."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from watcher.cli import output
from watcher.cli.help import Commands
from watcher.cli.state import Json, load_settings, state

if TYPE_CHECKING:
    from watcher.contract.administration import (
        BackupFile,
        CopiedRows,
        DatabaseCheck,
        DatabaseStats,
        PrunedRows,
        SchemaUpgrade,
    )
    from watcher.settings import Settings
    from watcher.store.database import Database

# Its options for completion are part of what the outside relies on.
app = Commands(no_args_is_help=True, add_completion=True)


@app.callback()
def group() -> None:
    """Upgrade, check, back up, restore, prune, measure and move the database."""


@app.command(epilog="Example:\n\n  watcher db upgrade --database-url postgresql://watcher@db.example/watcher")
def upgrade(as_json: Json = False) -> None:
    """Upgrade the schema to this version, or create it.

    A SQLite database is copied beside itself first, and the copy is kept. The tables of a configured engine follow.
    """
    from watcher.engine import create_engine_tables
    from watcher.store.database.migrate import former_revision_path, get_schema_state, upgrade_schema

    settings = _load_settings_if_any()
    with _open_database(must_exist=False) as database:
        with database.read() as db:
            before = get_schema_state(db).revision
        after = upgrade_schema(database).revision
        if settings is not None:
            create_engine_tables(settings.engine, database)
        kept = former_revision_path(database.path, before) if database.path is not None and before else None
        document: SchemaUpgrade = {
            "database": str(database),
            "from": before,
            "to": after,
            "kept": str(kept) if kept is not None and before != after else None,
        }
    if as_json:
        output.print_json(document)
    elif before == after:
        output.print_line(f"{document['database']} is at {after} already")
    else:
        output.print_line(f"{document['database']}: {before or 'nothing'} -> {after}")
        if document["kept"]:
            output.print_note(f"Copy of the former database: {document['kept']}")


@app.command(epilog="Exit code 1 where something is wrong.\n\nExample:\n\n  watcher db check --repair")
def check(
    repair: Annotated[
        bool, typer.Option("--repair", help="Rebuild the word index and the counts where they are wrong.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Check the database for damage: file, schema, references, word index and counts."""
    from watcher.store.database.maintenance import find_database_faults, is_repairable, repair_database

    with _open_database() as database:
        with output.show_progress("Checking"):
            faults = find_database_faults(database)
        # What was repaired is what the second check no longer finds.
        repaired: tuple[str, ...] = ()
        if faults and repair and (repairable := tuple(fault for fault in faults if is_repairable(fault))):
            with output.show_progress("Repairing") as on_progress:
                repair_database(database, lambda done: on_progress(done, done))
                faults = find_database_faults(database)
            repaired = tuple(fault for fault in repairable if fault not in faults)
        name = str(database)
    if as_json:
        document: DatabaseCheck = {
            "database": name,
            "ok": not faults,
            "faults": list(faults),
            "mended": list(repaired),
        }
        output.print_json(document)
    else:
        for fault in repaired:
            output.print_line(f"repaired: {output.clean_text(fault)}")
        for fault in faults:
            output.print_line(output.clean_text(fault))
        if not faults:
            output.print_line(f"{name} has no errors")
    raise typer.Exit(1 if faults else 0)


@app.command(epilog="Example:\n\n  watcher db backup /backups/watcher-$(date +%F).db")
def backup(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A new file; nothing is overwritten.")],
    as_json: Json = False,
) -> None:
    """Write a consistent copy into a new SQLite file while the daemon runs; from PostgreSQL as well."""
    from watcher.store.database.backup import back_up_database

    file = file.expanduser()
    with _open_database() as database, output.show_progress("Backing up") as on_progress:
        back_up_database(database, file, on_progress)
    size = file.stat().st_size
    if as_json:
        document: BackupFile = {"file": str(file), "bytes": size}
        output.print_json(document)
    else:
        output.print_line(f"{file}: {_format_size(size)}")


@app.command(epilog="Example:\n\n  watcher db restore /backups/watcher-2026-11-01.db")
def restore(
    file: Annotated[
        Path, typer.Argument(metavar="FILE", help="A file that `watcher db backup` wrote, of any version.")
    ],
    as_json: Json = False,
) -> None:
    """Fill an empty database from a backup file.

    Refused where the database contains entries; move a SQLite file away, or name another database.
    """
    from watcher.store.database.backup import restore_database

    with _open_database(must_exist=False) as database, output.show_progress("Restoring") as on_progress:
        rows = restore_database(database, file.expanduser(), on_progress)
        name = str(database)
    _print_rows(name, dict(rows), as_json=as_json)


@app.command(epilog="Example:\n\n  watcher db prune --json")
def prune(as_json: Json = False) -> None:
    """Delete what is older than `retention` in watcher.yaml allows, as the daemon does every few hours.

    Whatever a sent digest or a judgement refers to stays. The daemon may be running.
    """
    from watcher import clock
    from watcher.app.bootstrap import retention
    from watcher.store.database.migrate import require_current_schema
    from watcher.store.database.pruning import Retention, prune_database

    with _open_database() as database:
        require_current_schema(database)
        settings = _load_settings_if_any()
        limits = retention(settings) if settings is not None else Retention()
        with output.show_progress("Pruning") as on_progress:
            pruned = prune_database(database, limits, clock.now(), lambda done: on_progress(done, done))
    document: PrunedRows = {
        "entries": pruned.entries,
        "hits": pruned.hits,
        "polls": pruned.polls,
        "payloads": pruned.payloads,
        "tombstones": pruned.tombstones,
        "freed_bytes": pruned.freed_bytes,
    }
    if as_json:
        output.print_json(document)
        return
    rows = {name: count for name, count in document.items() if name != "freed_bytes"}
    output.print_table(("DELETED", "ROWS"), [(name, f"{count:,}") for name, count in rows.items()])
    output.print_note(f"{_format_size(pruned.freed_bytes)} freed")


@app.command(epilog="Example:\n\n  watcher db stats --json")
def stats(as_json: Json = False) -> None:
    """Count the rows of every table, and measure the database."""
    from watcher.store.database.maintenance import get_database_stats
    from watcher.store.database.migrate import require_current_schema

    with _open_database() as database, output.show_progress("Counting"):
        require_current_schema(database)
        measured = get_database_stats(database)
        document: DatabaseStats = {
            "database": str(database),
            "rows": dict(measured["rows"]),
            "bytes": measured["bytes"],
            "revision": measured["revision"],
            "analyser": measured["analyser"],
            "engine": measured["engine"],
        }
    if as_json:
        output.print_json(document)
        return
    output.print_table(("TABLE", "ROWS"), [(name, f"{rows:,}") for name, rows in sorted(document["rows"].items())])
    entries = document["rows"]["entries"]
    per_entry = f", {document['bytes'] / entries:,.0f} bytes an entry" if entries else ""
    size = _format_size(document["bytes"])
    output.print_line(f"{document['engine']}, {size}{per_entry}; schema {document['revision']}")


@app.command(epilog="Example:\n\n  watcher db copy --to postgresql://watcher@db.example/watcher")
def copy(
    to: Annotated[str, typer.Option("--to", metavar="URL", help="An empty database, of either kind.")],
    as_json: Json = False,
) -> None:
    """Copy everything into another, empty database: from SQLite to PostgreSQL, or back.

    All is copied, or nothing. Stop the daemon first: what is stored meanwhile is not copied.
    """
    from watcher.errors import UsageError
    from watcher.store.database import Database
    from watcher.store.database.backup import copy_database
    from watcher.store.database.migrate import upgrade_schema

    with _open_database() as source, Database(to) as target:
        if source.url == target.url:
            raise UsageError("--to is the database to be copied; name another one")
        upgrade_schema(target)
        with output.show_progress("Copying") as on_progress:
            rows = copy_database(source, target, on_progress)
        name = str(target)
    _print_rows(name, dict(rows), as_json=as_json)


@contextmanager
def _open_database(*, must_exist: bool = True) -> Iterator[Database]:
    """Open the chosen database as it is, neither created nor upgraded."""
    from watcher.errors import StoreError
    from watcher.store.database import Database

    url = state.environ.get("WATCHER_DATABASE_URL")
    if not url:
        url = load_settings().database_url
    with Database(url) as database:
        if must_exist and database.path is not None and not database.path.is_file():
            raise StoreError(f"no database at {database.path} yet; `watcher run` or `watcher db upgrade` creates it")
        yield database


def _load_settings_if_any() -> Settings | None:
    """Return the configuration; None where there is none, because the database was named."""
    return load_settings() if state.folder.is_dir() else None


def _print_rows(name: str, rows: dict[str, int], *, as_json: bool) -> None:
    if as_json:
        document: CopiedRows = {"database": name, "rows": rows}
        output.print_json(document)
        return
    output.print_table(("TABLE", "ROWS"), [(table, f"{count:,}") for table, count in sorted(rows.items()) if count])
    output.print_line(f"{name}: {rows['entries']:,} entries, {rows['hits']:,} hits")


def _format_size(size: float) -> str:
    for unit in ("bytes", "kB", "MB", "GB"):
        if size < 1000 or unit == "GB":
            return f"{size:,.0f} {unit}" if unit == "bytes" else f"{size:,.1f} {unit}"
        size /= 1000
    raise AssertionError("unreachable")
