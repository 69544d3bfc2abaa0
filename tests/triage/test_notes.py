"""Notes: who wrote what and when, with history; handed to colleagues; nothing of two writers is lost."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest

from tests.store.filled import NOON, bring, item, topics
from watcher.app.triage import notes as use_cases
from watcher.errors import ConflictError, UsageError
from watcher.model.triage import MAX_NOTE_CHARACTERS, Target, TargetKind
from watcher.store.database import Database
from watcher.store.database.pruning import Retention, prune_database
from watcher.store.hits.search import find_hits
from watcher.store.stories.decisions import merge_stories, undo_story_decision
from watcher.store.stories.queries import find_stories
from watcher.store.triage.notes import (
    count_handed_notes,
    count_notes,
    get_note,
    list_handed_notes,
    list_note_versions,
    list_notes,
    set_mention_done,
)

WATCHED = topics(eyes="eyes", harbour="harbour")
LATER = NOON + timedelta(minutes=5)


@pytest.fixture
def target(database: Database) -> Target:
    return fill(database)


def fill(database: Database) -> Target:
    items = [item(1, "Five Eyes meet"), item(2, "Harbour closed by fog")]
    bring(database, items, now=NOON - timedelta(hours=1), matcher=WATCHED)
    with database.read() as db:
        return Target(TargetKind.ENTRY, find_hits(db).items[0].stored.id)


def test_a_note_shows_who_wrote_it_and_is_handed_to_those_it_names(database: Database, target: Target) -> None:
    with database.write() as db:
        text = "Ask @ben.okafor about it, not x@y.example."
        note = use_cases.write_note(db, target, text, ["Cleo Lindt", ""], author="Ann", now=NOON)

    assert (note.author, note.written_at, note.version) == ("Ann", NOON, 1)
    assert note.mentions == ("Cleo Lindt", "ben.okafor")
    with database.read() as db:
        assert [handed.id for handed in list_handed_notes(db, "Cleo Lindt")] == [note.id]
        assert count_handed_notes(db, "Ann") == 0


def test_who_dealt_with_a_note_does_not_see_it_waiting_and_the_others_do(database: Database, target: Target) -> None:
    with database.write() as db:
        note = use_cases.write_note(db, target, "Look.", ["Ben", "Cleo"], author="Ann", now=NOON)
        set_mention_done(db, note.id, "Ben", done=True, now=LATER)

        assert (count_handed_notes(db, "Ben"), count_handed_notes(db, "Cleo")) == (0, 1)
        assert get_note(db, note.id).done == ("Ben",)
        set_mention_done(db, note.id, "Ben", done=False, now=LATER)
        assert count_handed_notes(db, "Ben") == 1
        with pytest.raises(UsageError, match="not handed to you"):
            set_mention_done(db, note.id, "Dora", done=True, now=LATER)


def test_an_edit_keeps_the_former_text_and_deleting_can_be_undone(database: Database, target: Target) -> None:
    with database.write() as db:
        note = use_cases.write_note(db, target, "First.", ["Ben"], author="Ann", now=NOON)

        edited = use_cases.rewrite_note(db, note.id, 1, "Second.", [], author="Ann", now=LATER)
        use_cases.delete_note(db, note.id, author="Ann", now=LATER)
        assert list_notes(db, [target]) == ()
        use_cases.restore_note(db, note.id, author="Ann", now=LATER)

        assert (edited.text, edited.version, edited.edited_at, edited.mentions) == ("Second.", 2, LATER, ())
        [former] = list_note_versions(db, note.id)
        assert (former.text, former.replaced_by, former.replaced_at) == ("First.", "Ann", LATER)
        assert [listed.text for listed in list_notes(db, [target])] == ["Second."]
        assert count_notes(db, TargetKind.ENTRY, [target.id]) == {target.id: 1}


def test_an_edit_of_what_was_changed_meanwhile_is_refused(database: Database, target: Target) -> None:
    with database.write() as db:
        note = use_cases.write_note(db, target, "First.", [], author="Ann", now=NOON)
        use_cases.rewrite_note(db, note.id, 1, "Second.", [], author="Ann", now=LATER)

        with pytest.raises(ConflictError) as refused:
            use_cases.rewrite_note(db, note.id, 1, "Third.", [], author="Ann", now=LATER)

    assert (refused.value.current, refused.value.proposed) == ("Second.", "Third.")


def test_two_tabs_that_save_at_once_keep_both_texts(database: Database) -> None:
    target = fill(database)
    with database.write() as db:
        note = use_cases.write_note(db, target, "First.", [], author="Ann", now=NOON)
    gate, outcomes = threading.Barrier(2), []

    def save(text: str) -> None:
        gate.wait(10)
        try:
            with database.write() as db:
                use_cases.rewrite_note(db, note.id, 1, text, [], author="Ann", now=LATER)
            outcomes.append(text)
        except ConflictError as refused:
            outcomes.append(f"refused, now {refused.current}")

    threads = [threading.Thread(target=save, args=(text,)) for text in ("Left.", "Right.")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)

    with database.read() as db:
        kept = get_note(db, note.id)
        assert kept.text in {"Left.", "Right."}
        assert kept.version == 2
        assert [former.text for former in list_note_versions(db, note.id)] == ["First."]
    assert sorted(outcomes) == sorted([kept.text, f"refused, now {kept.text}"])


def test_only_its_author_changes_a_note(database: Database, target: Target) -> None:
    with database.write() as db:
        note = use_cases.write_note(db, target, "Mine.", [], author="Ann", now=NOON)
        with pytest.raises(UsageError, match="Only Ann"):
            use_cases.rewrite_note(db, note.id, 1, "Yours.", [], author="Ben", now=LATER)
        with pytest.raises(UsageError, match="Only Ann"):
            use_cases.delete_note(db, note.id, author="Ben", now=LATER)
        assert get_note(db, note.id).text == "Mine."


def test_notes_stay_with_a_story_that_was_joined_to_another_and_return_when_that_is_undone(
    database: Database, target: Target
) -> None:
    with database.write() as db:
        first, other = (Target(TargetKind.STORY, story.id) for story in find_stories(db).items)
        use_cases.write_note(db, other, "About the other.", [], author="Ann", now=NOON)

        decision = merge_stories(db, first.id, other.id, LATER)
        assert [note.text for note in list_notes(db, [first])] == ["About the other."]
        assert count_notes(db, TargetKind.STORY, [first.id]) == {first.id: 1}
        undo_story_decision(db, decision.id, LATER)

        assert list_notes(db, [first]) == ()
        assert [note.text for note in list_notes(db, [other])] == ["About the other."]


def test_a_noted_entry_outlives_the_retention(database: Database, target: Target) -> None:
    with database.write() as db:
        use_cases.write_note(db, target, "Keep.", [], author="Ann", now=NOON)

    prune_database(database, Retention(), NOON + timedelta(days=2_000))

    with database.read() as db:
        assert [hit.stored.id for hit in find_hits(db).items] == [target.id]


@pytest.mark.parametrize(
    ("text", "to"),
    [
        pytest.param("", [], id="no text"),
        pytest.param(" \r\n ", [], id="spaces"),
        pytest.param("x" * (MAX_NOTE_CHARACTERS + 1), [], id="too long"),
        pytest.param("bell \x07", [], id="control character"),
        pytest.param("x", ["n" * 81], id="long name"),
        pytest.param("x", ["a\nb"], id="name of two lines"),
        pytest.param("x", [f"name{n}" for n in range(21)], id="many names"),
    ],
)
def test_a_note_beyond_its_bounds_is_refused(database: Database, target: Target, text: str, to: list[str]) -> None:
    with database.write() as db:
        with pytest.raises(UsageError):
            use_cases.write_note(db, target, text, to, author="Ann", now=NOON)
        assert list_notes(db, [target]) == ()
