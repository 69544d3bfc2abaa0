"""People and the audit from a shell: no password on the command line, JSON for programs, exit codes for scripts."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.people.office import PASSWORD, log_in
from tests.web.site import World, world
from watcher.app.triage.marks import star
from watcher.cli.main import run
from watcher.model.triage import Target, TargetKind
from watcher.store.hits.queries import load_hit


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[World]:
    with world(tmp_path / "config") as made:
        yield made


class Shell:
    """Runs the command on a configuration."""

    def __init__(self, folder: Path, capsys: pytest.CaptureFixture[str], patch: pytest.MonkeyPatch) -> None:
        self._folder, self._capsys = folder, capsys
        self.password = folder / "password.txt"
        self.password.write_text(PASSWORD + "\n", "utf-8")
        patch.setenv("WATCHER_STATE", str(folder / "var"))

    def __call__(self, *arguments: str) -> tuple[int, str, str]:
        self._capsys.readouterr()
        code = run(["--config", str(self._folder), *arguments])
        out, err = self._capsys.readouterr()
        return code, out, err

    def read(self, *arguments: str) -> Any:
        code, out, err = self(*arguments, "--json")
        assert code == 0, err
        return json.loads(out)

    def add(self, name: str, role: str) -> Any:
        return self.read("users", "add", name, "--role", role, "--password-file", str(self.password))


@pytest.fixture
def shell(desk: World, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Shell:
    return Shell(desk.folder, capsys, monkeypatch)


def test_people_are_added_changed_and_let_go(desk: World, shell: Shell) -> None:
    added = shell.add("Ada", "admin")
    shell.add("Ray", "reader")

    assert (added["name"], added["role"], added["login"], added["disabled_at"]) == ("Ada", "admin", "password", None)
    assert shell.read("users", "role", "ray", "editor")["role"] == "editor"
    assert shell.read("users", "disable", "Ray")["disabled_at"] is not None
    assert shell.read("users", "enable", "Ray")["disabled_at"] is None
    assert [person["name"] for person in shell.read("users", "list")["people"]] == ["Ada", "Ray"]
    actions = [entry["action"] for entry in shell.read("audit", "--person", "desk")["entries"]]
    assert actions == ["person enabled", "person disabled", "role changed", "person added", "person added"]
    with desk.client() as client:
        assert log_in(client, "Ada").status_code == 303


def test_a_password_comes_from_standard_input(desk: World, shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    import io

    class Typed:
        buffer = io.BytesIO(b"blue heron, two weirs\n")

    shell.add("Ada", "admin")
    monkeypatch.setattr("sys.stdin", Typed)
    code, _out, err = shell("users", "password", "Ada", "--password-file", "-")

    assert (code, err) == (0, "Ada has a new password\n")
    with desk.client() as client:
        assert log_in(client, "Ada").status_code == 403
        assert log_in(client, "Ada", "blue heron, two weirs").status_code == 303


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (("users", "add", "Ray"), "no terminal to ask for the password"),
        (("users", "add", "Ray", "--no-password"), "there is no admin yet"),
        (("users", "role", "Nobody", "admin"), "no person 'Nobody'"),
        (("users", "add", "desk", "--role", "admin", "--no-password"), "who logs in without a name"),
        (("users", "role", "Ray", "owner"), "owner"),
        (("users", "password", "Ray", "--password-file", "missing.txt"), "no such file"),
        (("audit", "--since", "never"), "never"),
        (("audit", "--cursor", "x"), "cursor"),
        (("users", "add", "Ray", "--password", "secret"), "--password"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
def test_what_makes_no_sense_is_refused(shell: Shell, arguments: tuple[str, ...], reason: str) -> None:
    code, out, err = shell(*arguments)

    assert (code, out) == (2, "")
    assert reason in err


def test_tables_are_for_people(shell: Shell) -> None:
    shell.add("Ada", "admin")

    assert "Ada   admin  password" in shell("users", "list")[1]
    assert "person added" in shell("audit")[1]


def test_a_person_lists_what_is_unread_and_starred(desk: World, shell: Shell) -> None:
    desk.news()
    shell.add("Ada", "admin")
    everything = [hit["id"] for hit in shell.read("hits")["hits"]]
    with desk.app.database.write() as db:
        first = load_hit(db, everything[0])
        star(db, "Ada", [Target(TargetKind.ENTRY, first.stored.id)], starred=True, now=desk.clock())

    starred = shell.read("hits", "--starred", "--person", "ada")["hits"]
    of_desk = shell.read("hits", "--starred")["hits"]
    unknown = shell("hits", "--unread", "--person", "Adda")

    assert [hit["id"] for hit in starred] == [everything[0]]
    assert of_desk == []
    assert unknown[0] != 0
    assert "Ada" in unknown[2]
