"""Completion of names by the protocol that shells speak with the command: what they set, and what they read."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

MAIN = """
channels:
  mail: {kind: email, host: 127.0.0.1, sender: a@desk.example, to: b@desk.example}
  wire: {kind: webhook, url: "https://hook.example/x"}
digests:
  - {name: morning, title: The morning, schedule: hourly, channels: [mail]}
  - {name: monthly, schedule: hourly, channels: [wire]}
"""
FEEDS = """
feeds:
  - {url: "https://post.example/news/rss", title: The Post}
  - "https://harbour.example/feed"
  - {url: "https://ann:secret@closed.example/feed", title: Closed}
  - {url: "https://token.example/${TOKEN}", title: Token}
"""
TOPICS = """
topics:
  - {id: harbour, name: Harbour news, query: harbour}
  - {id: ferries, name: Ferries, query: ferry}
"""
NAMES = {
    "topics show ": ["ferries", "harbour"],
    "topics test h": ["harbour"],
    "topics explain ": ["ferries", "harbour"],
    "topics diff f": ["ferries"],
    "topics replay ": ["ferries", "harbour"],
    "topics probe ": ["ferries", "harbour"],
    "topics cost ": ["ferries", "harbour"],
    "hits --topic ": ["ferries", "harbour"],
    "stories -t fe": ["ferries"],
    "proposals --topic x": [],
    "search --source ": ["harbour.example", "post.example"],
    "digest preview mo": ["monthly", "morning"],
    "digest send mor": ["morning"],
    "channels test ": ["mail", "wire"],
    "deliveries retry --state dead --channel w": ["wire"],
    "feeds show ": ["harbour.example/feed", "post.example/news/rss"],
    "feeds remove p": ["post.example/news/rss"],
    "feeds resume https": ["https://harbour.example/feed", "https://post.example/news/rss"],
    "poll --feed ": ["harbour.example/feed", "post.example/news/rss"],
    "init --pack eu": ["europe"],
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "desk"
    made.mkdir()
    for name, text in (("watcher.yaml", MAIN), ("feeds.yaml", FEEDS), ("topics.yaml", TOPICS)):
        (made / name).write_text(text, encoding="utf-8")
    return made


def complete(line: str, folder: Path, shell: str = "bash", **more: str) -> subprocess.CompletedProcess[str]:
    """Ask as a shell does: the last word of the line is the one that is completed."""
    words = f"watcher {line}"
    asked = {"COMP_WORDS": words, "COMP_CWORD": str(len(words.split(" ")) - 1), "_TYPER_COMPLETE_ARGS": words}
    return subprocess.run(
        [sys.executable, "-m", "watcher"],
        env={**os.environ, "WATCHER_CONFIG": str(folder), **asked, **more, "_WATCHER_COMPLETE": f"complete_{shell}"},
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip


def test_names_of_the_configuration_are_completed(folder: Path) -> None:
    offered = {line: complete(line, folder) for line in NAMES}

    assert {line: done.stdout.split() for line, done in offered.items()} == NAMES
    assert {done.stderr for done in offered.values()} == {""}


def test_the_folder_is_the_one_that_the_line_names(folder: Path, tmp_path: Path) -> None:
    done = complete(f"--config {folder} topics show h", folder, WATCHER_CONFIG=str(tmp_path / "nothing"))

    assert done.stdout.split() == ["harbour"]


def test_zsh_and_fish_show_what_a_name_means(folder: Path) -> None:
    zsh = complete("topics show ha", folder, "zsh")
    fish = complete("topics show ", folder, "fish", _TYPER_COMPLETE_FISH_ACTION="get-args")

    assert '"harbour":"Harbour news"' in zsh.stdout
    assert "harbour\tHarbour news" in fish.stdout


@pytest.mark.parametrize(
    "text", ["topics: [", "- a\n- b\n", "topics: {a: b}", "topics: [1, [2], {id: [x]}]", "\x00", "&a [*a]", ""]
)
def test_a_file_with_errors_completes_nothing_and_prints_no_traceback(folder: Path, text: str) -> None:
    (folder / "topics.yaml").write_text(text, encoding="utf-8")

    done = complete("topics show ", folder)

    assert (done.returncode, done.stdout.strip(), done.stderr) == (0, "", "")


def test_without_a_configuration_nothing_is_completed(tmp_path: Path) -> None:
    done = [complete(line, tmp_path / "none") for line in ("topics show ", "digest send ", "feeds show ")]

    assert [(process.returncode, process.stdout.strip(), process.stderr) for process in done] == [(0, "", "")] * 3


def test_completion_imports_nothing_that_a_check_of_the_configuration_needs(folder: Path) -> None:
    listing = "import sys, watcher.cli.main as m\ntry: m.run([])\nfinally: sys.stderr.write(' '.join(sys.modules))"
    words = "watcher topics show "
    asked = {"COMP_WORDS": words, "COMP_CWORD": "3", "_WATCHER_COMPLETE": "complete_bash"}

    done = subprocess.run(
        [sys.executable, "-c", listing], capture_output=True, text=True, timeout=60, check=False,
        env={**os.environ, "WATCHER_CONFIG": str(folder), **asked},
    )  # fmt: skip

    assert "ferries" in done.stdout
    assert {"watcher.settings.schema", "sqlalchemy", "httpx", "ruamel.yaml", "lxml"}.isdisjoint(done.stderr.split())


@pytest.mark.skipif(shutil.which("bash") is None, reason="needs bash")
def test_bash_itself_completes_a_topic(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "watcher").write_text(f'#!/bin/sh\nexec {sys.executable} -m watcher "$@"\n')
    (tmp_path / "watcher").chmod(0o755)
    environ = {**os.environ, "PATH": f"{tmp_path}:{os.environ['PATH']}", "WATCHER_CONFIG": str(folder)}
    script = (
        'eval "$(_WATCHER_COMPLETE=source_bash watcher)"; COMP_WORDS=(watcher topics show fe); COMP_CWORD=3;'
        ' _watcher_completion watcher; echo "${COMPREPLY[@]}"'
    )

    done = subprocess.run(["bash", "-c", script], env=environ, capture_output=True, text=True, timeout=60)

    assert (done.stdout.split(), done.stderr) == (["ferries"], "")
