"""`topics eval` measures a topic by words, by meaning within its budget, and by both, with a real encoder."""

from __future__ import annotations

import json
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

from watcher.app.topic_meaning import measure_topics_by_meaning, parse_background, parse_budget
from watcher.errors import UsageError
from watcher.inference.bundled import BundledEncoder
from watcher.match import compile_topics
from watcher.model.meaning import EncoderEngine, EncoderOptions
from watcher.model.topic import Topic
from watcher.topics.examples import parse_examples
from watcher.topics.meaning_evaluation import Mode
from watcher.topics.vector_cache import VectorCache

FERRIES = Topic(
    id="ferries",
    name="Ferries",
    query="ferry",
    about=(
        "A ferry is cancelled because of a storm.",
        "A passenger ship runs aground near the coast.",
        "A ferry sinks off the shore.",
    ),
    not_about=("A film or novel about the sea is published.",),
)
LABELLED = [
    ("Ferry to the islands cancelled after storm", ["ferries"]),
    ("Passagierschiff läuft vor der Küste auf Grund", ["ferries"]),
    ("Паром затонул у побережья", ["ferries"]),
    ("Parliament approves the budget", []),
    ("New novel by a young author", []),
]


def test_meaning_finds_what_words_miss_and_both_find_it_all(tmp_path: Path) -> None:
    lines = [json.dumps({"title": title, "language": "en", "labels": labels}) for title, labels in LABELLED]
    examples = parse_examples("labels", lines)

    measured = measure_topics_by_meaning(
        [FERRIES],
        compile_topics([FERRIES], {}),
        examples,
        None,
        budget=0.01,
        options=EncoderOptions(engine=EncoderEngine.BUNDLED),
        cache_folder=tmp_path,
    )

    assert measured is not None
    scores = measured.scores["ferries"]
    assert scores.by_sentences[Mode.WORDS].tp == 1
    assert scores.by_sentences[Mode.MEANING].tp >= 2
    assert scores.by_sentences[Mode.BOTH].tp == 3
    assert scores.modes[Mode.BOTH].tp == 3
    assert scores.modes[Mode.MEANING].fp == 0
    assert scores.languages["en"][Mode.BOTH].tp == 3
    assert measured.background > 500


def test_text_is_encoded_once_and_a_record_cut_off_by_a_crash_is_left_out(tmp_path: Path) -> None:
    encoded: list[int] = []
    with closing(BundledEncoder()) as encoder:
        first = VectorCache(tmp_path, encoder).encode(["one", "two", "one"], lambda done, _all: encoded.append(done))
        (file,) = tmp_path.iterdir()
        with file.open("ab") as damaged:
            damaged.write(b"cut off")

        again = VectorCache(tmp_path, encoder)
        rows = again.encode(["two", "three", "one"], lambda done, _all: encoded.append(done))

    assert encoded == [2, 1]
    assert np.array_equal(rows[[2, 0]], first[:2])
    assert (
        len(
            VectorCache(tmp_path, encoder).encode(
                ["one", "two", "three"], lambda _done, _all: pytest.fail("encoded again")
            )
        )
        == 3
    )


@pytest.mark.parametrize(("text", "share"), [("0.3%", 0.003), ("0.3 %", 0.003), ("0.01", 0.01), ("50%", 0.5)])
def test_budget_is_a_share(text: str, share: float) -> None:
    assert parse_budget(text) == pytest.approx(share)


@pytest.mark.parametrize("text", ["", "%", "0", "-1%", "nan", "60%", "9 a day"])
def test_what_is_no_share_is_refused(text: str) -> None:
    with pytest.raises(UsageError):
        parse_budget(text)


def test_background_is_spread_evenly_over_a_large_file() -> None:
    lines = [json.dumps({"title": f"Item {number}"}) for number in range(1_000)]

    entries = parse_background("stream.jsonl", lines, most=100)

    assert len(entries) == 100
    assert entries[0].entry.item.title == "Item 0"
    assert entries[-1].entry.item.title == "Item 990"


@pytest.mark.parametrize("lines", [[], ["\n"], ["nonsense"], ["[1]"]])
def test_background_that_cannot_be_read_is_refused(lines: list[str]) -> None:
    with pytest.raises(UsageError):
        parse_background("stream.jsonl", lines)
