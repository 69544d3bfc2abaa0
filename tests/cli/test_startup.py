"""Commands that only read import what they read with, and nothing of polling, matching and sending."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.cli.desk import Desk, sqlite_desk

__all__ = ["sqlite_desk"]

COUNTING = """
import gc, json, sys
from watcher.__main__ import main
def count():
    return sum(generation["collections"] for generation in gc.get_stats())
before = count()
try:
    main()
except SystemExit as ended:
    sys.stderr.write("\\n" + json.dumps([ended.code, [count() - before]]))
"""
BUILDING = """
import json, sys
import watcher.cli.on_demand as on_demand
built, build = [], on_demand.get_command_from_info
def note(info, **options):
    command = build(info, **options)
    built.append(command.name)
    return command
on_demand.get_command_from_info = note
from watcher.cli.main import run
code = run(sys.argv[1:])
sys.stderr.write("\\n" + json.dumps([code, built]))
"""
LISTING = """
import json, sys
from watcher.cli.main import run
code = run(sys.argv[1:])
sys.stderr.write("\\n" + json.dumps([code, sorted(sys.modules)]))
"""
NEVER = {
    "alembic", "ahocorasick_rs", "simplemma", "feedparser", "lxml", "selectolax", "httpx", "h11", "apscheduler",
    "procrastinate", "fastapi", "starlette", "uvicorn", "jinja2", "css_inline", "aiosmtplib", "structlog", "rich",
    "ruamel", "watcher.match", "watcher.text.tokenizer", "watcher.parse", "watcher.reading", "watcher.fetch",
    "watcher.pipeline", "watcher.web", "watcher.engine", "idna", "sqlalchemy.dialects.postgresql", "mcp", "mcp_types",
    "watcher.mcp", "watcher.channels.base", "watcher.channels.outcome", "watcher.schedule.next_poll",
    "watcher.model.digest_story", "watcher.model.machine_text", "watcher.model.person", "watcher.model.poll",
    "watcher.contract.status", "watcher.store.digests.renames", "watcher.store.tables.configuration",
    "watcher.store.tables.machine_text", "watcher.store.tables.person", "watcher.text.any_script",
}  # fmt: skip
"""Modules, each with all below it, that no such command needs."""
FOR_QUERIES = {"watcher.match", "watcher.text.tokenizer", "ahocorasick_rs"}
"""What a command with a search needs beside; the tables of inflections it imports for a query that has one."""
FOR_STORIES = {"watcher.text.tokenizer"}
FOR_TOPICS = {"watcher.store.tables.configuration"}


def run_reporting(script: str, arguments: str, folder: Path, database_url: str) -> list[Any]:
    """Run a command in a process of its own, through a script that reports; return what it reports."""
    environ = {
        **os.environ,
        "WATCHER_CONFIG": str(folder),
        "WATCHER_DATABASE_URL": database_url,
        "WATCHER_STATE": str(folder),
    }
    ended = subprocess.run(
        [sys.executable, "-c", script, *arguments.split()],
        env=environ,
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    code, reported = json.loads(ended.stderr.rsplit("\n", 1)[1])
    assert code == 0, ended.stderr[:500]
    return list(reported)


@pytest.mark.parametrize(
    ("command", "needed"),
    [
        ("--help", set()),
        ("hits", set()),
        ("hits --format csv", set()),
        ("hits --json", set()),
        ("stories", FOR_STORIES),
        ("search harbour", FOR_QUERIES | FOR_STORIES),
        ("topics list", FOR_TOPICS),
        ("feeds list", set()),
        ("status", set()),
        ("digest list", set()),
        ("deliveries", set()),
        ("channels list", set()),
    ],
)
def test_command_that_reads_imports_nothing_of_what_it_does_not_do(
    sqlite_desk: Desk, command: str, needed: set[str]
) -> None:
    url = sqlite_desk.database.url.render_as_string(hide_password=False)

    modules = run_reporting(LISTING, command, sqlite_desk.folder, url)

    unneeded = {name for name in NEVER - needed if any(m == name or m.startswith(f"{name}.") for m in modules)}
    assert unneeded == set()


@pytest.mark.parametrize("command", ["status", "search harbour", "digest list", "hits --json"])
def test_command_that_reads_ends_before_the_collector_looks_at_its_imports(sqlite_desk: Desk, command: str) -> None:
    url = sqlite_desk.database.url.render_as_string(hide_password=False)

    assert run_reporting(COUNTING, command, sqlite_desk.folder, url) == [0]


@pytest.mark.parametrize(
    ("command", "built"),
    [("topics list", ["list"]), ("status", ["status"]), ("deliveries", []), ("db stats", ["stats"])],
)
def test_only_the_command_that_is_asked_is_built(sqlite_desk: Desk, command: str, built: list[str]) -> None:
    url = sqlite_desk.database.url.render_as_string(hide_password=False)

    assert run_reporting(BUILDING, command, sqlite_desk.folder, url) == built
