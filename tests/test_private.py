"""What the watcher keeps, no other user of the machine may read, whatever the umask is."""

from __future__ import annotations

import fcntl
import os
import sqlite3
import stat
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from watcher import private
from watcher.channels.file.sender import write_digest
from watcher.store.database import Database

UMASKS = (0o000, 0o022, 0o077)


@contextmanager
def umask(mask: int) -> Iterator[None]:
    before = os.umask(mask)
    try:
        yield
    finally:
        os.umask(before)


def mode(path: Path) -> int:
    return stat.S_IMODE(path.lstat().st_mode)


def watcher(*arguments: str, mask: int, **environ: str) -> subprocess.CompletedProcess[str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("WATCHER")}
    done = subprocess.run(
        [sys.executable, "-m", "watcher", *arguments],
        capture_output=True, text=True, timeout=60, umask=mask, env=kept | environ,
    )  # fmt: skip
    assert done.returncode == 0, (arguments, done.stdout, done.stderr)
    return done


def assert_closed(folder: Path) -> None:
    for path in [folder, *folder.rglob("*")]:
        assert mode(path) == (0o700 if path.is_dir() else 0o600), (path, oct(mode(path)))


@pytest.mark.parametrize("mask", UMASKS)
def test_everything_that_commands_keep_is_for_its_user_alone(mask: int, tmp_path: Path) -> None:
    config, backups = tmp_path / "config", tmp_path / "backups"
    backups.mkdir()
    watcher("init", str(config), mask=mask)
    (config / "feeds.yaml").write_text("feeds: []\n")
    environ = {"WATCHER_CONFIG": str(config), "WATCHER_STATE": str(tmp_path / "deep" / "state")}

    watcher("poll", mask=mask, **environ)
    watcher("db", "backup", str(backups / "kept.db"), mask=mask, **environ)
    restored = {"WATCHER_DATABASE_URL": f"sqlite:///{tmp_path / 'restored' / 'watcher.db'}"}
    watcher("db", "restore", str(backups / "kept.db"), mask=mask, **environ, **restored)

    assert_closed(tmp_path / "deep")
    assert_closed(tmp_path / "restored")
    assert mode(backups / "kept.db") == 0o600


@pytest.mark.parametrize("mask", UMASKS)
def test_the_log_of_an_open_database_is_closed_to_others_too(mask: int, tmp_path: Path) -> None:
    with umask(mask), Database(f"sqlite:///{tmp_path / 'new' / 'watcher.db'}") as database, database.write() as db:
        db.exec_driver_sql("CREATE TABLE seen (id INTEGER)")

        assert {path.name for path in (tmp_path / "new").iterdir()} >= {"watcher.db", "watcher.db-wal"}
        assert_closed(tmp_path / "new")


@pytest.mark.parametrize("mask", UMASKS)
def test_digests_as_files_are_closed_to_others(mask: int, tmp_path: Path) -> None:
    digest = {"slot": "2026-11-27T08:00:00Z", "name": "morning", "html": "<title>News</title>", "text": "News"}

    with umask(mask):
        write_digest(tmp_path / "digests", digest)

    assert_closed(tmp_path / "digests")


def test_a_state_that_was_open_is_closed_at_the_start_and_said_once(tmp_path: Path) -> None:
    state = tmp_path / "state"
    state.mkdir()
    state.chmod(0o755)
    sqlite3.connect(state / "watcher.db").close()
    (state / "watcher.db").chmod(0o644)
    watcher("init", str(tmp_path / "config"), mask=0o022)
    (tmp_path / "config" / "feeds.yaml").write_text("feeds: []\n")
    environ = {"WATCHER_CONFIG": str(tmp_path / "config"), "WATCHER_STATE": str(state)}

    first = watcher("poll", mask=0o022, **environ).stderr
    again = watcher("poll", mask=0o022, **environ).stderr

    assert_closed(state)
    assert "other users could read" in first
    assert "other users could read" not in again


def test_to_tighten_a_file_ends_no_lock_on_it(tmp_path: Path) -> None:
    path = tmp_path / "locked"
    path.touch()
    path.chmod(0o644)
    ask = "import fcntl, sys; fcntl.lockf(open(sys.argv[1], 'r+'), fcntl.LOCK_EX | fcntl.LOCK_NB)"

    with path.open("r+") as file:
        fcntl.lockf(file, fcntl.LOCK_EX)
        assert private.tighten(path)
        other = subprocess.run([sys.executable, "-c", ask, str(path)], capture_output=True, text=True)

    assert other.returncode == 1
    assert "BlockingIOError" in other.stderr
    assert mode(path) == 0o600


def test_a_folder_of_other_things_is_left_as_it_is(tmp_path: Path) -> None:
    shared = tmp_path / "shared"
    shared.mkdir()
    shared.chmod(0o755)
    (shared / "notes.txt").touch()
    watcher("init", str(tmp_path / "config"), mask=0o022)
    (tmp_path / "config" / "feeds.yaml").write_text("feeds: []\n")

    watcher(
        "poll", mask=0o022,
        WATCHER_CONFIG=str(tmp_path / "config"), WATCHER_DATABASE_URL=f"sqlite:///{shared / 'watcher.db'}",
    )  # fmt: skip

    assert mode(shared) == 0o755
    assert mode(shared / "watcher.db") == 0o600


def test_neither_links_nor_shared_folders_are_changed(tmp_path: Path) -> None:
    target, link = tmp_path / "target", tmp_path / "link"
    target.mkdir()
    target.chmod(0o755)
    link.symlink_to(target)
    shared = tmp_path / "shared"
    shared.mkdir()
    shared.chmod(0o1777)

    assert not private.tighten(link)
    assert not private.tighten(shared)
    assert not private.tighten(tmp_path / "missing")
    assert (mode(target), mode(shared)) == (0o755, 0o1777)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root owns files of another user")
def test_a_file_of_another_user_is_left(tmp_path: Path) -> None:
    theirs = tmp_path / "theirs"
    theirs.touch()
    theirs.chmod(0o644)
    os.chown(theirs, 12_345, -1)

    assert not private.tighten(theirs)
    assert mode(theirs) == 0o644
