"""The tutorial, from its first command to the digest in the mailbox, as its reader does it."""

from __future__ import annotations

import email
import email.policy
import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from tests.docs.pages import DOCS, ROOT, Block, list_blocks
from tests.ports import find_free_port

PAGE = DOCS / "tutorial.md"
READY = {"watcher demo": "The page: ", "python -m aiosmtpd": "", "watcher run": "started"}
"""Commands that stay open, and what they print once they are ready; the mail server prints nothing."""
OTHERWISE = ("python3 -m venv ", ". watcher-env", "pip install ")
"""The environment of the tests takes the place of the one that the reader makes."""


def wait_for(path: Path, text: str, process: subprocess.Popen[bytes]) -> None:
    for _ in range(1200):
        printed = path.read_text(encoding="utf-8", errors="replace")
        if text in printed:
            return
        assert process.poll() is None, printed
        time.sleep(0.1)
    raise AssertionError(f"{text!r} was not printed: {path.read_text(encoding='utf-8', errors='replace')[-2000:]}")


@contextmanager
def left_open(command: str, folder: Path, environ: dict[str, str], number: int) -> Iterator[None]:
    log = folder / f"terminal-{number}.log"
    with log.open("wb") as out:
        process = subprocess.Popen(
            ["bash", "-c", f"exec {command}"], cwd=folder, env=environ, stdout=out, stderr=subprocess.STDOUT
        )
    try:
        ready = next(text for start, text in READY.items() if command.startswith(start))
        wait_for(log, ready, process)
        if port := re.search(r"127\.0\.0\.1:(\d+)", command):
            wait_until_open(int(port[1]))
        yield
    finally:
        process.terminate()
        process.wait(30)


def wait_until_open(port: int) -> None:
    for _ in range(600):
        with socket.socket() as knock:
            if knock.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    raise AssertionError(f"nothing listens on port {port}")


@pytest.fixture
def reader(tmp_path: Path) -> dict[str, str]:
    """The environment of a reader in an empty folder, with `watcher` and `python` on the path."""
    programs = tmp_path / "bin"
    programs.mkdir()
    for name, arguments in (("watcher", "-m watcher"), ("python", "")):
        program = programs / name
        program.write_text(f'#!/bin/sh\nexec "{sys.executable}" {arguments} "$@"\n', encoding="utf-8")
        program.chmod(0o755)
    inherited = {key: value for key, value in os.environ.items() if not key.startswith("WATCHER_")}
    # Proposals and stories by meaning are no part of the tutorial, and to read for them takes long on a busy machine.
    engine = {"WATCHER_MEANING__ENGINE": "none"}
    return {**inherited, **engine, "PATH": f"{programs}:{os.environ['PATH']}", "PYTHONPATH": str(ROOT)}


def write_file(block: Block, folder: Path, ports: dict[str, str]) -> None:
    """Write a block of YAML into the file that its first line names."""
    name = block.text.splitlines()[0].removeprefix("# ")
    text = block.text
    for port, free in ports.items():
        text = text.replace(f"port: {port}", f"port: {free}")
    (folder / name).write_text(text, encoding="utf-8")


def test_the_tutorial_ends_with_a_digest_in_the_mailbox(reader: dict[str, str], tmp_path: Path) -> None:
    ports = {port: str(find_free_port()) for port in ("8080", "8081", "8025")}
    with ExitStack() as terminals:
        for number, block in enumerate(list_blocks(PAGE)):
            if block.language == "yaml":
                write_file(block, tmp_path, ports)
                continue
            for line in block.text.splitlines():
                command = line.replace(":8025", f":{ports['8025']}")
                if command.startswith("watcher demo"):
                    command += f" --port {ports['8080']}"
                if command.startswith("export WATCHER_CONFIG="):
                    reader["WATCHER_CONFIG"] = str(tmp_path / "desk")
                elif command.startswith(tuple(READY)):
                    terminals.enter_context(left_open(command, tmp_path, reader, number))
                elif not command.startswith(OTHERWISE):
                    done = subprocess.run(
                        ["bash", "-c", command], cwd=tmp_path, env=reader, capture_output=True, text=True
                    )
                    # Two of the outlets fail on purpose, and `poll` ends with 1 for them.
                    assert done.returncode == int(command == "watcher poll"), (command, done.stdout, done.stderr)
        mails = [
            email.message_from_bytes(path.read_bytes(), policy=email.policy.default)
            for path in sorted((tmp_path / "mailbox" / "new").iterdir())
        ]

    assert [mail["Subject"].partition(":")[0] for mail in mails] == ["Test message", "My first digest"]
    body = mails[1].get_body(("plain",))
    assert body is not None
    assert "Five Eyes" in body.get_content()
    assert "12 of 14 feeds" in body.get_content()
