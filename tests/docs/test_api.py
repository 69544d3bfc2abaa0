"""The examples of the API run against a server: the requests with curl, the client, and the check of a signature."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.docs.desk import Desk, copy_desk
from tests.docs.pages import DOCS, list_blocks, list_commands
from tests.docs.test_tutorial import wait_until_open
from tests.ports import find_free_port
from tests.servers import HttpServer

DEVELOPER = DOCS / "how-to" / "developer.md"
CLIENT, SIGNATURE = [block.text for block in list_blocks(DEVELOPER) if block.language == "python"]
SECRETS = ("a plain secret of the desk", "whsec_c2VjcmV0IG9mIHRoZSBkZXNr")


@pytest.fixture(scope="module")
def served(desk: Desk, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """A desk of its own that a server shows on loopback."""
    own, port = copy_desk(desk, tmp_path_factory.mktemp("served")), find_free_port()
    command = [sys.executable, "-m", "watcher", "serve", "--quiet"]
    process = subprocess.Popen(command, cwd=own.folder, env=own.environ | {"WATCHER_WEB__PORT": str(port)})
    try:
        wait_until_open(port)
        yield replace(own, server=f"http://127.0.0.1:{port}")
    finally:
        process.terminate()
        process.wait(30)


REQUESTS = [(place, command) for place, command in list_commands(DOCS / "api.md") if command.startswith("curl ")]


@pytest.mark.parametrize(("place", "command"), REQUESTS, ids=[place for place, _command in REQUESTS])
def test_requests_of_the_page_are_answered(served: Desk, place: str, command: str) -> None:
    done = served.run(served.replace(command).replace("curl ", "curl --silent --show-error --fail-with-body ", 1))

    assert done[0] == 0, (place, done[1])
    assert any(f'"{key}"' in done[1] for key in ("hits", "matched", "etag"))


def test_the_client_lists_every_hit_of_a_topic(served: Desk) -> None:
    environ = {**os.environ, "WATCHER_SERVER": served.server, "WATCHER_TOKEN": ""}
    done = subprocess.run([sys.executable, "-c", CLIENT], env=environ, capture_output=True, text=True, check=True)
    code, printed = served.run("watcher hits --topic five-eyes --format csv --limit 1000")

    assert code == 0
    assert len(done.stdout.splitlines()) == len(printed.splitlines()) - 1 > 5
    assert "Five Eyes" in done.stdout


@pytest.mark.parametrize("secret", SECRETS)
def test_the_check_of_a_signature_believes_our_webhook_and_no_other(desk: Desk, secret: str, tmp_path: Path) -> None:
    own = copy_desk(desk, tmp_path)
    example: dict[str, Any] = {}
    exec(SIGNATURE, example)
    with HttpServer() as server:
        path = own.folder / "config" / "watcher.yaml"
        document = yaml.safe_load(path.read_text(encoding="utf-8"))
        document["channels"]["hook"] = {"kind": "webhook", "url": f"{server.url}/", "secret": secret}
        path.write_text(yaml.safe_dump(document), encoding="utf-8")
        code, printed = own.run("watcher channels test hook")
        [asked] = server.asked

    assert code == 0, printed
    assert example["is_genuine"](secret, asked.headers, asked.body)
    assert not example["is_genuine"]("another secret", asked.headers, asked.body)
    assert not example["is_genuine"](secret, asked.headers, asked.body + b" ")
