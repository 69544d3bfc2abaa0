"""What the reports of one event say together."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime, timedelta

import pytest

from watcher.model.event import Additions, EventReport, choose_plausible_time, choose_report_time
from watcher.stories.facts import list_sentences, summarise_event

NOON = datetime(2026, 3, 4, 12, tzinfo=UTC)
FIRST = EventReport(
    entry_id=1,
    title="Ferry runs aground off Sandholm",
    text="A ferry with 200 passengers ran aground in fog off Sandholm. Nobody was injured.",
    outlet="Northern Wire",
    language="en",
    published_at=NOON,
    first_seen_at=NOON + timedelta(minutes=9),
    topics=("ferries",),
)
COPY = EventReport(
    entry_id=2,
    title="Ferry runs aground off Sandholm",
    text=FIRST.text,
    outlet="Harbour Post",
    language="en",
    published_at=NOON + timedelta(minutes=5),
    first_seen_at=NOON + timedelta(minutes=7),
    copy=True,
)
GERMAN = EventReport(
    entry_id=3,
    title="Fähre läuft vor Sandholm auf Grund",
    text="Die Reederei Norlinie spricht von 214 Menschen an Bord. Schlepper sind unterwegs.",
    outlet="Rheinblick",
    language="de",
    first_seen_at=NOON + timedelta(hours=2),
    topics=("ferries", "accidents"),
)
UPDATE = EventReport(
    entry_id=4,
    title="Ferry off Sandholm towed to port",
    text="Nobody was injured. Two tugs brought the ferry to Korsnes after captain Ada Brenneke had asked for help.",
    outlet="Northern Wire",
    language="en",
    published_at=NOON + timedelta(hours=5),
    first_seen_at=NOON + timedelta(hours=5),
)
REPORTS = (FIRST, COPY, GERMAN, UPDATE)


def test_facts_are_the_same_for_every_order_of_reports() -> None:
    facts = {summarise_event(reports, languages=("en",)) for reports in itertools.permutations(REPORTS)}

    assert len(facts) == 1


def test_first_publisher_outlets_and_copies() -> None:
    facts = summarise_event(REPORTS)

    assert facts.first == FIRST
    assert facts.outlets == ("Northern Wire", "Harbour Post", "Rheinblick")
    assert facts.independent_outlets == ("Northern Wire", "Rheinblick")
    assert (facts.independent, facts.copies) == (3, 1)
    assert [report.copy_of for report in facts.reports] == [None, 1, None, None]
    assert facts.languages == ("en", "de")
    assert facts.topics == ("ferries", "accidents")
    assert (facts.first_at, facts.last_at) == (NOON, NOON + timedelta(hours=5))


def test_title_is_in_the_readers_language_where_a_report_has_one() -> None:
    assert summarise_event(REPORTS, languages=("de-AT", "en")).title == GERMAN.title
    assert summarise_event(REPORTS, languages=("fr",)).title == FIRST.title


def test_additions_name_what_no_earlier_report_said() -> None:
    first, copy, german, update = (report.additions for report in summarise_event(REPORTS).reports)

    assert first == copy == Additions()
    assert german == Additions(numbers=("214",))
    assert update.sentences == ("Two tugs brought the ferry to Korsnes after captain Ada Brenneke had asked for help.",)
    assert "Korsnes" in update.names
    assert "Ada Brenneke" in update.names


@pytest.mark.parametrize(
    ("published", "expected"),
    [
        (None, NOON),
        (NOON - timedelta(hours=5), NOON - timedelta(hours=5)),
        (NOON - timedelta(days=400), NOON - timedelta(days=400)),
        (NOON + timedelta(minutes=9), NOON),
        (NOON + timedelta(hours=2), NOON),
    ],
)
def test_time_of_a_report_is_that_of_publication_where_it_is_plausible(
    published: datetime | None, expected: datetime
) -> None:
    assert choose_report_time(published, NOON) == expected


def test_time_after_an_entry_was_seen_is_not_plausible_beyond_a_clocks_error() -> None:
    assert choose_plausible_time(NOON + timedelta(minutes=9), NOON) == NOON
    assert choose_plausible_time(NOON + timedelta(hours=2), NOON) is None


def test_copy_that_was_published_first_is_the_original() -> None:
    facts = summarise_event([COPY, GERMAN])

    assert facts.reports[0].copy_of is None


def test_sentences_end_in_every_script() -> None:
    assert list_sentences("One. Two! 三个。四个") == ("One.", "Two!", "三个。", "四个")
