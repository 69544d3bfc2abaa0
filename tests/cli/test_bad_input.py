"""What goes wrong outside is one clear line and the right exit code, and nothing else is disturbed."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess

import pytest

from tests.e2e.machine import Desk
from tests.ports import find_free_port
from tests.web_server import Reply, Server, rss
from watcher.cli.main import run


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    made = Desk(tmp_path / "desk")
    made.write()
    made.migrate()
    return made


Call = Callable[..., CompletedProcess[str]]


@pytest.fixture
def call(desk: Desk, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Call:
    """Run a command in this process, for what ends before it begins to work."""

    def call(*words: str) -> CompletedProcess[str]:
        with monkeypatch.context() as patch:
            patch.chdir(desk.folder)
            for name in [name for name in os.environ if name.startswith("WATCHER_")]:
                patch.delenv(name)
            for name in ("WATCHER_CONFIG", "NO_COLOR"):
                patch.setenv(name, desk.env[name])
            capfd.readouterr()
            code = run(list(words))
        out, err = capfd.readouterr()
        return CompletedProcess(words, code, out, err)

    return call


@pytest.mark.parametrize(
    ("words", "message"),
    [
        pytest.param(("frobnicate",), "no command 'frobnicate'", id="no such command"),
        pytest.param(("statsu",), "did you mean 'status'", id="a command misspelt"),
        pytest.param(("hits", "--frob"), "--frob", id="no such option"),
        pytest.param(("hits", "--limit", "0"), "--limit", id="a number out of bounds"),
        pytest.param(("hits", "--topic", "five-eye"), "did you mean 'five-eyes'", id="an unknown topic"),
        pytest.param(("hits", "--since", "tomorrowish"), "'tomorrowish' is not a time", id="no time"),
        pytest.param(("hits", "--since", "1d", "--until", "2d"), "`since` is not before `until`", id="an empty span"),
        pytest.param(("hits", "--cursor", "Zm9v"), "cursor", id="a cursor of nothing"),
        pytest.param(("search", "a AND b OR c"), "can be read two ways", id="a query with two readings"),
        pytest.param(("search", '"never closed'), "1:1", id="a phrase that never ends"),
        pytest.param(("poll", "--feed", "https://nobody.example/feed"), "no feed", id="an unknown feed"),
        pytest.param(("--config", "/nowhere/at/all", "hits"), "no such folder", id="no configuration"),
    ],
)
def test_a_wrong_call_is_one_line_and_exit_code_2(call: Call, words: tuple[str, ...], message: str) -> None:
    done = call(*words)

    assert done.returncode == 2
    assert message in done.stderr
    assert done.stdout == ""
    assert len([line for line in done.stderr.splitlines() if not line.startswith("Try ")]) == 1


def test_a_label_for_no_hit_is_refused(desk: Desk) -> None:
    done = desk.run("label", "12345", "relevant")

    assert (done.returncode, done.stderr) == (2, "watcher: no hit '12345'\n")


def test_every_fault_of_every_file_is_told_at_once(desk: Desk) -> None:
    (desk.folder / "watcher.yaml").write_text("web:\n  prot: 8080\nchannels:\n  mail: {kind: email}\n")
    (desk.folder / "feeds.yaml").write_text("feeds:\n  - url: ftp://example.org/feed\n")
    (desk.folder / "topics.yaml").write_text("topics:\n  - id: a\n    query: |\n      five eyes AND\n")

    done = desk.run("check")

    assert done.returncode == 2
    files = [line.split(":")[0].rsplit("/", 1)[1] for line in done.stdout.splitlines()]
    assert set(files) == {"watcher.yaml", "feeds.yaml", "topics.yaml"}
    assert "watcher.yaml:2:3: " in done.stdout
    assert "did you mean `port`?" in done.stdout
    assert "topics.yaml:4:" in done.stdout


@pytest.mark.parametrize(
    ("written", "message"),
    [
        pytest.param("web: [", "watcher.yaml:", id="no YAML"),
        pytest.param("\x00\x01", "watcher.yaml:", id="no text"),
        pytest.param("", "watcher.yaml:1:1: ", id="empty"),
    ],
)
def test_a_broken_file_stops_every_command_with_its_place(desk: Desk, call: Call, written: str, message: str) -> None:
    (desk.folder / "watcher.yaml").write_text(written)

    for command, start in (("check", call), ("hits", call), ("poll", desk.run), ("run", desk.run)):
        done = start(command)
        assert done.returncode == 2, command
        assert message in done.stdout + done.stderr
        assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("url", "message", "code"),
    [
        pytest.param("postgresql://nobody@127.0.0.1:{free}/none", "connection", 1, id="nobody listens"),
        pytest.param("mysql://localhost/x", "use sqlite:///PATH or postgresql://", 2, id="another kind of database"),
        pytest.param("oracle+cx_oracle://ann:secret@db/x", "not supported", 2, id="another kind with a driver"),
        pytest.param("://", "no URL", 2, id="no address"),
        pytest.param("sqlite://", "must be a file", 2, id="a database in memory"),
        pytest.param("sqlite:////proc/nowhere/watcher.db", "cannot be made", 1, id="a folder that cannot be"),
    ],
)
def test_a_database_that_cannot_be_reached_is_one_line(call: Call, url: str, message: str, code: int) -> None:
    done = call("--database-url", url.replace("{free}", str(find_free_port())), "status")

    assert done.returncode == code
    assert done.stderr.count("\n") == 1
    assert message in done.stderr.lower() or message in done.stderr
    assert "secret" not in done.stderr


def test_another_kind_of_database_in_the_file_is_a_fault_with_its_place(desk: Desk) -> None:
    desk.write(database={"url": "mysql://ann:hunter22@db.example/news"})

    done = desk.run("check")

    assert done.returncode == 2
    assert "watcher.yaml:" in done.stdout + done.stderr
    assert "postgresql://USER@HOST/NAME" in done.stdout + done.stderr
    assert "hunter22" not in done.stdout + done.stderr


def test_a_password_in_a_database_address_is_never_shown(desk: Desk) -> None:
    done = desk.run("--database-url", f"postgresql://ann:hunter22@127.0.0.1:{find_free_port()}/x", "status")

    assert done.returncode == 1
    assert "hunter22" not in done.stderr + done.stdout


def test_feeds_that_are_none_disturb_no_other(desk: Desk, press: Server) -> None:
    whole = rss(("1", "Five Eyes ministers meet"))
    press.pages["/good"] = Reply(whole)
    press.pages["/html"] = Reply(
        b"<!doctype html><html><body>Hello</body></html>", headers={"Content-Type": "text/html"}
    )
    press.pages["/empty"] = Reply(b"")
    press.pages["/gone"] = Reply(status=410)
    press.pages["/liar"] = Reply(
        rss(("2", "Пять глаз")).decode().replace("utf-8", "windows-1251").encode("windows-1251"),
        headers={"Content-Type": "application/xml; charset=utf-16"},
    )
    press.pages["/cut"] = Reply(rss(("3", "One"), ("4", "Two"), ("5", "Three"))[:-120])
    desk.write([f"{press.url}/{name}" for name in ("good", "html", "empty", "gone", "liar", "cut")])

    answer = desk.json("poll", code=1)

    kinds = {failure["feed"].rsplit("/", 1)[1]: failure["kind"] for failure in answer["failures"]}
    assert kinds == {"html": "html", "empty": "empty", "gone": "gone"}
    titles = {match["entry"]["title"] for match in desk.json("search", "five OR пять OR one")["entries"]}
    assert titles == {"Five Eyes ministers meet", "Пять глаз", "One"}


def test_a_starter_configuration_is_good_and_never_overwritten(desk: Desk, tmp_path: Path) -> None:
    target = tmp_path / "new" / "desk"

    first = desk.run("init", str(target))
    good = desk.run("--config", str(target), "check")
    second = desk.run("init", str(target))

    assert first.returncode == 0
    assert (good.returncode, "no errors" in good.stdout) == (0, True)
    assert second.returncode == 2
    assert "exists" in second.stderr


def test_a_starter_configuration_is_small_commented_and_empty(desk: Desk, tmp_path: Path) -> None:
    target = tmp_path / "small"

    desk.run("init", str(target))

    texts = {path.name: path.read_text() for path in target.iterdir()}
    assert sorted(texts) == ["feeds.yaml", "topics.yaml", "watcher.yaml"]
    assert sum(map(len, texts.values())) < 4_000
    assert all("  # " in text and "docs/" in text for text in texts.values())
    # Each commented example is a good one: without its marks the configuration is read.
    for name, text in texts.items():
        plain = re.sub(r"(?m)^(  )?# ( *(?:-|[a-z_]+:) ?.*)", r"\1\2", text.replace(": {}", ":").replace(": []", ":"))
        (target / name).write_text(plain)
    desk.environ |= {"SMTP_PASSWORD": "x", "SLACK_WEBHOOK_URL": "https://hook.example/x"}
    good = desk.run("--config", str(target), "check")
    assert (good.returncode, "1 feed, 1 topic, 1 digest, 2 channels" in good.stdout) == (0, True), good.stdout


def test_a_starter_configuration_holds_the_packs_that_are_named(desk: Desk, tmp_path: Path) -> None:
    target = tmp_path / "packs"

    first = desk.run("init", "--pack", "europe", "--pack", "defence", str(target))
    good = desk.run("--config", str(target), "check", "--json")
    wrong = desk.run("init", "--pack", "euope", str(tmp_path / "other"))

    assert first.returncode == 0, first.stderr
    assert (json.loads(good.stdout)["feeds"], json.loads(good.stdout)["topics"]) == (19, 1)
    assert "# The feeds to poll" in (target / "feeds.yaml").read_text()
    assert (wrong.returncode, "did you mean 'europe'?" in wrong.stderr) == (2, True)
    assert not (tmp_path / "other").exists()


def test_a_closed_pipe_ends_quietly(desk: Desk) -> None:
    import subprocess

    from tests.e2e.machine import COMMAND

    done = subprocess.run(
        f"{COMMAND} --help | head -n 1", shell=True, env=desk.env, capture_output=True, text=True, timeout=30
    )

    assert done.returncode == 0
    assert done.stderr == ""
