"""Labels files: what they hold, and every fault at its line."""

from __future__ import annotations

import pytest

from tests.store.filled import topics
from tests.topics.news import judge, print_news
from watcher.errors import ConfigError
from watcher.store.database import Database
from watcher.topics.examples import iter_judged_examples, parse_examples


def test_a_line_is_an_item_with_its_labels() -> None:
    [first, two] = parse_examples(
        "l.jsonl",
        [
            '{"title": "A", "summary": "b", "content": "c", "language": "EN_gb", "labels": ["x", "y"], "kind": "odd"}',
            "",
            '{"title": "B", "labels": []}',
        ],
    )

    item = first.stored.entry.item
    assert (item.title, item.summary, item.content, item.language) == ("A", "b", "c", "en-GB")
    assert (first.relevant, first.place) == ({"x", "y"}, "l.jsonl:1")
    assert (two.relevant, two.place) == (frozenset(), "l.jsonl:3")


def test_every_faulty_line_is_named_at_once() -> None:
    lines = [
        '{"title": "A", "labels": []}',
        "{",
        "[]",
        '{"title": 3, "labels": []}',
        '{"title": "A"}',
        '{"labels": ["x"]}',
        '{"title": "A", "labels": "x"}',
        '{"title": "A", "labels": [1]}',
    ]

    with pytest.raises(ConfigError) as raised:
        parse_examples("l.jsonl", lines)

    assert [(fault.file, fault.line) for fault in raised.value.faults] == [("l.jsonl", n) for n in range(2, 9)]
    assert "`labels`" in raised.value.faults[3].message
    assert "words" in raised.value.faults[4].message


@pytest.mark.parametrize("lines", [pytest.param([], id="empty"), pytest.param(["", " "], id="blank lines alone")])
def test_a_file_without_examples_is_a_fault(lines: list[str]) -> None:
    with pytest.raises(ConfigError, match=r"l\.jsonl:1:1: no examples"):
        parse_examples("l.jsonl", lines)


def test_a_byte_order_mark_and_windows_line_ends_do_no_harm() -> None:
    [example] = parse_examples("l.jsonl", ['\ufeff{"title": "A", "labels": ["x"]}\r', "\r"])

    assert example.relevant == {"x"}


def test_a_file_full_of_faults_is_not_read_to_its_end() -> None:
    with pytest.raises(ConfigError) as raised:
        parse_examples("l.jsonl", ["{"] * 100_000)

    assert len(raised.value.faults) < 100
    assert "not read further" in raised.value.faults[-1].message


def test_a_line_nested_beyond_reason_is_a_fault_and_no_crash() -> None:
    with pytest.raises(ConfigError, match="nested too deep"):
        parse_examples("l.jsonl", ["[" * 100_000])


def test_judged_hits_speak_of_their_own_topic_alone(database: Database) -> None:
    matcher = topics(port="harbour", town="town")
    print_news(database, "Harbour town", "Harbour", "Town", matcher=matcher)
    judge(database, "port", "Harbour town", "relevant")
    judge(database, "port", "Harbour", "irrelevant")

    first, second = iter_judged_examples(database)

    assert (first.relevant, first.judged) == ({"port"}, {"port"})
    assert (second.relevant, second.judged) == (frozenset(), {"port"})
    assert first.is_labelled_for("port")
    assert not first.is_labelled_for("town")
