"""`watcher token`: a token that the configuration accepts, printed or kept in a file for this user alone."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from watcher.settings import load
from watcher.settings.schema import is_strong_token


def run(*arguments: str, folder: Path, umask: int = 0o022) -> subprocess.CompletedProcess[str]:
    """Run the command in a process of its own."""
    return subprocess.run(
        [sys.executable, "-m", "watcher", "token", *arguments],
        cwd=folder,
        env={**os.environ, "WATCHER_CONFIG": str(folder)},
        capture_output=True,
        text=True,
        timeout=60,
        umask=umask,
        check=False,
    )


def configure(folder: Path, web: str) -> None:
    (folder / "watcher.yaml").write_text(f"web: {{{web}}}\n", encoding="utf-8")
    (folder / "feeds.yaml").write_text("feeds: []\n", encoding="utf-8")
    (folder / "topics.yaml").write_text("topics: []\n", encoding="utf-8")


def test_token_is_printed_alone_and_each_is_another(tmp_path: Path) -> None:
    ended = [run(folder=tmp_path) for _time in range(3)]

    tokens = [process.stdout.strip() for process in ended]
    assert [process.returncode for process in ended] == [0, 0, 0]
    assert len(set(tokens)) == 3
    assert all(is_strong_token(token) and len(token) >= 32 for token in tokens)
    assert "web:" in ended[0].stderr
    assert tokens[0] not in ended[0].stderr


def test_token_in_a_file_is_accepted_as_token_file_and_is_readable_by_its_owner_alone(tmp_path: Path) -> None:
    ended = run("web.token", folder=tmp_path, umask=0)

    file = tmp_path / "web.token"
    configure(tmp_path, "token_file: web.token, host: 0.0.0.0")
    token = load(tmp_path, {}).web.token
    assert ended.returncode == 0, ended.stderr
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert token is not None
    assert token.get_secret_value() == file.read_text().strip()
    assert token.get_secret_value() not in ended.stdout + ended.stderr
    assert f"token_file: {file}" in ended.stderr


def test_token_as_json(tmp_path: Path) -> None:
    printed = json.loads(run("--json", folder=tmp_path).stdout)
    kept = json.loads(run("--json", "web.token", folder=tmp_path).stdout)

    assert is_strong_token(printed["token"])
    assert printed["file"] is None
    assert kept == {"token": None, "file": str(tmp_path / "web.token")}


def test_file_that_exists_is_replaced_only_where_that_is_wanted(tmp_path: Path) -> None:
    run("web.token", folder=tmp_path)
    first = (tmp_path / "web.token").read_text()

    refused = run("web.token", folder=tmp_path)
    kept = (tmp_path / "web.token").read_text()
    replaced = run("web.token", "--replace", folder=tmp_path)

    assert (refused.returncode, replaced.returncode) == (2, 0)
    assert "--replace" in refused.stderr
    assert kept == first
    assert (tmp_path / "web.token").read_text() != first
    assert stat.S_IMODE((tmp_path / "web.token").stat().st_mode) == 0o600


@pytest.mark.parametrize("name", ["missing/web.token", ".", "file/web.token", "/dev/null"])
def test_file_that_cannot_be_written_is_one_line(tmp_path: Path, name: str) -> None:
    (tmp_path / "file").write_text("")

    ended = run(name, "--replace", folder=tmp_path)

    assert ended.returncode == 2
    assert len(ended.stderr.splitlines()) == 1
    assert "Traceback" not in ended.stderr
