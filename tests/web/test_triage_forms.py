"""Forms of the list: read without a script, refused without their token, and hostile texts shown as texts."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.web.hostile import HOSTILE
from tests.web.proposed import world_with_proposals
from tests.web.site import World, world_with_news
from watcher.app.triage.views import save_view
from watcher.model.triage import TargetKind, ViewPage
from watcher.store.hits.search import find_hits
from watcher.store.meaning.proposals import list_proposals
from watcher.store.stories.queries import find_stories
from watcher.store.triage.marks import load_marks
from watcher.store.triage.notes import get_note, list_newest_notes
from watcher.store.triage.views import list_views

NEXT = {"next": "/hits"}


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[World]:
    with world_with_proposals(tmp_path / "config") as made:
        yield made


@pytest.fixture
def client(desk: World) -> Iterator[httpx.Client]:
    with desk.client() as made:
        yield made


def read_token(client: httpx.Client) -> str:
    match = re.search(r'name="csrf" content="([^"]+)"', client.get("/hits").text)
    assert match
    return match[1]


def find_entry(desk: World) -> int:
    with desk.app.database.read() as db:
        return find_hits(db).items[0].stored.id


def post(client: httpx.Client, path: str, **fields: object) -> httpx.Response:
    return client.post(path, data={"csrf": read_token(client), **fields})


@pytest.mark.parametrize(
    ("path", "fields"),
    [
        ("/triage", {"act": "star entry:3"}),
        ("/notes", {"target": "entry:3", "text": "x"}),
        ("/notes/1/edit", {"version": "1", "text": "x"}),
        ("/notes/1/delete", {}),
        ("/notes/1/restore", {}),
        ("/notes/1/done", {}),
        ("/views", {"name": "x", "page": "hits", "params": ""}),
        ("/views/1/rename", {"name": "x"}),
        ("/views/1/move", {"to": "up"}),
        ("/views/1/delete", {}),
        ("/views/1/restore", {}),
    ],
)
@pytest.mark.parametrize("token", ["", "wrong"])
def test_a_form_without_its_token_changes_nothing(
    client: httpx.Client, desk: World, path: str, fields: dict[str, str], token: str
) -> None:
    entry = find_entry(desk)
    post(client, "/notes", target=f"entry:{entry}", text="Before.", to="desk")
    post(client, "/views", name="Before", page="hits", params="topic=eyes")

    refused = client.post(path, data={**fields, "csrf": token})

    assert refused.status_code == 403
    with desk.app.database.read() as db:
        [note] = list_newest_notes(db)
        assert (note.text, note.version, note.done) == ("Before.", 1, ())
        assert [view.name for view in list_views(db, "desk")] == ["Before"]
        assert load_marks(db, "desk", TargetKind.ENTRY, [entry]) == {}


def test_rows_are_marked_and_starred_without_a_script(client: httpx.Client, desk: World) -> None:
    text = client.get("/hits").text
    rows = re.findall(r'form="marks" name="target" value="([^"]+)"', text)
    assert len(rows) == 2

    assert post(client, "/triage", act=f"star {rows[0].split(',')[0]}", **NEXT).headers["location"] == "/hits"
    assert post(client, "/triage", act=f"above {rows[1]}", target=rows, **NEXT).status_code == 303

    shown = client.get("/hits").text
    assert 'class="hit unread' not in shown
    assert shown.count('value="unstar ') == 1
    assert "No hit matches" in client.get("/hits?unread=1").text
    assert client.get("/hits?starred=1").text.count('<li class="hit') == 1
    post(client, "/triage", act=f"unread {rows[0]}", **NEXT)
    assert client.get("/hits?unread=1").text.count('<li class="hit unread') == 1


def test_proposals_and_stories_are_marked_like_hits(client: httpx.Client, desk: World) -> None:
    with desk.app.database.read() as db:
        proposal, story = list_proposals(db).items[0].id, find_stories(db).items[0].id

    assert client.get("/proposals").text.count('class="hit unread') == 2
    post(client, "/triage", act=f"read proposal:{proposal}")
    post(client, "/triage", act=f"read story:{story}")

    assert client.get("/proposals").text.count('class="hit unread') == 1
    assert f'<li class="hit" data-hit="story:{story}@' in client.get("/stories").text


def test_all_rows_are_marked_and_nothing_where_there_are_none(client: httpx.Client, desk: World) -> None:
    rows = re.findall(r'form="marks" name="target" value="([^"]+)"', client.get("/hits").text)

    assert post(client, "/triage", act="all", target=rows, **NEXT).status_code == 303
    assert post(client, "/triage", act="all", **NEXT).status_code == 303
    assert 'class="hit unread' not in client.get("/hits").text


@pytest.mark.parametrize(
    ("path", "fields", "status"),
    [
        ("/triage", {"act": "burn entry:1"}, 400),
        ("/triage", {"act": "star nothing"}, 400),
        ("/triage", {"act": "star entry:99999"}, 404),
        ("/triage", {"act": "above entry:1", "target": "entry:2"}, 400),
        ("/notes", {"target": "entry:99999", "text": "x"}, 404),
        ("/notes", {"target": "entry:1", "text": "  "}, 400),
        ("/notes", {"target": "hit:1", "text": "x"}, 400),
        ("/notes/9/edit", {"version": "1", "text": "x"}, 404),
        ("/notes/9/edit", {"version": "x", "text": "x"}, 400),
        ("/notes/9/delete", {}, 404),
        ("/notes/9/done", {}, 404),
        ("/views", {"name": "", "page": "hits", "params": ""}, 400),
        ("/views", {"name": "x", "page": "feeds", "params": ""}, 400),
        ("/views", {"name": "x", "page": "hits", "params": "cursor=1"}, 400),
        ("/views", {"name": "x", "page": "hits", "params": "topic=none"}, 400),
        ("/views", {"name": "x", "page": "hits", "params": "q=("}, 400),
        ("/views", {"name": "x", "page": "proposals", "params": "state=odd"}, 400),
        ("/views/9/rename", {"name": "x"}, 404),
        ("/views/9/move", {"to": "sideways"}, 400),
        ("/views/9/delete", {}, 404),
    ],
)
def test_what_a_form_cannot_mean_is_refused_in_words(
    client: httpx.Client, path: str, fields: dict[str, str], status: int
) -> None:
    answer = post(client, path, **fields)

    assert answer.status_code == status
    assert "Traceback" not in answer.text
    assert client.get("/views").status_code == 200


def test_a_note_that_was_changed_meanwhile_keeps_the_other_text(client: httpx.Client, desk: World) -> None:
    post(client, "/notes", target=f"entry:{find_entry(desk)}", text="First.")
    assert post(client, "/notes/1/edit", version=1, text="Second.").status_code == 303

    assert post(client, "/notes/1/edit", version=1, text="Third.").status_code == 412

    with desk.app.database.read() as db:
        assert get_note(db, 1).text == "Second."
    assert "First." in client.get(f"/entries/{find_entry(desk)}").text


def test_hostile_texts_of_notes_views_and_names_stay_texts(client: httpx.Client, desk: World) -> None:
    entry = find_entry(desk)
    nasty = f"{HOSTILE[0] if isinstance(HOSTILE, (list, tuple)) else HOSTILE}<script>alert(1)</script>\"'><img src=x>"[
        :300
    ]
    post(client, "/notes", target=f"entry:{entry}", text=nasty, to="<b onclick=x>, desk")
    post(client, "/views", name=nasty[:80], page="hits", params="source=" + nasty.replace("&", ""))

    for path in ("/notes", "/views", "/hits", "/stories", f"/entries/{entry}"):
        text = client.get(path).text
        assert "<script>alert" not in text
        assert "<img src=x" not in text
        assert "<b onclick" not in text
    with desk.app.database.read() as db:
        key = list_views(db, "desk")[0].key
    feed = client.get(f"/views/{key}.atom")
    assert feed.status_code == 200
    assert "<script>" not in feed.text


def test_a_feed_of_a_view_needs_the_login_and_its_key(tmp_path: Path) -> None:
    with world_with_news(tmp_path / "config", web="token: averyverylongtokenindeed-0123456789") as made:
        with made.app.database.write() as db:
            view = save_view(db, "desk", "Stories", ViewPage.STORIES, {"unread": ["1"]}, made.clock())
        with made.client() as client:
            assert client.get(f"/views/{view.key}.atom").status_code in {303, 401}
            headers = {"Authorization": "Bearer averyverylongtokenindeed-0123456789"}
            feed = client.get(f"/views/{view.key}.atom", headers=headers)
            assert client.get("/views/1.atom", headers=headers).status_code == 404

    assert feed.status_code == 200
    assert feed.text.count("<entry>") == 2
    assert f"{view.key}.atom" in feed.text
