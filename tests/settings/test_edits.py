"""Edits of the configuration files: comments stay, nothing unusable is written, nothing is lost, all can be undone."""

from __future__ import annotations

import stat
import threading
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from tests.moments import NOON
from watcher.errors import ConfigError, ConflictError, NotFoundError, RefusedEditError
from watcher.settings import load
from watcher.settings.edit_files import Draft, edit_configuration, read_versions, undo_version
from watcher.settings.edit_history import MAX_VERSIONS, Origin
from watcher.settings.yaml_edits import AddItem, Change, RemoveItem, UpdateItem, apply_change, parse_values

MAIN = """\
# The desk.
database: {url: "sqlite:///watcher.db"}
channels:
  # For the night.
  files: {kind: file, folder: digests}
digests:
  - name: daily   # at breakfast
    schedule: "0 7 * * *"
    channels: [files]
"""
TOPICS = """\
topics:
  # The alliance.
  - id: eyes
    query: |
      fvey
      # its old name
      OR ukusa

  # The storms.
  - {id: storms, query: storm}
# The end.
"""
ORIGIN = Origin(by="api", at=NOON)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "config"
    folder.mkdir()
    (folder / "watcher.yaml").write_text(MAIN)
    (folder / "topics.yaml").write_text(TOPICS)
    (folder / "feeds.yaml").write_text("feeds: []  # none yet\n")
    return folder


def edit(folder: Path, *changes: Change) -> None:
    def plan(draft: Draft) -> None:
        for change in changes:
            draft.apply(change)
        draft.summary = "Changed"

    edit_configuration(folder, {}, plan, ORIGIN)


@pytest.mark.parametrize(
    "change",
    [
        UpdateItem(section="topics", item=0, values={"name": "Eyes: five", "paused": True}),
        UpdateItem(section="topics", item=1, values={"query": "storm OR gale", "tags": ["true", "null", "7"]}),
        RemoveItem(section="topics", item=0),
        RemoveItem(section="topics", item=1),
        AddItem(section="topics", values={"id": "new", "query": "a\nOR b\n", "about": ["It is: so", "- x"]}),
    ],
)
def test_an_edit_keeps_every_comment_outside_of_the_item_and_every_other_line(change: Change) -> None:
    edited = apply_change(TOPICS, change, "topics.yaml")

    assert edited is not None
    for comment in ("  # The alliance.", "  # The storms.", "# The end."):
        assert comment in edited.split("\n")
    untouched = "  - {id: storms, query: storm}" if getattr(change, "item", None) != 1 else "  - id: eyes"
    assert untouched in edited.split("\n")


VALUES = st.dictionaries(
    st.sampled_from(["name", "query", "description"]),
    st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs", "Cn", "Zl", "Zp", "Co"]), max_size=30),
    max_size=3,
)
LAYOUTS = (
    TOPICS,
    "topics: [{id: a}, {id: b, query: c}]\n",
    "topics:\n- id: a\n- id: b\n  # end\n",
    "topics:\n- a: &x 1\n- b: *x\n",
)


@example(LAYOUTS[1], {"name": "?0"}, 0, "add")
@example(LAYOUTS[1], {"name": "why?"}, 0, "update")
@example(LAYOUTS[1], {"name": ":0"}, 0, "add")
@settings(max_examples=60, suppress_health_check=list(HealthCheck), deadline=None)
@given(st.sampled_from(LAYOUTS), VALUES, st.integers(0, 1), st.sampled_from(["add", "update", "remove"]))
def test_whatever_the_layout_the_result_reads_as_the_change(
    text: str, values: dict[str, str], place: int, kind: str
) -> None:
    changes: dict[str, Change] = {
        "add": AddItem(section="topics", values={"id": "new", **values}),
        "update": UpdateItem(section="topics", item=place, values=values),
        "remove": RemoveItem(section="topics", item=place),
    }

    edited = apply_change(text, changes[kind], "topics.yaml")

    expected = parse_values(text, "")["topics"]
    if kind == "add":
        expected = [*expected, {"id": "new", **values}]
    elif kind == "update":
        expected[place] = {**expected[place], **values}
    else:
        del expected[place]
    assert edited is not None
    assert parse_values(edited, "")["topics"] == expected


def test_what_could_not_be_used_is_not_written(folder: Path) -> None:
    with pytest.raises(RefusedEditError, match="no channel `mial`"):
        edit(folder, UpdateItem(section="digests", item=0, values={"channels": ["mial"]}))

    assert (folder / "watcher.yaml").read_text() == MAIN
    assert read_versions(folder, {}) == ()


def test_files_with_faults_of_their_own_are_not_edited(folder: Path) -> None:
    (folder / "feeds.yaml").write_text("feeds: [}\n")

    with pytest.raises(ConfigError) as refused:
        edit(folder, RemoveItem(section="topics", item=0))

    assert not isinstance(refused.value, RefusedEditError)
    assert (folder / "topics.yaml").read_text() == TOPICS


