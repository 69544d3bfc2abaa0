"""Assistants over HTTP: the same tools behind the API's token, and nothing for anybody else."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import httpx2
import pytest
from anyio.from_thread import start_blocking_portal
from mcp.client import Client
from mcp.client.streamable_http import streamable_http_client

from tests.e2e.machine import wait_for
from tests.mcp.desk import TOKEN, Assistant, Desk, furnished
from watcher import clock
from watcher.app.people.accounts import add_person, disable_person
from watcher.app.people.sessions import create_token
from watcher.mcp.roles import TOOL_ROLES
from watcher.model.person import SHELL, Role
from watcher.store.hits.queries import load_hit

LISTING = {"jsonrpc": "2.0", "id": 1, "method": "tools/list"}
ACCEPT = "application/json, text/event-stream"
BEARER = {"Authorization": f"Bearer {TOKEN}", "Accept": ACCEPT}


@contextmanager
def serving(desk: Desk, *options: str) -> Iterator[str]:
    """Serve on a free port of loopback; yields the address that assistants are told."""
    command = [sys.executable, "-m", "watcher", "mcp", "--http", "127.0.0.1:0", *options]
    with subprocess.Popen(command, env=desk.environ, stderr=subprocess.PIPE, text=True, cwd=desk.folder) as process:
        assert process.stderr is not None
        line = process.stderr.readline()
        address = re.search(r"http://127\.0\.0\.1:\d+/mcp", line)
        try:
            assert address is not None, line
            yield address[0]
        finally:
            process.terminate()
            assert process.wait(30) == 0
            assert process.stderr.read() == ""


@pytest.fixture(scope="module")
def locked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Desk, str]]:
    with furnished(tmp_path_factory.mktemp("http") / "desk", f"token: {TOKEN}") as desk, serving(desk) as address:
        yield desk, address


def post(address: str, headers: dict[str, str], body: Any = LISTING) -> httpx.Response:
    return httpx.post(address, json=body, headers={"Accept": ACCEPT, **headers}, timeout=60, trust_env=False)


@contextmanager
def speaking_over_http(address: str, token: str) -> Iterator[Assistant]:
    http = httpx2.AsyncClient(headers={"Authorization": f"Bearer {token}"}, timeout=60, trust_env=False)
    with start_blocking_portal() as portal:
        client = Client(streamable_http_client(address, http_client=http))
        with portal.wrap_async_context_manager(client) as entered:
            yield Assistant(entered, portal)
        portal.call(http.aclose)


def test_an_assistant_with_the_token_is_answered(locked: tuple[Desk, str]) -> None:
    with speaking_over_http(locked[1], TOKEN) as assistant:
        stories = assistant.ask("list_stories", topics=["intelligence-sharing"], since="7d")["stories"]

        cited = {report["title"] for story in stories for report in story["citations"]}
        assert "Ministers weigh limits on intelligence sharing" in cited
        assert "judge_hit" not in assistant.list_tools()


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        pytest.param(BEARER, 200, id="the token"),
        pytest.param({}, 401, id="no token"),
        pytest.param({"Authorization": "Bearer wrong"}, 401, id="a wrong token"),
        pytest.param({"Authorization": f"Bearer {TOKEN}x"}, 401, id="a longer token"),
        pytest.param({"Authorization": "Basic !"}, 401, id="no credential"),
        pytest.param({"Cookie": f"session={TOKEN}"}, 401, id="a cookie"),
        pytest.param({**BEARER, "Origin": "https://evil.example"}, 403, id="another site's page"),
        pytest.param({**BEARER, "Origin": "null"}, 403, id="a page without an origin"),
        pytest.param({**BEARER, "Host": "evil.example"}, 421, id="a name that points here"),
        pytest.param({**BEARER, "Content-Type": "text/plain"}, 400, id="a form of another site"),
    ],
)
def test_only_who_has_the_token_is_served(locked: tuple[Desk, str], headers: dict[str, str], status: int) -> None:
    answered = post(locked[1], headers)

    assert answered.status_code == status, answered.text
    assert "set-cookie" not in answered.headers
    if status == 401:
        assert answered.headers["www-authenticate"].startswith("Bearer")
    if status != 200:
        assert "list_hits" not in answered.text
        assert "Traceback" not in answered.text


@pytest.mark.parametrize("method", ["GET", "DELETE", "PUT", "OPTIONS"])
def test_no_stream_stays_open(locked: tuple[Desk, str], method: str) -> None:
    answered = httpx.request(method, locked[1], headers=BEARER, timeout=60, trust_env=False)

    assert (answered.status_code, answered.headers["allow"]) == (405, "POST")


@pytest.mark.parametrize("path", ["/", "/hits", "/api/v1/hits", "/login", "/mcp/", "/metrics"])
def test_nothing_else_is_served_there(locked: tuple[Desk, str], path: str) -> None:
    answered = httpx.get(locked[1].removesuffix("/mcp") + path, headers=BEARER, timeout=60, trust_env=False)

    assert answered.status_code in {404, 405}


@pytest.mark.parametrize(
    ("body", "status"),
    [
        pytest.param(b"{", 400, id="no JSON"),
        pytest.param(b"[]", 400, id="an empty list"),
        pytest.param(b"\xff\xfe", 400, id="no text"),
        pytest.param(b'{"jsonrpc": "2.0"}', 400, id="no request"),
        pytest.param(b'"' + b"x" * (2 << 20) + b'"', 413, id="too large"),
    ],
)
def test_a_bad_body_is_refused_and_the_next_request_served(locked: tuple[Desk, str], body: bytes, status: int) -> None:
    headers = {**BEARER, "Content-Type": "application/json"}

    answered = httpx.post(locked[1], content=body, headers=headers, timeout=60, trust_env=False)

    assert answered.status_code == status, answered.text
    assert "Traceback" not in answered.text
    assert post(locked[1], BEARER).status_code == 200


def test_the_write_tools_are_served_over_http_only_when_asked_for(locked: tuple[Desk, str]) -> None:
    desk, address = locked
    call = {
        "jsonrpc": "2.0", "id": 2, "method": "tools/call",
        "params": {"name": "judge_hit", "arguments": {"hit": 1, "judgement": "relevant"}},
    }  # fmt: skip

    refused = post(address, BEARER, call).json()["result"]
    with serving(desk, "--write") as writing:
        judged = post(writing, BEARER, call).json()["result"]
        post(writing, BEARER, json.loads(json.dumps(call).replace("relevant", "none")))

    assert refused["isError"]
    assert "read-only" in refused["content"][0]["text"]
    assert judged["structuredContent"]["judged"] == {"id": 1, "label": "relevant"}


def test_without_a_token_it_serves_loopback_alone(tmp_path: Path) -> None:
    folder = tmp_path / "desk"
    folder.mkdir()
    for name in ("feeds", "topics"):
        (folder / f"{name}.yaml").write_text(f"{name}: []\n", encoding="utf-8")
    (folder / "watcher.yaml").write_text("fetch: {}\n", encoding="utf-8")
    desk = Desk(folder)

    for place in ("0.0.0.0:0", "[::]:0", "desk.example:0"):
        _out, err = desk.run("mcp", "--http", place, code=2)
        assert "set web.token" in err
        assert len(err.splitlines()) == 1
    for place in ("", "x", "127.0.0.1:", "70000", "127.0.0.1:-1"):
        _out, err = desk.run("mcp", "--http", place, code=2)
        assert "is not [HOST:]PORT" in err
    with serving(desk) as address:
        assert post(address, {}).status_code == 200
        assert post(address, {"Origin": "https://evil.example"}).status_code == 403
        assert post(address, {"Host": "evil.example"}).status_code == 421


def test_each_role_is_shown_and_served_its_own_tools(tmp_path: Path) -> None:
    with furnished(tmp_path / "desk", f"token: {TOKEN}") as desk:
        with desk.opened() as app, app.database.write() as db:
            ada = add_person(db, "Ada", Role.ADMIN, None, SHELL, clock.now()).person
            ray = add_person(db, "Ray", Role.READER, None, SHELL, clock.now()).person
            of_ada, of_ray = (
                create_token(db, person, "x", person.role, SHELL, clock.now()).text for person in (ada, ray)
            )
        with serving(desk, "--write") as address:
            tools = {}
            for token in (of_ada, of_ray):
                with speaking_over_http(address, token) as assistant:
                    tools[token] = set(assistant.list_tools())
            call = {
                "jsonrpc": "2.0", "id": 2, "method": "tools/call",
                "params": {"name": "judge_hit", "arguments": {"hit": 1, "judgement": "relevant"}},
            }  # fmt: skip
            by_ray = post(address, {"Authorization": f"Bearer {of_ray}"}, call).json()["result"]
            with desk.opened() as app, app.database.read() as db:
                unjudged = load_hit(db, 1)
            by_ada = post(address, {"Authorization": f"Bearer {of_ada}"}, call).json()["result"]
            with desk.opened() as app, app.database.write() as db:
                judged = load_hit(db, 1)
                disable_person(db, "Ray", SHELL, clock.now())
            # Changes that another process made are followed within ten seconds.
            wait_for(
                lambda: post(address, {"Authorization": f"Bearer {of_ray}"}).status_code == 401, "the end of the token"
            )

    assert tools[of_ada] - tools[of_ray] == {name for name, role in TOOL_ROLES.items() if role is Role.EDITOR}
    assert tools[of_ray] == {name for name, role in TOOL_ROLES.items() if role is Role.READER}
    assert (by_ray["isError"], "needs the role editor" in by_ray["content"][0]["text"]) == (True, True)
    assert unjudged.label is None
    assert not by_ada.get("isError")
    assert (judged.label, judged.judged_by) == ("relevant", "Ada")
