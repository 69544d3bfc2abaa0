"""The Atom feed of digests, read by a reader of feeds."""

from __future__ import annotations

import feedparser

from tests.moments import NOON
from watcher.app.export import export_digests_atom
from watcher.model.digest import Coverage
from watcher.store.digests.queries import StoredDigest


def composed(**how: object) -> StoredDigest:
    given: dict[str, object] = {
        "id": 7, "name": "daily", "title": "The day", "slot_at": NOON, "window": (NOON, NOON), "composed_at": NOON,
        "hits": 1, "stories": 1, "sent": True, "coverage": Coverage(), "subject": "The day: <1> story & more",
        "html": "<p>It is <b>said</b> & done\x0b</p>", "text": "It is said",
    }  # fmt: skip
    return StoredDigest(**(given | how))  # type: ignore[arg-type]


def test_digests_are_a_feed_that_readers_read() -> None:
    atom = export_digests_atom(
        "Digests", "urn:news-watcher:digests", [composed(), composed(id=6, sent=False), composed(id=5, html="")]
    )

    read = feedparser.parse(atom.encode())
    assert not read.bozo
    assert [entry.id for entry in read.entries] == ["urn:news-watcher:digests:7", "urn:news-watcher:digests:5"]
    assert read.entries[0].title == "The day: <1> story & more"
    assert "<b>said</b>" in read.entries[0].content[0].value
    assert read.entries[1].content[0].value == "It is said"


def test_a_feed_of_no_digests_is_one_too() -> None:
    assert not feedparser.parse(export_digests_atom("Digests", "urn:x", []).encode()).bozo
