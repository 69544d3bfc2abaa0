"""The first whole document after the upgrade gives entries their new keys, and stores what had been merged silently."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from tests import postgres
from tests.migrated import copy_migrated
from tests.pipeline.former_feeds import DOCUMENTS, FILE, MERGED, PRUNED, SITE, news, place
from tests.pipeline.served import NOON, News, Served
from tests.store import released
from watcher.match import compile_topics
from watcher.model.feed import IDENTITY_VERSION
from watcher.model.topic import Topic
from watcher.store.database import Database
from watcher.store.database.maintenance import find_database_faults, reindex_entries
from watcher.store.database.migrate import upgrade_schema
from watcher.store.feeds.poll_history import load_polls
from watcher.store.hits.search import find_hits

REPORTS = compile_topics([Topic(id="reports", name="Reports", query="harbour")])


def upgrade(url: str) -> None:
    """Load what version 1 stored, and give it today's schema."""
    with Database(url) as database:
        released.load(database, json.loads(FILE.read_text("utf-8")))
        upgrade_schema(database)
        reindex_entries(database)  # the words are not part of what was dumped


@pytest.fixture(scope="module")
def upgraded_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("former") / "former.db"
    upgrade(f"sqlite:///{path}")
    return path


@pytest.fixture(scope="module")
def upgraded_template(postgres_server: postgres.Server) -> Iterator[str]:
    postgres_server.execute("CREATE DATABASE former")
    upgrade(postgres_server.url("former"))
    yield "former"
    postgres_server.execute("DROP DATABASE former WITH (FORCE)")


@pytest.fixture(params=["sqlite", "postgresql"])
def upgraded(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """A database that version 1 filled, with today's schema: made once, and copied for each test."""
    if request.param == "sqlite":
        path = tmp_path / "former.db"
        copy_migrated(path, request.getfixturevalue("upgraded_file"))
        with Database(f"sqlite:///{path}", durable=False) as database:
            yield database
        return
    server: postgres.Server = request.getfixturevalue("postgres_server")
    name = f"former_{abs(hash(tmp_path))}"
    server.execute(f"CREATE DATABASE {name} TEMPLATE {request.getfixturevalue('upgraded_template')}")
    with Database(server.url(name)) as database:
        yield database
    server.execute(f"DROP DATABASE {name} WITH (FORCE)")


def serve(database: Database, name: str) -> Served:
    served = Served(database, f"{SITE}/{name}")
    served.now = NOON + timedelta(days=4)
    return served


@pytest.mark.parametrize("name", DOCUMENTS)
def test_the_first_poll_recovers_what_was_merged_and_alerts_nobody(upgraded: Database, name: str) -> None:
    served, document, merged = serve(upgraded, name), DOCUMENTS[name], MERGED.get(name, 0)
    if name == "sessions":
        document = [news(n, guid=f"third:{n}") for n in range(4)]

    first = served.poll(*document, matcher=REPORTS)

    assert (len(first.new), first.recovered, first.edited, first.lost, first.merged) == (merged, merged, (), 0, 0)
    assert all(stored.baseline for stored in first.new)
    assert len(served.titles) == len(document)
    assert (served.feed.document.identity_version, served.feed.stats.recovered) == (IDENTITY_VERSION, merged)
    with upgraded.read() as db:
        assert [poll.recovered for poll in load_polls(db, served.feed.id)] == [merged]
        assert all(hit.stored.baseline for hit in find_hits(db, limit=50).items)
    for again in (document, document[::-1], document[1:], document):
        later = served.poll(*again, matcher=REPORTS)
        assert (later.new, later.edited, later.lost, later.recovered) == ((), (), 0, 0)


@pytest.mark.parametrize(
    ("name", "fresh"),
    [
        ("sound", news(9)),
        ("permalinks", news(9, guid="http://former.example/9/", link="http://former.example/9/")),
        ("places", place(9)),
        ("undated", place(9, date=None)),
        ("links", news(9, guid=None, link=f"{SITE}/all")),
        ("trackers", news(9, guid=None, link=f"{SITE}/all?oc=9")),
        ("shared", news(9, guid="same")),
        ("front page", news(9, guid=f"{SITE}/", link=f"{SITE}/")),
        ("sessions", news(9, guid="third:9")),
    ],
)
def test_later_polls_alert(upgraded: Database, name: str, fresh: News) -> None:
    served = serve(upgraded, name)
    served.poll(*DOCUMENTS[name])

    settled = served.poll(fresh, *DOCUMENTS[name], matcher=REPORTS)

    assert [(stored.entry.item.title, stored.baseline) for stored in settled.new] == [(fresh.title, False)]
    assert (len(settled.hits), settled.edited) == (1, ())


def test_an_item_whose_former_key_is_unknown_is_news_in_the_first_poll(upgraded: Database) -> None:
    served = serve(upgraded, "sound")

    settled = served.poll(news(9), *DOCUMENTS["sound"])

    assert [(stored.entry.item.title, stored.baseline) for stored in settled.new] == [
        ("Report 9 of the harbour", False)
    ]
    assert settled.recovered == 0


def test_an_edit_in_the_first_poll_is_an_edit(upgraded: Database) -> None:
    for name in ("sound", "permalinks", "guids", "places"):
        served, document = serve(upgraded, name), DOCUMENTS[name]
        edited = News(**(document[0].__dict__ | {"title": "Corrected", "text": "Nobody was hurt."}))

        settled = served.poll(edited, *document[1:])

        assert [stored.entry.item.title for stored in settled.edited] == ["Corrected"], name
        assert settled.recovered == len(settled.new) == MERGED.get(name, 0)


def test_what_was_pruned_before_the_upgrade_does_not_return(upgraded: Database) -> None:
    served = serve(upgraded, "pruned")

    assert [len(served.poll(*PRUNED).new) for _turn in range(3)] == [0, 0, 0]


def test_an_item_that_returns_after_the_first_poll_is_known_by_its_id(upgraded: Database) -> None:
    served, document = serve(upgraded, "permalinks"), DOCUMENTS["permalinks"]
    served.poll(*document[:2])

    settled = served.poll(*document)

    assert (settled.new, settled.edited) == ((), ())


def test_a_delta_before_the_first_whole_document_leaves_the_upgrade_to_it(upgraded: Database) -> None:
    served = serve(upgraded, "places")

    pushed = served.poll(place(9), status=226)
    whole = served.poll(place(9), *DOCUMENTS["places"])

    assert [stored.baseline for stored in pushed.new] == [False]
    assert (whole.recovered, served.feed.document.identity_version) == (3, IDENTITY_VERSION)


def test_an_empty_document_leaves_the_upgrade_to_the_next(upgraded: Database) -> None:
    served = serve(upgraded, "places")
    served.poll()

    assert served.poll(*DOCUMENTS["places"]).recovered == 3


def test_the_upgrade_reads_each_document_whole_and_leaves_the_database_sound(upgraded: Database) -> None:
    for name, document in DOCUMENTS.items():
        served = serve(upgraded, name)
        before = served.feed
        assert (before.poll.body_hash, before.poll.validators.etag, before.document.item_marks) == (
            None,
            None,
            frozenset(),
        )
        served.poll(*document)

    assert find_database_faults(upgraded) == ()
