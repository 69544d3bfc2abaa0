"""Precision, recall and their intervals."""

from __future__ import annotations

import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.store.filled import topics
from watcher.topics.evaluation import TopicScore, check_gate, evaluate_topics, wilson_interval
from watcher.topics.examples import Example, parse_examples


def examples(*rows: tuple[str, list[str]]) -> tuple[Example, ...]:
    return parse_examples("l", [json.dumps({"title": title, "labels": labels}) for title, labels in rows])


def test_each_example_counts_once_for_each_topic() -> None:
    matcher = topics(port="harbour", film="film")
    given_ = examples(
        ("Harbour reopens", ["port"]),
        ("Harbour, the film", ["film"]),
        ("Ferry sinks", ["port"]),
        ("Budget", []),
    )

    scores = evaluate_topics(matcher, given_, ["port", "film"])

    port, film = scores["port"], scores["film"]
    assert (port.tp, port.fp, port.fn, port.tn) == (1, 1, 1, 1)
    assert (film.tp, film.fp, film.fn, film.tn) == (1, 0, 0, 3)
    assert (port.precision, port.recall, port.f1) == (0.5, 0.5, 0.5)
    assert [miss.example.place for miss in port.misses] == ["l:3"]
    assert [(hit.example.place, hit.evidence[0].text) for hit in port.false_hits] == [("l:2", "Harbour")]


def test_what_cannot_be_measured_is_none_and_no_number() -> None:
    nothing = TopicScore("port", tn=5)

    assert (nothing.precision, nothing.recall, nothing.f1) == (None, None, None)
    assert (nothing.precision_interval, nothing.recall_interval) == (None, None)


@pytest.mark.parametrize(
    ("successes", "trials", "low", "high"),
    [
        pytest.param(0, 10, 0.0, 0.2775, id="none of ten"),
        pytest.param(10, 10, 0.7225, 1.0, id="ten of ten"),
        pytest.param(5, 10, 0.2366, 0.7634, id="half"),
        pytest.param(81, 263, 0.2553, 0.3662, id="the textbook's 81 of 263"),
        pytest.param(1, 1, 0.2065, 1.0, id="one of one"),
    ],
)
def test_intervals_are_wilsons(successes: int, trials: int, low: float, high: float) -> None:
    interval = wilson_interval(successes, trials)

    assert interval is not None
    assert math.isclose(interval[0], low, abs_tol=5e-5)
    assert math.isclose(interval[1], high, abs_tol=5e-5)


@given(st.integers(1, 10_000), st.data())
def test_an_interval_holds_its_share_and_stays_between_0_and_1(trials: int, data: st.DataObject) -> None:
    successes = data.draw(st.integers(0, trials))
    interval = wilson_interval(successes, trials)

    assert interval is not None
    assert 0 <= interval[0] <= successes / trials <= interval[1] <= 1


def test_a_gate_names_each_measure_that_falls_short() -> None:
    score = TopicScore("port", tp=8, fp=2, fn=0)

    assert check_gate(score, min_precision=0.8, min_recall=1.0) == ()
    assert check_gate(score, min_precision=0.81) == ("port: precision 0.800 is below 0.81",)
    assert check_gate(score) == ()


def test_what_cannot_be_measured_passes_no_gate() -> None:
    [failure] = check_gate(TopicScore("port", fn=3), min_precision=0.5)

    assert failure == "port: precision cannot be measured (nothing was found), wanted 0.50"
