"""What docs/mcp.md says: its configurations start, its commands are understood, its table names the tools."""

from __future__ import annotations

import json
import re
import shlex
import sys
from pathlib import Path
from typing import Any

import pytest
from anyio.from_thread import start_blocking_portal
from mcp import StdioServerParameters
from mcp.client import Client
from mcp.client.stdio import stdio_client

from tests.mcp.desk import TOKEN, Assistant, Desk
from tests.mcp.test_http import BEARER, LISTING, post, serving

PAGE = (Path(__file__).parents[2] / "docs" / "mcp.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```(\w*)\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
SERVERS: list[dict[str, Any]] = [
    server
    for kind, block in BLOCKS
    if kind == "json"
    for named in json.loads(block).values()
    for server in named.values()
]
COMMANDS = [shlex.split(line) for kind, block in BLOCKS if not kind for line in block.splitlines()]
LOCAL = [*(server["args"] for server in SERVERS if "args" in server)] + [
    words[words.index("--") + 2 :] for words in COMMANDS if words[:3] == ["claude", "mcp", "add"] and "--" in words
]


@pytest.mark.parametrize("arguments", LOCAL, ids=lambda arguments: " ".join(arguments))
def test_a_configuration_starts_the_server(desk: Desk, tmp_path: Path, arguments: list[str]) -> None:
    placed = [str(desk.folder) if word == "/etc/watcher" else word for word in arguments]
    environ = {name: value for name, value in desk.environ.items() if name != "WATCHER_CONFIG"}
    started = StdioServerParameters(command=sys.executable, args=["-m", "watcher", *placed], env=environ, cwd=tmp_path)
    environ["PYTHONPATH"] = str(Path(__file__).parents[2])

    with desk.log.open("a", encoding="utf-8") as log, start_blocking_portal() as portal:
        with portal.wrap_async_context_manager(Client(stdio_client(started, errlog=log))) as client:
            assert "list_stories" in Assistant(client, portal).list_tools()


def test_the_commands_that_serve_are_understood(desk: Desk) -> None:
    serve = [words[1:] for words in COMMANDS if words[:2] == ["watcher", "mcp"]]
    adding = next(words for words in COMMANDS if "--transport" in words)
    remote = next(server for server in SERVERS if "url" in server)

    assert serve == [["mcp", "--http", "8090"], ["mcp", "--write"]]
    assert remote["url"] == adding[adding.index("news") + 1] == "http://127.0.0.1:8090/mcp"
    assert remote["headers"] == {"Authorization": "Bearer TOKEN"}
    assert adding[-1] == "Authorization: Bearer $WATCHER_TOKEN"
    desk.run("mcp", "--help")
    _out, err = desk.run("mcp", "--http", "0.0.0.0:8090", code=2)
    assert "set web.token" in err


def test_the_remote_configuration_is_answered(desk: Desk) -> None:
    main = desk.folder / "watcher.yaml"
    before = main.read_text(encoding="utf-8")
    main.write_text(f"{before}web: {{token: {TOKEN}}}\n", encoding="utf-8")
    headers = next(server["headers"] for server in SERVERS if "headers" in server)
    try:
        with serving(desk) as address:
            sent = {name: value.replace("TOKEN", TOKEN) for name, value in headers.items()}
            assert post(address, {**BEARER, **sent}, LISTING).status_code == 200
            assert post(address, headers).status_code == 401
    finally:
        main.write_text(before, encoding="utf-8")


def test_the_table_names_the_tools_and_the_limits_hold(editor: Assistant) -> None:
    rows = re.findall(r"^\| (`[^|]*) \|", PAGE.partition("## Tools")[2], re.MULTILINE)
    tools = editor.list_tools()

    assert {name for row in rows for name in re.findall(r"`(\w+)`", row)} == set(tools)
    assert tools["list_hits"].input_schema["properties"]["limit"]["maximum"] == 50
    assert tools["get_entry"].input_schema["properties"]["characters"]["maximum"] == 20_000
    assert tools["draft_topic"].input_schema["properties"]["text"]["maxLength"] == 200_000
