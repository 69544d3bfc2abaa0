"""A disk that fills up, and a document that never ends: the daemon says what is wrong and goes on, or ends in time."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest

from tests.disks import fill, small_disk
from tests.e2e.machine import Desk, wait_for
from tests.e2e.test_daemon import feed
from tests.web_server import Server


def ask(desk: Desk, path: str) -> tuple[int, str]:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{desk.port}{path}", timeout=10) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


def test_a_full_disk_is_said_and_over_when_there_is_room(desk: Desk, press: Server, tmp_path: Path) -> None:
    url = feed(press, ("1", "Harbour opens|Ships."))
    desk.write([url])
    with small_disk(tmp_path / "disk", "48m") as disk:
        desk.environ["WATCHER_STATE"] = str(disk)
        with desk.daemon() as daemon:
            wait_for(lambda: desk.json("search", "harbour")["entries"], "the first entry")
            ballast = fill(disk)
            feed(press, ("1", "Harbour opens|Ships."), ("2", "Harbour closes|" + "No ship moves. " * 20_000))
            wait_for(lambda: daemon.get("/readyz") == 503, "the end of readiness")

            code, body = ask(desk, "/readyz")
            _code, page = ask(desk, "/overview")
            status = desk.run("status")
            time.sleep(3)
            ballast.unlink()
            wait_for(lambda: daemon.get("/readyz") == 200, "readiness")
            wait_for(lambda: len(desk.json("search", "harbour")["entries"]) == 2, "the second entry")
            feeds = desk.json("feeds", "list")["feeds"]
            assert daemon.end() == 0
        lines = [json.loads(line) for line in daemon.log.read_text().splitlines() if line.startswith("{")]

    assert code == 503
    assert "the disk is full" in body
    assert str(disk) not in body
    assert "The disk is full" in page
    assert status.returncode == 0
    assert "disk is full" in status.stdout
    assert [row["health"] for row in feeds] == ["fresh"]
    events = [line["event"] for line in lines]
    assert events.count("database cannot be used") == events.count("database can be used again") <= 2
    assert "poll failed" not in events


ON_A_FULL_DISK = [
    "hits", "search harbour", "status", "feeds list", "digest list", "deliveries", "stories", "poll --all", "db stats",
    "db check", "db prune", "db backup {elsewhere}/kept.db", "db backup {disk}/kept.db", "feeds remove {url}",
    "token {disk}/web.token", "init {disk}/new",
]  # fmt: skip


def test_commands_on_a_full_disk_say_so_in_one_line_and_change_no_file(press: Server, tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", "24m") as disk:
        desk = Desk(disk / "desk")
        url = feed(press, *((str(n), f"Harbour opens {n}|{'Ships. ' * 400}") for n in range(200)))
        desk.write([url])
        assert desk.json("poll", "--all")["entries"]["new"] == 200
        before = {path.name: path.read_bytes() for path in desk.folder.glob("*.yaml")}
        ballast = fill(disk)
        places = {"elsewhere": str(tmp_path), "disk": str(disk), "url": url}
        done = [desk.run(*command.format(**places).split()) for command in ON_A_FULL_DISK]
        after = {path.name: path.read_bytes() for path in desk.folder.glob("*.yaml")}
        ballast.unlink()
        checked = desk.run("db", "check").stdout
        again = desk.json("poll", "--all")

    assert before == after
    assert "has no errors" in checked
    assert again["feeds"]["failed"] == 0
    for command, process in zip(ON_A_FULL_DISK, done, strict=True):
        lines = process.stderr.strip().splitlines()
        assert process.returncode in {1, 2}, command
        assert len(lines) == 1, (command, process.stderr)
        assert "disk is full" in lines[0] or "no space left" in lines[0].lower(), (command, lines)


STUCK = """
import sys, time
from watcher.reading import reader

def parse_without_end(document, known):
    print("reading", file=sys.stderr, flush=True)
    time.sleep(600)

