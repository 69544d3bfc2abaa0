"""Read state, stars, notes, saved views and facets through the API, with the client that is shipped."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.web.site import world_with_news
from watcher.client import ApiError, Client, ConflictError


@pytest.fixture
def address(tmp_path: Path) -> Iterator[str]:
    with world_with_news(tmp_path / "config") as made, made.served() as address:
        yield address


@pytest.fixture
def desk(address: str) -> Iterator[Client]:
    with Client(address) as made:
        yield made


def test_what_was_seen_and_starred_narrows_the_lists(desk: Client) -> None:
    hits = desk.list_hits(unread=True)["hits"]
    stories = desk.list_stories(unread=True)["stories"]
    assert len(hits) == 3
    assert len(stories) == 2
    story = next(story for story in stories if story["reports"] == 2)

    changed = desk.set_marks([f"story:{story['id']}"], seen=True)["changed"]
    desk.set_marks([f"entry:{hits[0]['entry']['id']}"], starred=True)

    assert len(changed) == 3
    assert [hit["topic"] for hit in desk.list_hits(unread=True)["hits"]] == ["cyber"]
    assert [other["reports"] for other in desk.list_stories(unread=True)["stories"]] == [1]
    assert [hit["id"] for hit in desk.list_hits(starred=True)["hits"]] == [hits[0]["id"]]
    [mark] = desk.get_marks([f"entry:{hits[0]['entry']['id']}"])["marks"]
    assert (mark["starred"], mark["seen_at"]) == (True, None)
    desk.set_marks(changed, seen=False)
    assert len(desk.list_hits(unread=True)["hits"]) == 3


def test_a_note_is_written_edited_handed_on_and_deleted(desk: Client) -> None:
    target = f"entry:{desk.list_hits()['hits'][0]['entry']['id']}"
    note = desk.add_note(target, "First.", ["desk", "Ben"], idempotency_key="one")
    assert desk.add_note(target, "First.", ["desk", "Ben"], idempotency_key="one")["id"] == note["id"]

    edited = desk.edit_note(note["id"], 1, "Second.", ["desk"])
    with pytest.raises(ConflictError) as refused:
        desk.edit_note(note["id"], 1, "Third.")

    assert (edited["version"], edited["mentions"], edited["author"]) == (2, ["desk"], "desk")
    assert (refused.value.current, refused.value.proposed) == ("Second.", "Third.")
    assert [version["text"] for version in desk.list_note_versions(note["id"])["versions"]] == ["First."]
    assert [version["id"] for version in desk.list_notes(handed=True)["notes"]] == [note["id"]]
    assert desk.finish_note(note["id"])["done"] == ["desk"]
    assert desk.list_notes(handed=True)["notes"] == []
    assert desk.get_marks([target])["marks"][0]["notes"] == 1
    assert desk.delete_note(note["id"])["deleted_at"] is not None
    assert desk.list_notes(target=[target])["notes"] == []
    assert desk.restore_note(note["id"])["deleted_at"] is None
    assert [version["text"] for version in desk.list_notes()["notes"]] == ["Second."]


def test_notes_are_listed_page_by_page(desk: Client) -> None:
    target = f"entry:{desk.list_hits()['hits'][0]['entry']['id']}"
    for number in range(5):
        desk.add_note(target, f"Note {number}.")

    first = desk.list_notes(limit=3)
    rest = desk.list_notes(limit=3, cursor=first["next_cursor"])

    texts = [note["text"] for page in (first, rest) for note in page["notes"]]
    assert texts == [f"Note {number}." for number in (4, 3, 2, 1, 0)]
    assert rest["next_cursor"] is None


def test_views_are_counted_ordered_renamed_and_their_feeds_served(desk: Client, address: str) -> None:
    eyes = desk.add_view("Eyes", "hits", {"topic": ["eyes"], "unread": ["1"]})
    searched = desk.add_view("Orders", "hits", {"q": ["order"]})
    stories = desk.add_view("Stories", "stories", {})
    assert (eyes["unread"], searched["unread"], stories["unread"]) == (2, 1, 2)

    ordered = desk.order_views([stories["id"], eyes["id"]])["views"]
    desk.update_view(eyes["id"], name="The alliance", params={"topic": ["eyes"]})
    desk.set_marks([f"entry:{hit['entry']['id']}" for hit in desk.list_hits(topic=["eyes"])["hits"]], seen=True)

    assert [view["name"] for view in ordered] == ["Stories", "Eyes", "Orders"]
    listed = {view["name"]: view for view in desk.list_views()["views"]}
    assert {name: view["unread"] for name, view in listed.items()} == {"Stories": 1, "The alliance": 0, "Orders": 1}
    feed = httpx.get(address + listed["The alliance"]["feed"], trust_env=False)
    assert feed.text.count("<entry>") == 2
    desk.delete_view(eyes["id"])
    assert httpx.get(address + listed["The alliance"]["feed"], trust_env=False).status_code == 404
    assert desk.restore_view(eyes["id"])["name"] == "The alliance"
    with pytest.raises(ApiError, match="another name"):
        desk.add_view("Orders", "hits", {})


def test_facets_count_what_the_filters_leave(desk: Client) -> None:
    facets = desk.count_hit_facets()
    assert {topic["value"]: topic["count"] for topic in facets["topics"]} == {"eyes": 2, "cyber": 1}
    assert {topic["value"]: topic["count"] for topic in facets["sources"]} == {
        "The Capital Ledger": 2,
        "The Harbour Post": 1,
    }
    assert [topic["count"] for topic in facets["days"]] == [3]

    narrowed = desk.count_hit_facets(source=["The Harbour Post"])
    stories = desk.count_story_facets()

    assert [topic["value"] for topic in narrowed["topics"]] == ["eyes"]
    assert {topic["value"]: topic["count"] for topic in stories["sources"]} == {
        "The Capital Ledger": 2,
        "The Harbour Post": 1,
    }
    with pytest.raises(ApiError, match="no facets"):
        desk.count_hit_facets(q="order")


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("PUT", "/marks", {"targets": ["entry:1"]}, 400),
        ("PUT", "/marks", {"targets": ["hit:1"], "seen": True}, 400),
        ("PUT", "/marks", {"targets": ["entry:999"], "seen": True}, 404),
        ("PUT", "/marks", {"targets": [], "seen": True}, 422),
        ("POST", "/notes", {"target": "entry:999", "text": "x"}, 404),
        ("POST", "/notes", {"target": "entry:1", "text": "\u0000"}, 422),
        ("PATCH", "/notes/9", {"version": 1, "text": "x"}, 404),
        ("POST", "/views", {"name": "x", "params": {"topic": ["none"]}}, 400),
        ("POST", "/views", {"name": "x", "params": {"cursor": ["1"]}}, 400),
        ("PATCH", "/views/9", {"name": "x"}, 404),
        ("DELETE", "/views/9", None, 404),
    ],
)
def test_what_cannot_be_done_is_a_problem_and_stores_nothing(
    address: str, desk: Client, method: str, path: str, body: object, status: int
) -> None:
    answer = httpx.request(method, f"{address}/api/v1{path}", json=body, trust_env=False)

    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"].startswith("application/problem+json")
    assert desk.list_views()["views"] == []
    assert desk.list_notes()["notes"] == []
