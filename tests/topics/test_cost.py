"""What each clause of a topic is worth."""

from __future__ import annotations

from sqlalchemy import update

from tests.store.filled import NOON, topics
from tests.topics.news import DAY, judge, print_news, titles
from watcher.store.database import Database
from watcher.store.tables import entries
from watcher.topics.archive_scan import ArchiveScan
from watcher.topics.cost import ClauseCost, TopicCost, measure_cost
from watcher.topics.named_query import parse_named_query


def share(shares: tuple[ClauseCost, ...], clause: str) -> ClauseCost:
    return next(clause_share for clause_share in shares if clause_share.clause == clause)


def weighed(database: Database, query: str, **more: object) -> TopicCost:
    return measure_cost(ArchiveScan(database, **more), "port", parse_named_query(query, {"boats": "ferry OR yacht"}))  # type: ignore[arg-type]


def test_a_clause_is_told_what_rests_on_it_alone(database: Database) -> None:
    print_news(database, "Harbour storm hits ferry", "Ferry sinks", "Storm in the harbour", "Budget")

    cost = weighed(database, "(harbour NEAR/3 storm) OR @boats")

    assert (cost.tested, cost.hits) == (4, 3)
    storm = share(cost.clauses, "harbour NEAR/3 storm")
    assert (storm.hits, storm.alone, titles(storm.examples)) == (2, 1, ["Storm in the harbour"])
    boats = share(cost.clauses, "@boats")
    assert (boats.hits, boats.alone, titles(boats.examples)) == (2, 1, ["Ferry sinks"])


def test_a_word_in_two_places_is_one_word(database: Database) -> None:
    print_news(database, "Harbour storm", "Harbour calm")

    cost = weighed(database, "(harbour storm) OR (harbour calm) OR (harbour AND harbours)")

    assert (share(cost.terms, "harbour").hits, share(cost.terms, "harbour").alone) == (2, 2)
    assert cost.dead == ("harbours",)


def test_an_exclusion_is_told_what_it_takes_away_and_what_people_thought_of_it(database: Database) -> None:
    matcher = topics(port="harbour")
    print_news(database, "Harbour", "Harbour film", "Harbour film opens", "Harbour band", matcher=matcher)
    judge(database, "port", "Harbour film", "relevant")
    judge(database, "port", "Harbour film opens", "irrelevant")
    judge(database, "port", "Harbour", "relevant")

    cost = weighed(database, "harbour NOT film NOT band")

    film = share(cost.exclusions, "NOT film")
    assert (film.alone, film.relevant, film.irrelevant) == (2, 1, 1)
    assert share(cost.exclusions, "NOT band").alone == 1
    assert (cost.hits, cost.relevant, cost.irrelevant) == (1, 1, 0)


def test_what_stands_near_takes_away_as_well(database: Database) -> None:
    print_news(database, "Harbour", "The harbour film")

    cost = weighed(database, "harbour NOT NEAR/1 (film OR band)")

    assert [(exclusion.clause, exclusion.alone) for exclusion in cost.exclusions] == [
        ("harbour NOT NEAR/1 (film OR band)", 1)
    ]


def test_a_clause_tells_when_it_last_fired_within_the_time_asked_for(database: Database) -> None:
    print_news(database, "Ferry sinks", at=NOON - 100 * DAY)
    print_news(database, "Yacht sinks", at=NOON - 10 * DAY)
    print_news(database, "Yacht sails", at=NOON)

    cost = weighed(database, "@boats", since=NOON - 90 * DAY)

    assert share(cost.terms, "yacht").last_at == NOON
    assert cost.dead == ("ferry",)
    assert cost.tested == 2


def test_languages_in_which_a_topic_never_fires_are_known(database: Database) -> None:
    print_news(database, "Ferry sinks", language="en-GB")
    print_news(database, "Fähre sinkt", "Hafen", language="de")
    print_news(database, "Ferry", language="nl")
    with database.write() as db:  # an entry of the time before languages were detected
        db.execute(update(entries).where(entries.c.language == "nl").values(language=None))

    cost = weighed(database, "@boats")

    assert cost.languages == {"en": (1, 1), "de": (2, 0), "unknown": (1, 1)}


def test_a_clause_bound_to_a_field_speaks_in_that_field_alone(sqlite: Database) -> None:
    print_news(sqlite, "Ferry sinks|near the harbour, in a storm")

    cost = weighed(sqlite, "ferry OR title:((harbour NEAR/5 storm) OR yacht)")

    assert share(cost.clauses, "harbour NEAR/5 storm").hits == 0
    assert share(cost.terms, "ferry").alone == 1


def test_a_topic_of_one_word_and_an_empty_archive_can_be_weighed(database: Database) -> None:
    cost = weighed(database, "harbour")

    assert (cost.tested, cost.hits, cost.dead) == (0, 0, ("harbour",))
