"""docs/feeds.md says what is there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import trustme

from watcher.cli import feeds as commands
from watcher.cli.main import run
from watcher.model.poll import FailureKind
from watcher.schedule import Health
from watcher.settings import load

PAGE = (Path(__file__).parents[2] / "docs" / "feeds.md").read_text(encoding="utf-8")
NAMES = [command.name or getattr(command.callback, "__name__", "") for command in commands.app.registered_commands]


def test_the_page_names_every_command_and_no_other() -> None:
    listed = re.findall(r"^\| `feeds ([a-z]+)", PAGE, re.MULTILINE)

    assert sorted(listed) == sorted(NAMES)
    assert set(re.findall(r"watcher feeds ([a-z]+)", PAGE)) <= set(NAMES)


def test_every_option_that_the_page_names_is_one(capsys: pytest.CaptureFixture[str]) -> None:
    for line in re.findall(r"^watcher feeds .*$", PAGE, re.MULTILINE):
        run(["feeds", line.split()[2], "--help"])
        offered = capsys.readouterr().out
        for option in re.findall(r"--[a-z-]+", line):
            assert re.search(rf"{option}\b", offered), (line, option)


def test_the_page_names_every_health_and_every_kind_of_failure() -> None:
    healths = re.findall(r"^\| `([a-z]+)` \|", PAGE.partition("## Health\n")[2], re.MULTILINE)
    kinds = re.search(r"The kinds of failure.*?`parse`", PAGE, re.DOTALL)

    assert sorted(healths) == sorted(Health)
    assert kinds is not None
    assert set(re.findall(r"`([a-z-]+)`", kinds[0])) - {"show", "poll"} == set(FailureKind)


def test_the_feeds_of_the_page_pass_the_check(tmp_path: Path) -> None:
    written = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
    environ = dict.fromkeys(re.findall(r"\$\{(\w+)\}", PAGE), "s3same")
    (tmp_path / "paid.password").write_text("s3same", encoding="utf-8")
    trustme.CA().cert_pem.write_to_path(str(tmp_path / "intranet-ca.pem"))
    (tmp_path / "watcher.yaml").write_text("fetch: {}\n", encoding="utf-8")
    (tmp_path / "topics.yaml").write_text("topics: []\n", encoding="utf-8")

    counts = []
    for block in written:
        (tmp_path / "feeds.yaml").write_text(block, encoding="utf-8")
        counts.append(len(load(tmp_path, environ).sources))

    assert counts == [block.count("url: ") + block.count("  - https:") for block in written]
    assert len(written) >= 3
