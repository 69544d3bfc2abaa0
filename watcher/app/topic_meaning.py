"""Measures topics by meaning: reads labelled items and a background with the encoder that is configured."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from watcher.contract.topic_analysis import Modes, ModeScore, Score
from watcher.errors import EncoderFault, EncoderUnavailable, UsageError
from watcher.inference import open_encoder
from watcher.model.entry import StoredEntry
from watcher.topics.evaluation import TopicScore
from watcher.topics.examples import Example, build_example_entry

if TYPE_CHECKING:
    from watcher.app.eval_background import ArchiveBackground
    from watcher.match import TopicMatcher
    from watcher.meaning.background import Background
    from watcher.model.encoder import EncoderOptions
    from watcher.model.topic import Topic
    from watcher.topics.meaning_evaluation import Encode, MeaningScores, Mode

DEFAULT_BUDGET = 0.003
MAX_BACKGROUND_ITEMS = 3_000
"""The items of a background file that are read, spread evenly over it: one of 16,000 takes minutes to encode."""
_ANY_TIME = datetime(1970, 1, 1, tzinfo=UTC)
_Progress = Callable[[int, int], None]
LoadArchive: TypeAlias = "Callable[[str], ArchiveBackground | None]"
"""Returns the archive's recent entries as a model of this name read them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MeaningMeasurement:
    """What came of measuring by meaning: scores by topic, and how many items the background has."""

    scores: Mapping[str, MeaningScores]
    background: int


def parse_budget(text: str) -> float:
    """Return a budget as a share of the background: `0.3%` or `0.003`. Raises UsageError."""
    number = text.strip().removesuffix("%")
    try:
        share = float(number) / (100 if number != text.strip() else 1)
    except ValueError:
        share = -1.0
    if not 0 < share <= 0.5:
        raise UsageError(f"a budget is a share of the background such as 0.3% and at most 50%, not {text!r}")
    return share


def parse_background(name: str, lines: Iterable[str], most: int = MAX_BACKGROUND_ITEMS) -> list[StoredEntry]:
    """Return the items of a JSONL file, at most `most` of them, spread evenly. Raises UsageError."""
    entries = []
    for number, line in enumerate(lines, 1):
        if line.strip():
            entries.append(_parse_background_item(name, number, line))
    if not entries:
        raise UsageError(f"{name} holds no item for a background")
    step = max(1.0, len(entries) / most)
    return [entries[int(at * step)] for at in range(min(most, len(entries)))]


def measure_topics_by_meaning(
    topics: Sequence[Topic],
    matcher: TopicMatcher,
    examples: Sequence[Example],
    background: Sequence[StoredEntry] | None,
    *,
    budget: float,
    options: EncoderOptions,
    cache_folder: Path,
    load_archive: LoadArchive = lambda _model: None,
    on_progress: _Progress | None = None,
) -> MeaningMeasurement | None:
    """Measure the topics that have sentences; None where there are none, or no encoder.

    Without a background the archive's recent entries stand in, while there are few of them the shipped one. Raises
    UsageError where the encoder does not work, or has no background.
    """
    described = [topic for topic in topics if topic.has_sentences]
    encoder = open_encoder(options, threads=2) if described else None
    if encoder is None:
        return None
    from watcher.topics.vector_cache import VectorCache

    with closing(encoder):
        try:
            encode = partial(VectorCache(cache_folder, encoder).encode, on_progress=on_progress)
            entries, rest = _find_background(background, encoder.name, encode, load_archive)
            return _measure(described, matcher, examples, entries, rest, budget, encode)
        except (EncoderUnavailable, EncoderFault) as error:
            raise UsageError(f"cannot measure by meaning: {error}") from error


def _measure(
    topics: Sequence[Topic],
    matcher: TopicMatcher,
    examples: Sequence[Example],
    background: Sequence[StoredEntry],
    rest: Background,
    budget: float,
    encode: Encode,
) -> MeaningMeasurement:
    from watcher.topics.meaning_evaluation import encode_entries, exclude_hits, measure_meaning

    encode_entries([example.stored for example in examples], encode)
    matched_places = _find_by_words(matcher, [example.stored for example in examples])
    background_places = _find_by_words(matcher, background)
    scores = {
        topic.id: measure_meaning(
            topic, examples, matched_places.get(topic.id, set()),
            exclude_hits(rest, background_places.get(topic.id, set())), budget, encode,
        )
        for topic in topics
    }  # fmt: skip
    return MeaningMeasurement(scores=scores, background=len(rest.rows))


