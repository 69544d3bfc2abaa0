"""The topic builder edits sentences beside the query, and notices a topic that was edited by hand meanwhile."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.web.proposed import SENTENCE, world_with_proposals
from tests.web.site import World
from tests.web.test_gate import form_token
from watcher.model.topic import Topic


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[World]:
    """A watcher with a topic of sentences."""
    with world_with_proposals(tmp_path / "config") as made:
        yield made


def open_editor(client: httpx.Client, topic: str) -> dict[str, str]:
    """Return the fields of the editor, as a browser would send them back."""
    page = client.get(f"/workbench?topic={topic}")
    was = page.text.split('name="was" value="')[1].split('"')[0]
    return {"csrf": form_token(page), "id": topic, "was": was, "look": "save", "since": "30d"}


def find_topic(desk: World, topic_id: str) -> Topic:
    return next(topic for topic in desk.app.settings.topics if topic.id == topic_id)


def test_sentences_are_shown_and_saved_beside_the_query(desk: World) -> None:
    with desk.client() as client:
        fields = open_editor(client, "eyes")
        page = client.get("/workbench?topic=eyes").text
        answer = client.post(
            "/workbench",
            data=fields
            | {"query": '"five eyes"', "about": f"{SENTENCE}\n  A partner\u00a0is  told less. ", "not_about": "",
               "examples": "Dienste teilen weniger", "not_examples": ""},
        )  # fmt: skip

    saved = find_topic(desk, "eyes")
    assert SENTENCE in page
    assert answer.status_code in (200, 303)
    assert saved.about == (SENTENCE, "A partner is told less.")
    assert (saved.not_about, saved.examples) == ((), ("Dienste teilen weniger",))
    assert saved.query.strip() == '"five eyes"'


def test_a_form_without_sentences_leaves_them_as_they_are(desk: World) -> None:
    with desk.client() as client:
        client.post("/workbench", data=open_editor(client, "eyes") | {"query": "fvey"})

    assert find_topic(desk, "eyes").about == (SENTENCE,)
    assert find_topic(desk, "eyes").query.strip() == "fvey"


def test_a_topic_can_be_saved_with_sentences_alone(desk: World) -> None:
    with desk.client() as client:
        fields = open_editor(client, "new")
        client.post("/workbench", data=fields | {"query": " ", "about": "A bridge is closed.", "examples": ""})

    assert find_topic(desk, "new").about == ("A bridge is closed.",)
    assert not find_topic(desk, "new").has_query


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (SENTENCE, "Allies tell each other less."),
        ('"five eyes" OR fvey', '"five eyes"'),
        ("name: Five Eyes", "name: Eyes"),
    ],
)
def test_a_topic_edited_by_hand_meanwhile_is_shown_beside_the_draft(desk: World, before: str, after: str) -> None:
    file = desk.folder / "topics.yaml"

    with desk.client() as client:
        draft = open_editor(client, "eyes") | {"query": "draft", "about": "A draft of a sentence.", "examples": ""}
        file.write_text(file.read_text("utf-8").replace(before, after), "utf-8")
        edited = file.read_text("utf-8")
        answer = client.post("/workbench", data=draft)
        unchanged = file.read_text("utf-8")
        draft["was"] = answer.text.split('name="was" value="')[1].split('"')[0]
        again = client.post("/workbench", data=draft)

    assert answer.status_code == 409
    assert "changed by somebody else" in answer.text
    assert "A draft of a sentence." in answer.text
    assert unchanged == edited
    assert again.status_code in (200, 303)
    assert find_topic(desk, "eyes").about == ("A draft of a sentence.",)


def test_a_topic_removed_by_hand_meanwhile_is_not_brought_back_unasked(desk: World) -> None:
    with desk.client() as client:
        draft = open_editor(client, "cyber") | {"query": "draft"}
        (desk.folder / "topics.yaml").write_text("topics:\n  - {id: eyes, query: fvey}\n", "utf-8")
        answer = client.post("/workbench", data=draft)

    assert answer.status_code == 409
    assert "The topic was removed." in answer.text


def test_a_new_topic_does_not_replace_one_of_the_same_id(desk: World) -> None:
    with desk.client() as client:
        answer = client.post("/workbench", data=open_editor(client, "") | {"id": "eyes", "query": "draft"})

    assert answer.status_code == 409
    assert SENTENCE in answer.text


def test_hostile_sentences_stay_words(desk: World) -> None:
    with desk.client() as client:
        fields = open_editor(client, "eyes") | {"look": "try", "query": "fvey", "examples": ""}
        page = client.post("/workbench", data=fields | {"about": "</textarea><script>alert(1)</script>"}).text

    assert "<script>alert(1)" not in page
