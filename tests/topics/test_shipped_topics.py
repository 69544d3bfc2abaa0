"""The shipped topics are short enough to maintain, and what measures them is not what they were written from."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from watcher.model.topic import Topic
from watcher.settings import Settings, load
from watcher.settings.folders import shipped_folder
from watcher.text.language_detection import detect_language

LABELS = Path(__file__).parents[1] / "labels"
BACKGROUND = Path(__file__).parents[2] / "tools" / "meaning_background.jsonl"
TOPICS = ("five-eyes", "intelligence-sharing", "cyber-ops-russia", "allies-and-washington", "us-russia-thaw")


@cache
def settings() -> Settings:
    return load(shipped_folder(), {})


def find_topic(topic_id: str) -> Topic:
    return next(topic for topic in settings().topics if topic.id == topic_id)


@cache
def read_items(path: Path) -> Sequence[Mapping[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def test_topics_and_sets_stay_short() -> None:
    size = (shipped_folder() / "topics.yaml").stat().st_size
    long_sets = {name: text for name, text in settings().sets.items() if len(text.splitlines()) >= 25}

    assert size < 14_000
    assert not long_sets


@pytest.mark.parametrize("topic_id", TOPICS)
def test_a_topic_is_described_in_sentences_and_examples(topic_id: str) -> None:
    topic = find_topic(topic_id)

    assert topic.name
    assert topic.description
    assert 3 <= len(topic.about) <= 5
    assert 3 <= len(topic.not_about) <= 5
    assert len(topic.examples) >= 12
    assert len({detection.language for text in topic.examples if (detection := detect_language(text))}) >= 6
    assert topic.proposals == 5


@pytest.mark.parametrize("topic_id", TOPICS)
def test_the_labelled_items_are_many_and_in_many_languages(topic_id: str) -> None:
    items = read_items(LABELS / f"{topic_id}.jsonl")
    belonging = [item for item in items if topic_id in item["labels"]]
    near = [item for item in items if topic_id not in item["labels"]]

    for side in (belonging, near):
        assert len(side) >= 40
        assert len({item["language"] for item in side}) >= 12


@pytest.mark.parametrize("topic_id", TOPICS)
def test_no_example_or_background_headline_is_a_labelled_item(topic_id: str) -> None:
    titles = {item["title"] for item in read_items(LABELS / f"{topic_id}.jsonl")}
    background = {item["title"] for item in read_items(BACKGROUND)}

    assert not titles & set(find_topic(topic_id).examples)
    assert not titles & background
