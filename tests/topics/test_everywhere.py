"""One query, one meaning: what topic care says of an archive is what matching each entry by itself says."""

from __future__ import annotations

from functools import cache

import pytest

from tests.store.filled import NOON
from tests.topics.news import print_news
from watcher.match import TopicMatcher, compile_topics, format_query, match_entry, parse_query
from watcher.model.entry import StoredEntry
from watcher.model.topic import Topic
from watcher.settings import Settings, load
from watcher.settings.folders import shipped_folder
from watcher.store.database import Database
from watcher.store.entries.queries import load_entries_after
from watcher.store.hits.search import find_hits
from watcher.topics.archive_scan import ArchiveScan
from watcher.topics.cost import measure_cost
from watcher.topics.diff import diff_queries
from watcher.topics.named_query import parse_named_query
from watcher.topics.probe import probe_topic
from watcher.topics.query_test import count_matches, search_archive
from watcher.topics.replay import replay_topics

NEWS = (
    "Five Eyes ministers meet in Ottawa|The intelligence alliance speaks of cyber threats.",
    "A spider with five eyes is found|Biologists are pleased.",
    "US pauses cyber operations against Russia|Cyber Command was told to stand down.",
    "Russian hackers hit a hospital|Ransomware again, says the US agency CISA.",
    "Washington stops sharing intelligence with Kyiv|Allies are worried, an official says.",
    "Allies weigh what to share with Washington|Secrets may no longer flow to the U.S. as before.",
    "Альянс «Пять глаз» обсуждает обмен разведданными с США|Союзники осторожны.",
    "США приостановили кибероперации против России|Пентагон не комментирует.",
    "五眼联盟讨论与美国的情报共享|消息人士称盟国担心。",
    "Cinco Ojos: la alianza de inteligencia se reúne|Estados Unidos y sus aliados.",
    "ملف: تحالف العيون الخمس يناقش تبادل المعلومات|واشنطن والحلفاء",
    "Intel shares rise as chip demand grows|The company beats the market.",
    "Five-Eyes partners' warning: état d'alerte|The allies' agencies warn of hackers.",
    "U.S.-UK pact; NATO's role; it told us|=US or not.",
    "Nothing of note happens in Port Example|A quiet day.",
    "The Kremlin and the White House speak of a reset|Trump and Putin met; talks go on.",
)
QUERIES = (
    "five eyes", '"five eyes"', '="Five Eyes"', "=US", "us", "share~", "intel*", "w?rn*", "cyber NEAR/3 russia",
    "russia ONEAR/6 cyber", "(us OR usa) NOT hackers", "intelligence NOT NEAR/2 alliance", "title:washington",
    "content:washington OR summary:secrets", "lang:en allies", "ATLEAST/2 (five OR eyes)", "FIRST/2 (five)",
    '"五眼联盟"', "五眼", "nation~ OR america~", "partner~", "пять глаз", "разведданн*",
    "العيون", "état", "source:harbour five", "url:harbour russia", "lang:en",
    '"u.s. uk pact"', "domain:harbour.example nato",
)  # fmt: skip


@cache
def settings() -> Settings:
    return load(shipped_folder(), {})


@cache
def shipped() -> TopicMatcher:
    return compile_topics(settings().topics, settings().sets)


def everything(database: Database) -> list[StoredEntry]:
    with database.read() as db:
        return list(load_entries_after(db, limit=1000))


def test_the_archive_gives_what_matching_each_entry_gives(database: Database) -> None:
    print_news(database, *NEWS)
    stored = everything(database)

    for query in map(parse_query, QUERIES):
        expected = {entry.id: evidence for entry in stored if (evidence := match_entry(query, entry)) is not None}
        tested = search_archive(ArchiveScan(database), query, limit=100)

        assert {match.stored.id: match.evidence for match in tested.matches} == expected, format_query(query)
        assert (tested.tested, tested.count) == (len(NEWS), len(expected))


def test_counting_many_queries_at_once_counts_each(database: Database) -> None:
    print_news(database, *NEWS)
    stored = everything(database)
    queries = {query: parse_query(query) for query in QUERIES}

    matched, tested = count_matches(ArchiveScan(database), queries)

    assert tested == len(NEWS)
    assert {query: matched.get(query, 0) for query in QUERIES} == {
        query: sum(match_entry(read, entry) is not None for entry in stored) for query, read in queries.items()
    }


@pytest.mark.parametrize("topic", ["five-eyes", "intelligence-sharing", "cyber-ops-russia"])
def test_the_shipped_topics_can_be_weighed_probed_and_compared(database: Database, topic: str) -> None:
    named = parse_named_query(
        next(shipped.query for shipped in settings().topics if shipped.id == topic), settings().sets
    )
    print_news(database, *NEWS)
    expected = [shipped.id for shipped in everything(database) if match_entry(named.query, shipped) is not None]

    weighed = measure_cost(ArchiveScan(database), topic, named)
    probed = probe_topic(ArchiveScan(database), topic, named, limit=100)
    compared = diff_queries(ArchiveScan(database), topic, named.query, parse_query("zeppelin"))

    assert weighed.hits == compared.lost_count == len(expected)
    assert [change.stored.id for change in compared.lost] == sorted(expected, reverse=True)
    assert not {near.stored.id for near in probed.near} & set(expected)
    assert all(len(share.clause) <= 300 for share in weighed.clauses)


def test_a_replay_keeps_what_the_live_matcher_would_have_kept(database: Database) -> None:
    stored = print_news(database, *NEWS)
    live = {(hit.topic_id, hit.entry_id): hit.evidence for hit in shipped().match_entries(stored, NOON)}

    replay_topics(ArchiveScan(database), shipped(), NOON)

    with database.read() as db:
        kept = {(hit.hit.topic_id, hit.hit.entry_id): hit.hit.evidence for hit in find_hits(db, limit=500).items}
    assert kept == live
    assert len(kept) >= 6


def test_a_query_too_large_for_the_index_is_answered_without_it(database: Database) -> None:
    print_news(database, *NEWS)
    words = " OR ".join(f"word{number}{'x' * 30}" for number in range(1_200))
    query = compile_topics([Topic(id="a", name="a", query=f"({words}) OR kremlin")]).query("a")

    assert [match.stored.entry.item.title for match in search_archive(ArchiveScan(database), query).matches] == [
        "The Kremlin and the White House speak of a reset"
    ]
