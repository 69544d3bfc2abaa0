"""A desk on which the commands of the manual run: outlets, a mailbox, and a configuration with their news in it."""

from __future__ import annotations

import asyncio
import contextlib
import io
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import yaml

from tests.docs.pages import ROOT
from tests.servers import MailServer
from watcher.cli.main import run
from watcher.demo import sandbox
from watcher.demo.server import DemoServer

UNWATCHED = "quiet-quarterly"
"""The outlet whose feed the commands of the manual add and remove."""


@dataclass
class Desk:
    folder: Path
    """Holds `config` with the configuration and `config/var` with the database."""
    press: DemoServer
    dead: int = 0
    """The number of a message that was refused."""
    server: str = ""
    extra: Mapping[str, str] = field(default_factory=dict)

    @property
    def environ(self) -> dict[str, str]:
        inherited = {key: value for key, value in os.environ.items() if not key.startswith("WATCHER_")}
        return {
            **inherited,
            "WATCHER_CONFIG": str(self.folder / "config"),
            "WATCHER_STATE": str(self.folder / "config" / "var"),
            "PATH": f"{self.folder}/bin:{os.environ['PATH']}",
            "PYTHONPATH": str(ROOT),
            "WATCHER_TOKEN": "",
            **self.extra,
        }

    def replace(self, command: str) -> str:
        """Return a command of the manual with what is here in place of what stands for the reader's own."""
        feed = f"{self.press.url}/{UNWATCHED}/feed"
        for pattern, real in (
            (r"https://post\.example/rss", feed),
            (r"(?<=discover )post\.example", feed),
            (r"https://example\.org/article\.html", f"{self.press.url}/northern-wire/3"),
            (r"/opt/watcher/bin/watcher", "watcher"),
            (r"/backups/watcher-2026-11-01\.db", "backup.db"),
            (r"/backups/", f"{self.folder}/"),
            (r"postgresql://watcher@db\.example/watcher", f"sqlite:///{self.folder}/copied.db"),
            (r"https://news\.example\.org|(?<=POST )localhost:8080", self.server),
            (r"'\.\.\.'", "'\"five eyes\" OR spies'"),
            (r"(?<=five-eyes )4711", "1"),
            (r"(?<=retry )17", str(self.dead)),
            (r"(?<=label )42", "2"),
            (r"var/watcher\.db", "config/var/watcher.db"),
        ):
            command = re.sub(pattern, real, command)
        return command

    def run(self, command: str) -> tuple[int, str]:
        """Run a command line; return its exit code and all that it printed."""
        if re.search(r"[|><;]|\$\(|&&", re.sub(r"'[^']*'|\"[^\"]*\"", "", command)) or not command.startswith(
            "watcher "
        ):
            done = subprocess.run(
                ["bash", "-euo", "pipefail", "-c", command],
                cwd=self.folder,
                env=self.environ,
                capture_output=True,
                text=True,
                timeout=120,
            )
            return done.returncode, done.stdout + done.stderr
        printed = io.StringIO()
        with (
            inside(self.folder, self.environ),
            contextlib.redirect_stdout(printed),
            contextlib.redirect_stderr(printed),
        ):
            code = run(shlex.split(os.path.expandvars(command))[1:])
        return code, printed.getvalue()


@contextmanager
def inside(folder: Path, environ: Mapping[str, str]) -> Iterator[None]:
    """Stand in a folder with an environment; both are put back."""
    before, was = dict(os.environ), Path.cwd()
    os.environ.clear()
    os.environ.update(environ)
    os.chdir(folder)
    try:
        yield
    finally:
        os.chdir(was)
        os.environ.clear()
        os.environ.update(before)


def furnish(folder: Path, press: DemoServer, mailbox: MailServer) -> Desk:
    """Read the outlets poll by poll into a fresh desk, and send a digest that arrives and one that is refused."""
    config = folder / "config"
    with sandbox.open_sandbox(config, press, 8080, {**os.environ, "WATCHER_CONFIG": "", "WATCHER_STATE": ""}) as app:
        asyncio.run(sandbox.poll_outlets(app))
        while not press.finished:
            press.advance()
            asyncio.run(sandbox.poll_outlets(app))
        asyncio.run(sandbox.send_digest(app))
    document = yaml.safe_load((config / "watcher.yaml").read_text(encoding="utf-8"))
    mail = {"kind": "email", "host": "127.0.0.1", "port": mailbox.port, "security": "none", "sender": "w@example.org"}
    # Texts are compared by words: to read them for their meaning would take longer than all else.
    document["meaning"] = {"engine": "none"}
    document["channels"]["mail"] = {**mail, "to": "reader@example.org"}
    digest = {"schedule": "daily at 7", "channels": ["files", "mail"], "include_baseline": True}
    document["digests"] += [{"name": name, **digest} for name in ("daily", "morning")]
    (config / "watcher.yaml").write_text(yaml.safe_dump(document, sort_keys=False), encoding="utf-8")
    feeds = yaml.safe_load((config / "feeds.yaml").read_text(encoding="utf-8"))["feeds"]
    feeds = [feed for feed in feeds if UNWATCHED not in feed["url"]]
    (config / "feeds.yaml").write_text(yaml.safe_dump({"feeds": feeds}, allow_unicode=True), encoding="utf-8")
    write_files(folder)
    desk = Desk(folder, press)
    mailbox.faults["reader@example.org"] = ["refuse"]
    assert desk.run("watcher digest send daily")[0] == 1
    desk.dead = json.loads(desk.run("watcher deliveries --state dead --json")[1])["deliveries"][0]["id"]
    return desk


def write_files(folder: Path) -> None:
    """Write the files that the manual's reader has at hand."""
    labelled = '{{"title": "{}", "summary": "", "labels": {}}}\n'
    (folder / "labels.jsonl").write_text(
        labelled.format("Five Eyes ministers meet in Ottawa", '["five-eyes"]')
        + labelled.format("Five Eyes intelligence alliance warns of attacks", '["five-eyes"]')
        + labelled.format("A spider with five eyes", "[]"),
        encoding="utf-8",
    )
    text = "The Five Eyes alliance met in Ottawa. The Five Eyes intelligence alliance will share more.\n" * 3
    (folder / "article.txt").write_text(text, encoding="utf-8")
    (folder / "password.txt").write_text("grey heron at the weir\n", encoding="utf-8")
    (folder / "new-query.txt").write_text('"five eyes" OR "intelligence sharing"\n', encoding="utf-8")
    (folder / "subscriptions.opml").write_text(
        '<opml version="2.0"><body><outline text="One" xmlUrl="https://one.example/rss"/></body></opml>',
        encoding="utf-8",
    )
    program = folder / "bin" / "watcher"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m watcher "$@"\n', encoding="utf-8")
    program.chmod(0o755)


def copy_desk(desk: Desk, folder: Path) -> Desk:
    """Return a desk of its own with the same news."""
    shutil.copytree(desk.folder, folder, dirs_exist_ok=True)
    program = folder / "bin" / "watcher"
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m watcher "$@"\n', encoding="utf-8")
    return Desk(folder, desk.press, desk.dead)
