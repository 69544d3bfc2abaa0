"""Every entry has a language and its feed's tags, in the matcher and in both databases; neither makes an edit."""

from __future__ import annotations

from datetime import timedelta
from hashlib import sha256

import pytest

from tests.moments import NOON
from tests.pipeline.polling import ingest_poll
from watcher.match import compile_topics, parse_query
from watcher.model.feed import FeedConfig, Validators
from watcher.model.poll import Document, Modified
from watcher.model.topic import Topic
from watcher.pipeline.ingest_result import IngestResult
from watcher.pipeline.outcomes import parse_response
from watcher.store.database import Database
from watcher.store.entries.queries import load_entry
from watcher.store.entries.search import search_entries
from watcher.store.feeds.configuration import sync_feeds
from watcher.store.feeds.leases import claim_due_feeds

HOUR = timedelta(hours=1)
URL = "https://post.example/feed"
ENGLISH = ("1", "Harbour closed", "The harbour authority closed the northern pier on Tuesday after a storm.", "")
FRENCH = ("2", "Port fermé", "Les autorités du port ont fermé mardi la jetée nord après la tempête.", "")
SWEDISH = ("3", "Storm", "Storm", "<dc:language>sv</dc:language>")
TAGGED = ("4", "Fog", "Fog in the west.", "<category>Sea</category><category>press</category>")


class Polls:
    """One feed that is polled again and again."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.now = NOON

    def configure(self, *tags: str, language: str | None = None) -> None:
        with self.database.write() as db:
            sync_feeds(db, [FeedConfig(url=URL, tags=tags, language=language)], NOON, HOUR)

    def poll(self, *items: tuple[str, str, str, str], language: str = "", query: str = "fog") -> IngestResult:
        self.now += HOUR
        written = "".join(
            f"<item><guid>{guid}</guid><title>{title}</title><description>{text}</description>{more}</item>"
            for guid, title, text, more in items
        )
        body = (
            "<rss version='2.0' xmlns:dc='http://purl.org/dc/elements/1.1/'><channel><title>Post</title>"
            f"<language>{language}</language>{written}</channel></rss>"
        ).encode()
        document = Document(
            url=URL,
            final_url=URL,
            status=200,
            headers={},
            body=body,
            body_hash=sha256(body).digest(),
            validators=Validators(),
        )
        matcher = compile_topics([Topic(id="t", name="t", query=query)])
        with self.database.write() as db:
            [held] = claim_due_feeds(db, self.now, limit=1, lease_for=HOUR, urls=[URL])
            outcome = parse_response(held, document)
            assert isinstance(outcome, Modified)
            return ingest_poll(db, held, outcome, matcher, self.now)

    def found(self, query: str) -> set[str]:
        with self.database.read() as db:
            page = search_entries(db, parse_query(query))
        return {match.stored.entry.item.title for match in page.items}


@pytest.fixture
def polls(database: Database) -> Polls:
    return Polls(database)


def test_every_entry_has_a_language_and_lang_uses_it(polls: Polls) -> None:
    polls.configure()

    settled = polls.poll(ENGLISH, FRENCH, SWEDISH, query="lang:fr AND (port OR harbour)")

    assert [stored.entry.item.language for stored in settled.new] == ["en", "fr", "sv"]
    assert [hit.entry_id for hit in settled.hits] == [settled.new[1].id]
    assert polls.found("lang:fr AND (port OR harbour)") == {"Port fermé"}
    assert polls.found("lang:en AND (port OR harbour)") == {"Harbour closed"}
    assert polls.found("lang:sv storm") == {"Storm"}


def test_configured_language_counts_before_the_text_and_after_the_item(polls: Polls) -> None:
    polls.configure(language="nl")

    settled = polls.poll(ENGLISH, SWEDISH, language="en")

    assert [stored.entry.item.language for stored in settled.new] == ["nl", "sv"]


def test_language_of_the_feed_gives_the_region_and_decides_short_texts(polls: Polls) -> None:
    polls.configure()

    settled = polls.poll(ENGLISH, FRENCH, TAGGED, language="en-gb")

    assert [stored.entry.item.language for stored in settled.new] == ["en-GB", "fr", "en-GB"]


def test_tag_of_a_feed_is_found_beside_the_categories_of_its_items(polls: Polls) -> None:
    polls.configure("Press", "daily news")

    settled = polls.poll(ENGLISH, TAGGED, query='tag:press AND tag:"daily news" AND tag:sea')

    assert [stored.entry.item.tags for stored in settled.new] == [
        ("Press", "daily news"),
        ("Sea", "press", "daily news"),
    ]
    [hit] = settled.hits
    assert hit.entry_id == settled.new[1].id
    tags = "\n".join(settled.new[1].entry.item.tags)
    assert {tags[part.start : part.end] for part in hit.evidence if part.field == "tags"} == {
        "press",
        "daily news",
        "Sea",
    }
    assert polls.found("tag:press") == {"Harbour closed", "Fog"}
    assert polls.found('tag:"daily news" fog') == {"Fog"}
    assert polls.found('tag:"press daily"') == set()


def test_changed_tags_and_languages_are_no_edits(polls: Polls) -> None:
    polls.configure("press")
    before = polls.poll(ENGLISH, FRENCH)

    polls.configure("wire", language="de")
    again = polls.poll(ENGLISH, FRENCH, TAGGED, language="en")

    assert again.edited == ()
    assert [stored.entry.item.tags for stored in again.new] == [("Sea", "press", "wire")]
    with polls.database.read() as db:
        kept = load_entry(db, before.new[0].id)
    assert (kept.entry.item.tags, kept.entry.item.language, kept.version) == (("press",), "en", 1)


def test_what_is_repeated_stays_known_unread(polls: Polls) -> None:
    polls.configure("press")
    polls.poll(ENGLISH, FRENCH)

    again = polls.poll(ENGLISH, FRENCH, TAGGED)

    assert isinstance(again.outcome, Modified)
    assert [item.repeated for item in again.outcome.parsed.items] == [True, True, False]


def test_edited_entry_gets_the_language_of_its_new_text(polls: Polls) -> None:
    polls.configure("press")
    polls.poll(ENGLISH)

    settled = polls.poll(("1", *FRENCH[1:]), query="tag:press lang:fr")

    [edited] = settled.edited
    assert (edited.entry.item.language, edited.entry.item.tags) == ("fr", ("press",))
    assert len(settled.hits) == 1
    assert polls.found("lang:fr port") == {"Port fermé"}
    assert polls.found("lang:en harbour") == set()