reader._parse_in_thread = parse_without_end
from watcher.cli.main import run
sys.exit(run(["run"]))
"""


def test_a_document_that_never_ends_does_not_hold_up_the_end(desk: Desk, press: Server, tmp_path: Path) -> None:
    desk.write([feed(press, ("1", "Harbour opens|Ships."))])
    log = tmp_path / "log"
    with log.open("w") as file:
        process = subprocess.Popen([sys.executable, "-c", STUCK], env=desk.env, stderr=file, stdout=file)
    try:
        wait_for(lambda: "reading" in log.read_text(), "the document")
        begun = time.monotonic()
        process.send_signal(signal.SIGTERM)
        code = process.wait(60)
        took = time.monotonic() - begun
    finally:
        process.kill()

    assert code == 0
    assert took < 26
    assert desk.json("poll")["feeds"]["due"] == 1
    assert '"stopped"' in log.read_text()


HOLD = """
import os, sys
from datetime import timedelta
from watcher import clock
from watcher.store.database import Database
from watcher.store.feeds.leases import claim_due_feeds

with Database(sys.argv[1]) as database, database.write() as db:
    held = claim_due_feeds(db, clock.now(), limit=10, lease_for=timedelta(minutes=3), owner=sys.argv[2])
    print(len(held))
"""


def hold(desk: Desk, owner: str) -> None:
    url = f"sqlite:///{desk.folder / 'var' / 'watcher.db'}"
    done = subprocess.run([sys.executable, "-c", HOLD, url, owner], capture_output=True, text=True, check=True)
    assert int(done.stdout) > 0


def dead_pid() -> int:
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    return process.pid


def test_a_poll_takes_over_from_a_killed_one_and_names_who_else_holds_feeds(desk: Desk, press: Server) -> None:
    desk.write([feed(press, ("1", "Harbour opens|Ships."))])
    assert desk.run("status").returncode == 0
    host = os.uname().nodename

    hold(desk, f"command {host}:{dead_pid()}")
    after_a_dead_one = desk.json("poll")
    time.sleep(1.5)
    hold(desk, f"command {host}:{os.getpid()}")
    beside_a_living_one = desk.run("poll", "--all")
    as_json = desk.json("poll", "--all", code=1)
    taken = desk.run("poll", "--all", "--take-over")

    assert after_a_dead_one["feeds"]["due"] == 1
    assert after_a_dead_one["held"] == []
    assert beside_a_living_one.returncode == 1
    assert f"1 feed is held by command {host}:{os.getpid()} until" in beside_a_living_one.stdout
    assert "--take-over" in beside_a_living_one.stdout
    assert [(holder["owner"], holder["feeds"]) for holder in as_json["held"]] == [(f"command {host}:{os.getpid()}", 1)]
    assert taken.returncode == 0
    assert "1 feed due" in taken.stdout
    assert "taken over from command" in taken.stderr


@pytest.mark.skipif(os.geteuid() != 0, reason="only root mounts")
def test_a_file_that_is_a_mount_of_its_own_is_left_and_leaves_nothing_behind(desk: Desk, tmp_path: Path) -> None:
    desk.write([])
    path = desk.folder / "feeds.yaml"
    mounted = tmp_path / "feeds.yaml"
    mounted.write_text("feeds: []  # ours\n")
    if subprocess.run(["mount", "--bind", str(mounted), str(path)], capture_output=True).returncode:
        pytest.skip("no right to mount")
    try:
        before = sorted(file.name for file in desk.folder.iterdir())
        done = desk.run("feeds", "add", "https://a.example/feed", "--no-check")
        after = sorted(file.name for file in desk.folder.iterdir())
    finally:
        subprocess.run(["umount", str(path)], check=True)

    assert done.returncode == 2
    assert "mount its folder" in done.stderr
    assert before == after
    assert mounted.read_text() == "feeds: []  # ours\n"


@pytest.mark.parametrize("marker", ["__version__ = '17.0.0'", "raise ImportError('no module named pbr')"])
def test_a_package_that_another_distribution_has_overwritten_is_one_line(marker: str, tmp_path: Path) -> None:
    theirs = tmp_path / "watcher"
    theirs.mkdir()
    (theirs / "__init__.py").write_text("__version__ = '17.0.0'\n")
    ours = Path(__file__).parents[2] / "watcher" / "__main__.py"
    (theirs / "__main__.py").write_text(ours.read_text())
    if "raise" in marker:
        (theirs / "cli").mkdir()
        (theirs / "__init__.py").write_text("DISTRIBUTION = 'news-watcher'\n")

    done = subprocess.run([sys.executable, "-m", "watcher"], cwd=tmp_path, capture_output=True, text=True)

    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert "pipx install" in done.stderr
