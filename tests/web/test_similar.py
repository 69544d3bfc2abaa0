"""More like this: the nearest entries by meaning, on the page and in the API."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.web.proposed import TITLES, propose
from tests.web.site import World, world
from watcher.app.similar import find_like_text
from watcher.errors import UsageError
from watcher.model.meaning import EncoderEngine, EncoderOptions
from watcher.model.results import Filters
from watcher.store.entries.queries import load_entries_after
from watcher.store.meaning.backlog import claim_entries
from watcher.store.meaning.embeddings import Embedding, hash_text, store_embeddings
from watcher.store.meaning.models import find_serving_model

pytest.importorskip("numpy")
ASKED, NEAR, FAR = bytes([127, 0, 0, 0]), bytes([100, 60, 0, 0]), bytes([0, 0, 127, 0])


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[World]:
    """A watcher whose entries are read for meaning, but for the last: the two that are proposed are near."""
    with world(tmp_path / "config") as made:
        made.news()
        propose(made)
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
    options = EncoderOptions(engine=EncoderEngine.NONE)

    with desk.app.database.read() as db, pytest.raises(UsageError, match="no encoder"):
        find_like_text(db, options, "Allies hold back", Filters(), desk.clock())
