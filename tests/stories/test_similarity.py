"""What counts as one event, what as a copy, and how like reports find each other."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from watcher.model.entry import Entry, Item
from watcher.stories import (
    COPY_SIMILARITY,
    MAX_COMPARED_CHARACTERS,
    STORY_SIMILARITY,
    STORY_WINDOW,
    StoryCandidate,
    are_words_unlike,
    build_story_text,
    choose_story,
    compute_blocking_keys,
    compute_similarity,
    extract_story_text,
    split_words,
)
from watcher.stories.similarity import MIN_COMPARED_WORDS

NOON = datetime(2026, 3, 4, 12, tzinfo=UTC)
WIRE = (
    "Ferry with 200 aboard runs aground off Sandholm\n"
    "A passenger ferry carrying about 200 people ran aground in thick fog off the island of Sandholm on Wednesday "
    "morning, the coast guard said. Nobody was injured and tugs were on their way."
)
_TEXTS = st.lists(st.sampled_from(WIRE.split()), min_size=0, max_size=30).map(" ".join)

SAME = [
    pytest.param(
        WIRE.replace("Wednesday", "WEDNESDAY").replace("the coast guard said", "the Coast Guard said"),
        id="the wire again",
    ),
    pytest.param(WIRE.split("\n")[0] + "\n", id="the headline alone"),
    pytest.param(
        "Passenger ferry aground off Sandholm in fog, 200 aboard\n"
        "Tugs are heading to a ferry that ran aground with some 200 passengers near Sandholm island on Wednesday. The "
        "coast guard reports no injuries.",
        id="told in other words",
    ),
]
OTHER = [
    pytest.param(
        "Coast guard budget to grow by a fifth\nParliament voted on Wednesday to give the coast guard more tugs, more "
        "people and a new home port.",
        id="same words, another matter",
    ),
    pytest.param(
        "Freighter sinks off Korsnes after fire\nTwo of a crew of nine are missing after a freighter burnt and sank "
        "off Korsnes on Tuesday night, rescuers said.",
        id="another ship",
    ),
    pytest.param("Sandholm festival sells out\nTickets for the summer festival went in an hour.", id="same island"),
]


@pytest.mark.parametrize("text", SAME)
def test_reports_of_one_event_are_one_story(text: str) -> None:
    assert compute_similarity(WIRE, text) >= STORY_SIMILARITY
    assert set(compute_blocking_keys(WIRE)) & set(compute_blocking_keys(text))
    assert choose_story(text, [_candidate(WIRE)], NOON).story_id == 7


@pytest.mark.parametrize("text", OTHER)
def test_reports_of_other_events_are_other_stories(text: str) -> None:
    assert compute_similarity(WIRE, text) < STORY_SIMILARITY
    assert choose_story(text, [_candidate(WIRE)], NOON).story_id is None


def test_near_verbatim_report_is_a_copy_and_a_retelling_is_none() -> None:
    copied = choose_story(WIRE.replace("tugs", "boats"), [_candidate(WIRE)], NOON)
    retold = choose_story(SAME[2].values[0], [_candidate(WIRE)], NOON)  # type: ignore[arg-type]

    assert copied.copy
    assert copied.similarity >= COPY_SIMILARITY
    assert not retold.copy


def test_story_that_is_over_is_not_joined() -> None:
    assert choose_story(WIRE, [_candidate(WIRE, seen_at=NOON - STORY_WINDOW)], NOON).story_id == 7
    assert (
        choose_story(WIRE, [_candidate(WIRE, seen_at=NOON - STORY_WINDOW - timedelta(seconds=1))], NOON).story_id
        is None
    )


def test_likest_report_gives_the_story() -> None:
    near = _candidate(SAME[2].values[0], story_id=8)  # type: ignore[arg-type]

    assert choose_story(WIRE, [near, _candidate(WIRE)], NOON).story_id == 7


def test_few_words_are_a_story_only_with_their_like() -> None:
    assert choose_story("Breaking news\n", [_candidate("Breaking news\n")], NOON).story_id == 7
    assert choose_story("Breaking news\n", [_candidate("Breaking news from Sandholm\n")], NOON).story_id is None
    assert compute_blocking_keys("Breaking news\n") == ()


def test_text_of_an_entry_is_its_headline_and_what_it_says() -> None:
    item = Item(title="Ferry\nruns aground", content="The whole tale.")
    entry = Entry(feed_id=1, key="k", canonical_url=None, content_hash=b"", item=item, source="s", feed_url="u")

    assert extract_story_text(entry) == "Ferry runs aground\nThe whole tale."


@given(_TEXTS, _TEXTS)
def test_likeness_is_a_share_and_the_same_both_ways(text: str, other: str) -> None:
    assert 0 <= compute_similarity(text, other) <= 1
    assert compute_similarity(text, other) == compute_similarity(other, text)


_WORDS = st.sampled_from([*WIRE.split(), *(f"word{number}" for number in range(40))])
_REPORTS = st.tuples(
    st.lists(_WORDS, max_size=14) | st.lists(_WORDS, min_size=78, max_size=90), st.lists(_WORDS, max_size=60)
).map(lambda parts: " ".join(parts[0]) + "\n" + " ".join(parts[1]))


@settings(max_examples=600)
@given(_REPORTS, _REPORTS)
def test_words_are_unlike_that_have_no_likeness_that_joins(text: str, other: str) -> None:
    words, other_words = split_words(text), split_words(other)

    if min(len(words.whole), len(other_words.whole)) >= MIN_COMPARED_WORDS:
        assert are_words_unlike(words, other_words) == (compute_similarity(text, other) < STORY_SIMILARITY)
    else:
        assert not are_words_unlike(words, other_words)
    assert are_words_unlike(words, other_words) == are_words_unlike(other_words, words)


def test_most_pairs_are_known_to_be_unlike() -> None:
    wire = split_words(WIRE)
    others = [split_words(text) for param in OTHER for text in param.values]

    assert sum(are_words_unlike(wire, words) for words in others) >= 2
    assert not are_words_unlike(wire, wire)


@given(st.text(max_size=300))
def test_marks_fit_a_database_and_stay_few(text: str) -> None:
    blocking_keys = compute_blocking_keys(text)

    assert len(blocking_keys) == len(set(blocking_keys)) <= 24
    assert all(0 <= mark < 2**63 for mark in blocking_keys)


@given(_TEXTS)
def test_text_is_most_like_itself(text: str) -> None:
    assert compute_similarity(text, text) in {0.0, 1.0}
    assert compute_blocking_keys(text) == compute_blocking_keys(text)


def _candidate(text: str, *, story_id: int = 7, seen_at: datetime = NOON) -> StoryCandidate:
    return StoryCandidate(story_id=story_id, entry_id=1, text=text, seen_at=seen_at)


def test_no_more_of_a_report_is_kept_than_is_compared() -> None:
    assert len(build_story_text("t" * 10_000, "", "c" * 1_000_000)) <= 2 * MAX_COMPARED_CHARACTERS + 1
