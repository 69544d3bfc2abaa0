"""What a topic may be missing."""

from __future__ import annotations

from tests.store.filled import NOON, topics
from tests.topics.news import DAY, judge, print_news, titles
from watcher.store.database import Database
from watcher.topics.archive_scan import ArchiveScan
from watcher.topics.named_query import parse_named_query
from watcher.topics.probe import ProbeResult, probe_topic
from watcher.topics.sample import draw_sample, estimate_elusion

QUERY = parse_named_query('(harbour NEAR/2 storm) OR ("port authority" NOT film) OR =PORT')


def by_title(probed: ProbeResult) -> dict[str, str]:
    return {near.stored.entry.item.title: near.by[0] for near in probed.near}


def test_a_near_miss_is_told_with_the_one_change_that_would_let_it_in(database: Database) -> None:
    print_news(
        database,
        "Harbour storm",
        "Harbour braces for a storm",
        "Port Authority, the film",
        "Port Authority closes",
        "A port in peace",
        "Budget passes",
    )

    probed = probe_topic(ArchiveScan(database), "port", QUERY)

    assert by_title(probed) == {
        "Harbour braces for a storm": "harbour NEAR/4 storm instead of NEAR/2",
        "Port Authority, the film": "without NOT film",
        "A port in peace": "“port” in another case or with other accents",
    }
    assert (probed.near_count, probed.tested) == (3, 6)
    [storm] = [near for near in probed.near if near.kind == "distance"]
    assert [piece.text for piece in storm.evidence] == ["Harbour", "storm"]


def test_what_matches_is_no_near_miss(database: Database) -> None:
    print_news(database, "Harbour storm", "PORT reopens")

    assert probe_topic(ArchiveScan(database), "port", QUERY).near == ()


def test_a_word_written_otherwise_is_nearer_than_a_part_left_out(sqlite: Database) -> None:
    print_news(sqlite, *[f"Harbour day {n}" for n in range(20)], "Storms near harbour town")
    query = parse_named_query("harbour storm")

    probed = probe_topic(ArchiveScan(sqlite), "port", query, limit=3)

    assert probed.near[0].stored.entry.item.title == "Storms near harbour town"
    assert probed.near[0].kind == "form"


def test_no_headline_is_there_twice(sqlite: Database) -> None:
    print_news(sqlite, "Harbour braces for a storm", "Harbour braces for a storm", "Port Authority, the film")

    probed = probe_topic(ArchiveScan(sqlite), "port", QUERY, limit=10)

    assert sorted(titles([near.stored for near in probed.near])) == [
        "Harbour braces for a storm",
        "Port Authority, the film",
    ]
    assert probed.near_count == 3


def test_one_reason_does_not_fill_the_list(sqlite: Database) -> None:
    query = parse_named_query("(harbour NEAR/2 storm) OR (customs AND strike)")
    towns = ("Oslo", "Bergen", "Turku", "Riga", "Visby")
    print_news(sqlite, "Customs open", *[f"Harbour of {town} fears a storm" for town in towns])

    probed = probe_topic(ArchiveScan(sqlite), "port", query, limit=3)

    assert probed.near[0].kind == "distance"
    assert "Customs open" in titles([near.stored for near in probed.near])


def test_hits_judged_relevant_that_no_longer_match_are_known_misses(database: Database) -> None:
    print_news(database, "Harbour calm", "Harbour quiet", "Harbour storm", matcher=topics(port="harbour"))
    judged = judge(database, "port", "Harbour calm", "relevant")
    judge(database, "port", "Harbour quiet", "irrelevant")
    judge(database, "port", "Harbour storm", "relevant")

    probed = probe_topic(ArchiveScan(database), "port", QUERY)

    assert [hit.id for hit in probed.missed] == [judged]


def test_a_probe_looks_at_the_time_asked_for(database: Database) -> None:
    print_news(database, "Harbour braces for a storm", at=NOON - 9 * DAY)
    print_news(database, "Storm spares the old harbour", at=NOON)

    probed = probe_topic(ArchiveScan(database, since=NOON - DAY), "port", QUERY)

    assert titles([near.stored for near in probed.near]) == ["Storm spares the old harbour"]


def test_a_sample_is_of_what_does_not_match_and_the_same_each_time(database: Database) -> None:
    print_news(database, *[f"Harbour storm {n}" for n in range(5)], *[f"Budget {n}" for n in range(40)])

    first = draw_sample(ArchiveScan(database), QUERY.query, 10, seed=7)
    again = draw_sample(ArchiveScan(database), QUERY.query, 10, seed=7)
    other = draw_sample(ArchiveScan(database), QUERY.query, 10, seed=8)

    assert (first.population, first.matched) == (40, 5)
    assert len({stored.id for stored in first.entries}) == 10
    assert all(title.startswith("Budget") for title in titles(first.entries))
    assert [stored.id for stored in first.entries] == [stored.id for stored in again.entries]
    assert [stored.id for stored in first.entries] != [stored.id for stored in other.entries]


def test_a_sample_larger_than_what_there_is_is_all_of_it(database: Database) -> None:
    print_news(database, "Budget", "Harbour storm")

    assert titles(draw_sample(ArchiveScan(database), QUERY.query, 100).entries) == ["Budget"]


def test_finding_none_in_a_sample_bounds_what_is_missed_and_does_not_say_nothing_is() -> None:
    elusion = estimate_elusion(0, 100, 10_000)

    assert (elusion.missed, elusion.missed_interval[0]) == (0, 0)
    assert 300 < elusion.missed_interval[1] < 400


def test_an_estimate_never_exceeds_what_there_is() -> None:
    assert estimate_elusion(3, 3, 3).missed_interval[1] <= 3
    assert estimate_elusion(0, 0, 50).missed_interval == (0, 50)