def test_an_edit_is_undone_to_the_byte_and_the_undo_as_well(folder: Path) -> None:
    edit(folder, RemoveItem(section="topics", item=0), UpdateItem(section="retention", values={"hits": "30d"}))
    edited = (folder / "topics.yaml").read_text()

    undone = undo_version(folder, {}, None, ORIGIN)

    assert (folder / "topics.yaml").read_text() == TOPICS
    assert (folder / "watcher.yaml").read_text() == MAIN
    undo_version(folder, {}, undone.number, ORIGIN)
    assert (folder / "topics.yaml").read_text() == edited


def test_a_file_that_was_edited_by_hand_since_is_not_undone(folder: Path) -> None:
    edit(folder, RemoveItem(section="topics", item=0))
    by_hand = (folder / "topics.yaml").read_text() + "# by hand\n"
    (folder / "topics.yaml").write_text(by_hand)

    with pytest.raises(ConflictError) as conflict:
        undo_version(folder, {}, None, ORIGIN)

    assert "# by hand" in conflict.value.current
    assert "its old name" in conflict.value.proposed
    assert (folder / "topics.yaml").read_text() == by_hand


def test_what_is_saved_by_hand_during_an_edit_is_not_overwritten(folder: Path) -> None:
    by_hand = TOPICS.replace("fvey", "ukusa-five")

    def plan(draft: Draft) -> None:
        draft.apply(RemoveItem(section="topics", item=1))
        (folder / "topics.yaml").write_text(by_hand)

    with pytest.raises(ConflictError, match=r"topics\.yaml"):
        edit_configuration(folder, {}, plan, ORIGIN)

    assert (folder / "topics.yaml").read_text() == by_hand
    assert read_versions(folder, {}) == ()


def test_nothing_is_there_to_be_undone_at_first(folder: Path) -> None:
    with pytest.raises(NotFoundError):
        undo_version(folder, {}, None, ORIGIN)


def test_two_writers_at_once_lose_nothing(folder: Path) -> None:
    def add(number: int) -> None:
        edit(folder, AddItem(section="topics", values={"id": f"t{number}", "query": "x"}))

    threads = [threading.Thread(target=add, args=(number,)) for number in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert {topic.id for topic in load(folder, {}).topics} == {"eyes", "storms", *(f"t{n}" for n in range(12))}
    assert [version.number for version in read_versions(folder, {})] == list(range(12, 0, -1))


def test_windows_line_ends_stay(folder: Path) -> None:
    (folder / "topics.yaml").write_bytes(TOPICS.replace("\n", "\r\n").encode())

    edit(folder, UpdateItem(section="topics", item=1, values={"name": "Storms"}))

    text = (folder / "topics.yaml").read_bytes().decode()
    assert "name: Storms" in text
    assert text.count("\n") == text.count("\r\n")


def test_versions_are_bounded_and_closed_to_other_users(folder: Path, tmp_path: Path) -> None:
    for number in range(MAX_VERSIONS + 3):
        edit(folder, UpdateItem(section="retention", values={"hits": f"{number + 1}d"}))

    kept = sorted((tmp_path / "var" / "configuration-history").iterdir())
    assert len(kept) == MAX_VERSIONS
    assert {stat.S_IMODE(path.stat().st_mode) for path in kept} == {0o600}
    assert stat.S_IMODE(kept[0].parent.stat().st_mode) == 0o700
    assert read_versions(folder, {}, 1)[0].number == MAX_VERSIONS + 3


def test_a_secret_goes_into_a_file_of_its_own_that_undo_finds_again(folder: Path, tmp_path: Path) -> None:
    def write(secret: str) -> None:
        def plan(draft: Draft) -> None:
            path = draft.secrets.write("web-password", secret)
            draft.apply(UpdateItem(section="web", values={"password_file": path}))

        edit_configuration(folder, {}, plan, ORIGIN)

    write("first-password")
    write("second-password")

    web = load(folder, {}).web
    assert web.password is not None
    assert web.password.get_secret_value() == "second-password"
    assert "password\n" not in (folder / "watcher.yaml").read_text()
    files = list((tmp_path / "var" / "secrets").iterdir())
    assert {stat.S_IMODE(path.stat().st_mode) for path in files} == {0o600}
    undo_version(folder, {}, None, ORIGIN)
    undone = load(folder, {}).web.password
    assert undone is not None
    assert undone.get_secret_value() == "first-password"


def test_a_refused_edit_leaves_no_secret_behind(folder: Path, tmp_path: Path) -> None:
    def plan(draft: Draft) -> None:
        path = draft.secrets.write("web-password", "short")
        draft.apply(UpdateItem(section="web", values={"password_file": path}))

    with pytest.raises(RefusedEditError) as refused:
        edit_configuration(folder, {}, plan, ORIGIN)

    assert "short" not in str(refused.value).replace("is shorter", "")
    assert list((tmp_path / "var" / "secrets").iterdir()) == []