def _find_background(
    entries: Sequence[StoredEntry] | None, model_name: str, encode: Encode, load_archive: LoadArchive
) -> tuple[Sequence[StoredEntry], Background]:
    """Return the entries of a background, none where they are not known, and the background."""
    from watcher.meaning.background import (
        MIN_OWN_ENTRIES,
        SHIPPED_PER_DAY,
        build_background,
        load_shipped_background,
    )
    from watcher.topics.meaning_evaluation import encode_entries

    if entries is not None:
        return entries, build_background(encode_entries(entries, encode), per_day=SHIPPED_PER_DAY)
    archive, shipped = load_archive(model_name), load_shipped_background(model_name)
    if archive is not None and (shipped is None or len(archive.entries) >= MIN_OWN_ENTRIES):
        return archive.entries, build_background(archive.views, per_day=SHIPPED_PER_DAY)
    if shipped is None:
        raise UsageError(f"no background ships for {model_name}, and the archive holds none: use --background FILE")
    return (), shipped


def _find_by_words(matcher: TopicMatcher, entries: Sequence[StoredEntry]) -> dict[str, set[int]]:
    """Return the positions of the entries that each topic's query finds."""
    places: dict[str, set[int]] = {}
    for at, stored in enumerate(entries):
        for hit in matcher.match_entries([stored], _ANY_TIME):
            places.setdefault(hit.topic_id, set()).add(at)
    return places


def strip_to_titles(examples: Iterable[Example]) -> list[Example]:
    """Return the examples that have a title, with nothing else."""
    return [
        replace(example, stored=_strip_entry(example.stored))
        for example in examples
        if example.stored.entry.item.title.strip()
    ]


def strip_entries_to_titles(entries: Iterable[StoredEntry]) -> list[StoredEntry]:
    """Return the entries that have a title, with nothing else."""
    return [_strip_entry(stored) for stored in entries if stored.entry.item.title.strip()]


def encode_meaning_score(score: Score, scores: MeaningScores, background: int) -> Score:
    """Return a topic's scores by words with those by meaning."""
    return {
        **score,
        "modes": _encode_modes(scores.modes),
        "by_sentences": _encode_modes(scores.by_sentences),
        "languages": {language: _encode_modes(modes) for language, modes in scores.languages.items()},
        "budget": scores.budget,
        "background": background,
    }


def _encode_modes(modes: Mapping[Mode, TopicScore]) -> Modes:
    from watcher.topics.meaning_evaluation import Mode

    return {
        "words": _encode_mode(modes[Mode.WORDS]),
        "meaning": _encode_mode(modes[Mode.MEANING]),
        "both": _encode_mode(modes[Mode.BOTH]),
    }


def _encode_mode(score: TopicScore) -> ModeScore:
    return {
        "tp": score.tp,
        "fp": score.fp,
        "fn": score.fn,
        "tn": score.tn,
        "precision": _round(score.precision),
        "recall": _round(score.recall),
        "f1": _round(score.f1),
        "recall_interval": _round_both(score.recall_interval),
        "precision_interval": _round_both(score.precision_interval),
    }


def _round(value: float | None) -> float | None:
    return None if value is None else round(value, 4)


def _round_both(interval: tuple[float, float] | None) -> list[float] | None:
    return None if interval is None else [round(bound, 4) for bound in interval]


def _strip_entry(stored: StoredEntry) -> StoredEntry:
    item = replace(stored.entry.item, summary="", content="")
    return replace(stored, entry=replace(stored.entry, item=item))


def _parse_background_item(name: str, number: int, line: str) -> StoredEntry:
    from watcher.model.entry import Item

    try:
        fields: Any = json.loads(line.strip("\ufeff \r\n"))
        texts = [str(fields.get(key) or "") for key in ("title", "summary", "content")]
    except (ValueError, AttributeError, RecursionError) as error:
        raise UsageError(f"{name}:{number}: expected an object with a title and a summary") from error
    return build_example_entry(Item(title=texts[0], summary=texts[1], content=texts[2]), number)
