"""An edit of two files whose process is killed: what was begun is finished, or never happened; nothing is halved."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.moments import NOON
from watcher.app.bootstrap import load_settings
from watcher.settings import Settings, load
from watcher.settings.edit_files import Draft, edit_configuration, finish_interrupted_edit, read_versions, undo_version
from watcher.settings.edit_history import Origin
from watcher.settings.edit_journal import FILE, has_unfinished_edit, load_edit
from watcher.settings.yaml_edits import UpdateItem

MAIN = """\
channels:
  files: {kind: file, folder: digests}
digests:
  - {name: daily, schedule: hourly, channels: [files], topics: [eyes]}
"""
TOPICS = """\
topics:
  - {id: eyes, query: fvey}
"""
ORIGIN = Origin(by="api", at=NOON)
OLD, NEW = ("eyes", ("eyes",)), ("alliance", ("alliance",))
WATCHED = {"open", "os.rename", "os.remove", "os.chmod", "tempfile.mkstemp"}
"""Steps by which files change, before each of which a process is killed."""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "config"
    made.mkdir()
    for name, text in (("watcher.yaml", MAIN), ("topics.yaml", TOPICS), ("feeds.yaml", "feeds: []\n")):
        (made / name).write_text(text)
    return made


def rename(folder: Path) -> None:
    """Rename a topic, which its digest names: both files change."""

    def plan(draft: Draft) -> None:
        draft.apply(UpdateItem(section="topics", item=0, values={"id": "alliance"}))
        draft.apply(UpdateItem(section="digests", item=0, values={"topics": ["alliance"]}))
        draft.summary = "Renamed the topic eyes"

    edit_configuration(folder, {}, plan, ORIGIN)


def run_killed(act: Callable[[], object], folder: Path, step: int) -> bool:
    """Run in a process of its own, and kill it before its n-th step; return whether it came to its end."""
    child = os.fork()
    if child == 0:
        left = step

        def count(event: str, arguments: tuple[object, ...]) -> None:
            nonlocal left
            if event in WATCHED and str(folder.parent) in str(arguments):
                left -= 1
                if left < 0:
                    os.kill(os.getpid(), signal.SIGKILL)

        sys.addaudithook(count)
        code = 1
        try:
            act()
            code = 0
        finally:
            os._exit(code)
    _pid, status = os.waitpid(child, 0)
    assert os.WIFSIGNALED(status) or os.waitstatus_to_exitcode(status) == 0
    return not os.WIFSIGNALED(status)


def get_names(settings: Settings) -> tuple[str, tuple[str, ...]]:
    return settings.topics[0].id, settings.subscriptions[0].topics


def restore(folder: Path) -> None:
    (folder / "watcher.yaml").write_text(MAIN)
    (folder / "topics.yaml").write_text(TOPICS)


def test_an_edit_that_is_killed_before_any_step_is_whole_at_the_next_start(folder: Path) -> None:
    outcomes = []
    for step in range(200):
        is_done = run_killed(lambda: rename(folder), folder, step)
        is_halved = (folder / "watcher.yaml").read_text() == MAIN and (folder / "topics.yaml").read_text() != TOPICS

        outcomes.append((get_names(load_settings(folder, {}, ())), is_halved))

        assert outcomes[-1][0] in (OLD, NEW), step
        assert not has_unfinished_edit(folder.parent / "var")
        if is_done:
            break
        restore(folder)

    assert outcomes[0][0] == OLD
    assert outcomes[-1][0] == NEW
    # Between the two files the process was killed as well, and what it had begun was finished.
    assert (NEW, True) in outcomes or any(names == NEW for names, _halved in outcomes[:-1])
    assert len(outcomes) > 10


def test_the_next_edit_finishes_what_was_begun_and_history_undoes_it(folder: Path) -> None:
    step = 0
    while not has_unfinished_edit(folder.parent / "var"):
        restore(folder)
        assert not run_killed(lambda: rename(folder), folder, step)
        step += 1

    def plan(draft: Draft) -> None:
        draft.apply(UpdateItem(section="topics", item=0, values={"name": "The alliance"}))
        draft.summary = "Named it"

    edit_configuration(folder, {}, plan, ORIGIN)

    assert get_names(load(folder, {})) == NEW
    assert [version.summary for version in read_versions(folder, {})][:2] == ["Named it", "Renamed the topic eyes"]
    undo_version(folder, {})
    undo_version(folder, {}, read_versions(folder, {})[2].number)
    assert get_names(load(folder, {})) == OLD


def test_an_edit_that_was_killed_before_it_wrote_leaves_no_version(folder: Path) -> None:
    step = 0
    while not read_versions(folder, {}):
        assert not run_killed(lambda: rename(folder), folder, step)
        step += 1
    assert (folder / "topics.yaml").read_text() == TOPICS

    rename(folder)

    assert [version.summary for version in read_versions(folder, {})] == ["Renamed the topic eyes"]


def test_a_file_that_a_person_edited_since_is_left(folder: Path) -> None:
    step = 0
    while not has_unfinished_edit(folder.parent / "var"):
        assert not run_killed(lambda: rename(folder), folder, step)
        step += 1
    mine = TOPICS.replace("fvey", "ukusa")
    (folder / "topics.yaml").write_text(mine)

    written = finish_interrupted_edit(folder, {})

    assert not written
    assert (folder / "topics.yaml").read_text() == mine
    assert get_names(load(folder, {})) == OLD
    assert not has_unfinished_edit(folder.parent / "var")


@pytest.mark.parametrize("text", ["", "{", "[]", '{"texts": 1}'])
def test_a_damaged_record_is_dropped(folder: Path, text: str) -> None:
    state = folder.parent / "var"
    state.mkdir()
    (state / FILE).write_text(text)

    finish_interrupted_edit(folder, {})

    assert get_names(load(folder, {})) == OLD
    assert load_edit(state) is None


def test_the_record_is_for_its_user_alone(folder: Path) -> None:
    step = 0
    while not has_unfinished_edit(folder.parent / "var"):
        assert not run_killed(lambda: rename(folder), folder, step)
        step += 1

    assert (folder.parent / "var" / FILE).stat().st_mode & 0o077 == 0
