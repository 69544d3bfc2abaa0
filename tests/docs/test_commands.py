"""Every command of the manual runs, in the order of its page, on a desk with news."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest
import yaml

from tests.docs.desk import Desk, copy_desk
from tests.docs.pages import DOCS, PROJECT, ROOT, list_commands, list_pages
from watcher import clock
from watcher.model.digest import Unsubscription
from watcher.store.database import Database
from watcher.store.digests.unsubscribes import add_unsubscription

ELSEWHERE = {
    r"python3 -m venv ": "the standard library's own",
    r"docker (build|run) ": "tests/e2e/test_container.py",
    r"WATCHER_PASSWORD=.* docker compose ": "compose.yaml is read below",
    r"systemctl ": "ops/systemd/watcher.service is read below",
    r"cp ops/systemd/watcher.service ": "the file is read below",
    r"mkdir /etc/watcher ": "`watcher init` runs in the tutorial's test and in tests/cli",
    r"install -m 600 /dev/null /etc": "coreutils",
    r"createdb ": "PostgreSQL's own; the copy into a PostgreSQL is in tests/store",
    r"pip install |/opt/watcher/bin/pip |pipx ": "the extras are compared below",
    r"watcher mcp\b": "tests/mcp",
    r"watcher worker$": "tests/engine/test_workers.py",
    r"make |python bench/": "the targets and scripts are compared below",
    r"curl ": "tests/docs/test_api.py",
}
"""What cannot run on any machine, by how it begins, and what checks it instead."""
FAILING = ("watcher check --live",)
"""Commands that end with 1 on this desk: one of its outlets fails on purpose."""
TUTORIAL = DOCS / "tutorial.md"
PAGES = [page for page in list_pages() if page != TUTORIAL and list_commands(page)]


def is_elsewhere(command: str) -> bool:
    return any(re.match(pattern, command) for pattern in ELSEWHERE)


@pytest.mark.parametrize("page", PAGES, ids=[str(page.relative_to(ROOT)) for page in PAGES])
def test_commands_of_a_page_run(desk: Desk, page: Path, tmp_path: Path) -> None:
    own = copy_desk(desk, tmp_path)
    failed = []
    for place, written in list_commands(page):
        if is_elsewhere(written):
            continue
        command = own.replace(written)
        prepare(own, command)
        code, printed = own.run(command)
        if code != int(command.startswith(FAILING)):
            failed.append(f"{place}: {command}\nexit code {code}\n{printed[-800:]}")

    assert failed == []


def prepare(desk: Desk, command: str) -> None:
    """Put things as they are where the manual's reader would run a command."""
    if " db restore backup.db" in command:
        [backup] = desk.folder.glob("watcher-*.db")
        backup.rename(desk.folder / "backup.db")
        for left in (desk.folder / "config" / "var").glob("watcher.db-*"):
            left.unlink()
    if leaving := re.match(r"watcher digest resubscribe (\w+) (\S+)", command):
        with Database(f"sqlite:///{desk.folder}/config/var/watcher.db") as database, database.write() as db:
            add_unsubscription(
                db, Unsubscription(subscription=leaving[1], channel="mail", recipient=leaving[2]), clock.now()
            )
    if re.match(r"watcher feeds (show|resume) ", command):
        desk.run(f"watcher feeds add {command.split()[3]} --no-check")
        desk.run("watcher poll --all")


def test_what_runs_elsewhere_is_in_use() -> None:
    commands = [command for page in list_pages() for _place, command in list_commands(page)]

    assert [pattern for pattern in ELSEWHERE if not any(re.match(pattern, command) for command in commands)] == []


def test_targets_extras_and_files_that_commands_name_exist() -> None:
    text = "\n".join(command for page in list_pages() for _place, command in list_commands(page))
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    project = (ROOT / "pyproject.toml").read_text(encoding="utf-8")

    assert [
        name for name in re.findall(r"^make (\w+)", text, re.M) if not re.search(rf"^{name}:", makefile, re.M)
    ] == []
    assert [name for name in re.findall(r"newsdesk-watcher\[(\w+)\]", text) if f"\n{name} = [" not in project] == []
    assert [name for name in re.findall(r"python (bench/\S+)", text) if not (ROOT / name).exists()] == []
    for name in ("compose.yaml", "ops/compose.sqlite.yaml"):
        assert yaml.compose((ROOT / name).read_text(encoding="utf-8"), yaml.SafeLoader) is not None
    unit = (ROOT / "ops/systemd/watcher.service").read_text(encoding="utf-8")
    assert "ExecStart=/opt/watcher/bin/watcher" in unit
    assert "/etc/watcher" in unit


def test_no_page_is_left_out() -> None:
    assert {name for name in PROJECT if (ROOT / name).exists()} == set(PROJECT)
    assert len(PAGES) >= 10
    assert shutil.which("bash")
