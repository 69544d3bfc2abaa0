"""Media files of an item are stored with its entry and shown, and are no part of its text."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from tests.store.filled import NOON, bring, item
from watcher.contract.entries import encode_entry
from watcher.model.entry import Enclosure
from watcher.store.database import Database
from watcher.store.entries.queries import load_entries_after

MP3 = Enclosure(url="https://cdn.example/1.mp3?t=1", type="audio/mpeg", bytes=1234)
VIDEO = Enclosure(url="https://cdn.example/größe.mp4")


def test_enclosures_are_stored_and_read_again(database: Database) -> None:
    bring(database, [item(1, "A show", enclosures=(MP3, VIDEO)), item(2, "A report")])

    with database.read() as db:
        stored = sorted(load_entries_after(db), key=lambda entry: entry.entry.item.guid or "")
    assert [entry.entry.item.enclosures for entry in stored] == [(MP3, VIDEO), ()]
    assert encode_entry(stored[0])["enclosures"][0] == {
        "url": "https://cdn.example/1.mp3?t=1",
        "type": "audio/mpeg",
        "bytes": 1234,
    }
    assert encode_entry(stored[1])["enclosures"] == []


def test_another_enclosure_alone_is_no_edit(database: Database) -> None:
    show = item(1, "A show", "What was said.", enclosures=(MP3,))
    bring(database, [show])

    settled = bring(
        database,
        [replace(show, enclosures=(replace(MP3, url="https://cdn.example/1.mp3?t=2"),))],
        now=NOON + timedelta(hours=1),
    )

    assert settled.edited == ()
