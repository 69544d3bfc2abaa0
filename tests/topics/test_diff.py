"""A changed query, compared with the old one over what is stored."""

from __future__ import annotations

from tests.store.filled import NOON, topics
from tests.topics.news import DAY, judge, print_news, titles
from watcher.match import parse_query
from watcher.store.database import Database
from watcher.topics.archive_scan import ArchiveScan
from watcher.topics.diff import diff_queries

OLD, NEW = (
    parse_query("harbour"),
    parse_query("(harbour NOT film) OR ferry"),
)


def test_a_diff_names_what_is_gained_and_lost_and_counts_what_stays(database: Database) -> None:
    print_news(database, "Harbour reopens", "Harbour, the film", "Ferry sinks", "Budget passes")

    diff = diff_queries(ArchiveScan(database), "port", OLD, NEW)

    assert titles([change.stored for change in diff.gained]) == ["Ferry sinks"]
    assert titles([change.stored for change in diff.lost]) == ["Harbour, the film"]
    assert (diff.tested, diff.kept, diff.gained_count, diff.lost_count) == (4, 1, 1, 1)
    assert [piece.text for piece in diff.gained[0].evidence] == ["Ferry"]
    assert [piece.text for piece in diff.lost[0].evidence] == ["Harbour"]


def test_a_diff_speaks_of_the_time_asked_for(database: Database) -> None:
    print_news(database, "Ferry sinks", at=NOON)
    print_news(database, "Ferry raised", at=NOON + 5 * DAY)

    late = diff_queries(ArchiveScan(database, since=NOON + DAY), "port", OLD, NEW)
    early = diff_queries(ArchiveScan(database, until=NOON + DAY), "port", OLD, NEW)

    assert (titles([c.stored for c in late.gained]), late.tested) == (["Ferry raised"], 1)
    assert (titles([c.stored for c in early.gained]), early.tested) == (["Ferry sinks"], 1)


def test_judgements_on_lost_hits_are_called_out(database: Database) -> None:
    matcher = topics(port="harbour", other="film")
    print_news(database, "Harbour film wins", "Harbour film loses", "Harbour film drawn", matcher=matcher)
    hit_id = judge(database, "port", "Harbour film wins", "relevant")
    judge(database, "other", "Harbour film loses", "relevant")

    diff = diff_queries(ArchiveScan(database), "port", OLD, NEW)

    assert diff.lost_labels == {"relevant": 1}
    [judged] = [change for change in diff.lost if change.label]
    assert (judged.hit_id, judged.label) == (hit_id, "relevant")


def test_a_judged_loss_is_listed_however_many_others_there_are(sqlite: Database) -> None:
    matcher = topics(port="harbour")
    print_news(sqlite, *[f"Harbour film {n}" for n in range(30)], matcher=matcher)
    judge(sqlite, "port", "Harbour film 0", "relevant")

    diff = diff_queries(ArchiveScan(sqlite), "port", OLD, NEW, limit=3)

    assert diff.lost_count == 30
    assert len(diff.lost) == 4
    assert "Harbour film 0" in titles([change.stored for change in diff.lost if change.label == "relevant"])


def test_the_same_meaning_in_another_spelling_differs_in_nothing(database: Database) -> None:
    print_news(database, "Harbour ferry", "Harbour", "Ferry")

    diff = diff_queries(ArchiveScan(database), "port", parse_query("harbour ferry"), parse_query("ferry AND HARBOUR"))

    assert (diff.gained_count, diff.lost_count, diff.kept) == (0, 0, 1)


def test_progress_ends_at_all_there_is(sqlite: Database) -> None:
    print_news(sqlite, *[f"Harbour {n}" for n in range(450)])
    heard: list[tuple[int, int]] = []

    diff_queries(ArchiveScan(sqlite, on_progress=lambda done, total: heard.append((done, total))), "port", OLD, NEW)

    assert len(heard) > 1
    assert heard[-1] == (450, 450)
