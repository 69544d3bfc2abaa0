"""Commands that only read import what they read with, and nothing of polling, matching and sending."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.desk import Desk, sqlite_desk

__all__ = ["sqlite_desk"]

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
    "watcher.mcp",
}  # fmt: skip
"""Modules, each with all below it, that no such command needs."""
FOR_QUERIES = {"watcher.match", "watcher.text.tokenizer", "ahocorasick_rs"}
"""What a command with a search needs beside; the tables of inflections it imports for a query that has one."""
FOR_STORIES = {"watcher.text.tokenizer"}


def imported_by(arguments: str, folder: Path, database_url: str) -> set[str]:
    """Run a command in a process of its own; return the modules that it has imported at its end."""
    environ = {
        **os.environ,
        "WATCHER_CONFIG": str(folder),
        "WATCHER_DATABASE_URL": database_url,
        "WATCHER_STATE": str(folder),
    }
    ended = subprocess.run(
        [sys.executable, "-c", LISTING, *arguments.split()],
        env=environ,
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    code, modules = json.loads(ended.stderr.rsplit("\n", 1)[1])
    assert code == 0, ended.stderr[:500]
    return set(modules)


@pytest.mark.parametrize(
    ("command", "needed"),
    [
        ("--help", set()),
        ("hits", set()),
        ("hits --format csv", set()),
        ("hits --json", set()),
        ("stories", FOR_STORIES),
        ("search harbour", FOR_QUERIES | FOR_STORIES),
        ("topics list", set()),
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

    modules = imported_by(command, sqlite_desk.folder, url)

    unneeded = {name for name in NEVER - needed if any(m == name or m.startswith(f"{name}.") for m in modules)}
    assert unneeded == set()
