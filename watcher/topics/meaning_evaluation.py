"""How good a topic is by words, by meaning within its budget, and by both, on labelled examples."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from watcher.meaning.background import Background
from watcher.meaning.fitting import fit_topic
from watcher.meaning.passage import build_passage, build_title
from watcher.meaning.training import TopicVectors
from watcher.meaning.vectors import Rows, Views
from watcher.model.entry import StoredEntry
from watcher.model.topic import Topic
from watcher.topics.evaluation import FalseHit, Miss, TopicScore
from watcher.topics.examples import Example

FOLDS = 5
Encode = Callable[[Sequence[str]], Rows]
"""Returns a unit row for each text."""


class Mode(StrEnum):
    """What finds an entry."""

    WORDS = "words"
    MEANING = "meaning"
    BOTH = "both"


@dataclass(frozen=True, slots=True)
class MeaningScores:
    """A topic's scores by mode, and by mode within each language.

    `modes` measures each example with a head that learned from the labels of the others (cross-validation),
    `by_sentences` with one that learned from no label. `budget` is the share of the background that may be proposed.
    """

    budget: float
    modes: Mapping[Mode, TopicScore]
    by_sentences: Mapping[Mode, TopicScore]
    languages: Mapping[str, Mapping[Mode, TopicScore]] = field(default_factory=dict)


def build_entry_passage(stored: StoredEntry) -> str:
    """Return the text that stands for an entry."""
    item = stored.entry.item
    return build_passage(item.title, item.summary, item.content)


def encode_entries(entries: Sequence[StoredEntry], encode: Encode) -> Views:
    """Return entries as rows of their whole texts and of their titles; raises EncoderUnavailable, EncoderFault."""
    passages = [build_entry_passage(stored) for stored in entries]
    titles = [
        build_title(stored.entry.item.title, text) or text for stored, text in zip(entries, passages, strict=True)
    ]
    whole = encode(passages)
    return Views(whole, encode(titles))


def measure_meaning(
    topic: Topic,
    examples: Sequence[Example],
    found_by_words: Collection[int],
    background: Background,
    budget: float,
    encode: Encode,
) -> MeaningScores:
    """Measure a topic that has sentences. `found_by_words` are the positions of the examples that its query finds.

    `background` holds none of the topic's hits. Raises EncoderUnavailable, EncoderFault.
    """
    labelled = [at for at, example in enumerate(examples) if example.is_labelled_for(topic.id)]
    chosen = [examples[at] for at in labelled]
    by_words = np.array([at in found_by_words for at in labelled], np.bool_)
    views = encode_entries([example.stored for example in chosen], encode)
    stated = encode_topic(topic, encode)
    alone = _find(stated, views, background, budget)
    learned = _cross_validate(topic.id, stated, chosen, views, background, budget)
    return MeaningScores(
        budget=budget,
        modes=_score_modes(topic.id, chosen, by_words, learned),
        by_sentences=_score_modes(topic.id, chosen, by_words, alone),
        languages=_score_languages(topic.id, chosen, by_words, learned),
    )


def encode_topic(topic: Topic, encode: Encode) -> TopicVectors:
    """Return the vectors of what a topic states."""
    return TopicVectors(
        about=encode(topic.about),
        not_about=encode(topic.not_about),
        examples=encode(topic.examples),
        not_examples=encode(topic.not_examples),
    )


def exclude_hits(background: Background, hits: Collection[int]) -> Background:
    """Return a background without the rows at some positions: what a topic's words find is no background for it."""
    if not hits:
        return background
    kept = np.ones(len(background.rows), np.bool_)
    kept[list(hits)] = False
    return background.take(kept)


def _find(topic: TopicVectors, views: Views, background: Background, budget: float) -> NDArray[np.bool_]:
    fitted = fit_topic(topic, background, budget)
    return np.asarray(fitted.head.score_views(views) >= fitted.threshold)


def _cross_validate(
    topic_id: str,
    stated: TopicVectors,
    examples: Sequence[Example],
    views: Views,
    background: Background,
    budget: float,
) -> NDArray[np.bool_]:
    """Return what is found of each example by a head that learned from the labels of the other folds."""
    belongs = np.array([topic_id in example.relevant for example in examples], np.bool_)
    folds = np.array([_choose_fold(example) for example in examples])
    matches = np.zeros(len(examples), np.bool_)
    for fold in range(FOLDS):
        inside = folds == fold
        if not inside.any():
            continue
        taught = replace(stated, relevant=views.whole[belongs & ~inside], irrelevant=views.whole[~belongs & ~inside])
        matches[inside] = _find(taught, views.take(inside), background, budget)
    return matches


def _choose_fold(example: Example) -> int:
    """Return an example's fold by its title: copies of a report stand in one, and each run forms the same folds."""
    title = " ".join(example.stored.entry.item.title.casefold().split())
    return hashlib.blake2b(title.encode("utf-8", "replace"), digest_size=4).digest()[0] % FOLDS


def _score_modes(
    topic_id: str, examples: Sequence[Example], by_words: NDArray[np.bool_], by_meaning: NDArray[np.bool_]
) -> dict[Mode, TopicScore]:
    finds = {Mode.WORDS: by_words, Mode.MEANING: by_meaning, Mode.BOTH: by_words | by_meaning}
    return {mode: _score(topic_id, examples, matches) for mode, matches in finds.items()}


def _score_languages(
    topic_id: str, examples: Sequence[Example], by_words: NDArray[np.bool_], by_meaning: NDArray[np.bool_]
) -> dict[str, dict[Mode, TopicScore]]:
    """Return the scores in each language that has an example of the topic."""
    languages = np.array([example.stored.entry.item.language or "" for example in examples])
    belongs = np.array([topic_id in example.relevant for example in examples], np.bool_)
    scores = {}
    for language in sorted(set(languages[belongs])):
        inside = languages == language
        chosen = [example for example, is_inside in zip(examples, inside, strict=True) if is_inside]
        scores[str(language)] = _score_modes(topic_id, chosen, by_words[inside], by_meaning[inside])
    return scores


def _score(topic_id: str, examples: Sequence[Example], matches: NDArray[np.bool_]) -> TopicScore:
    score = TopicScore(topic_id)
    for example, is_found in zip(examples, matches, strict=True):
        belongs = topic_id in example.relevant
        if is_found and belongs:
            score.tp += 1
        elif is_found:
            score.fp += 1
            score.false_hits.append(FalseHit(example, ()))
        elif belongs:
            score.fn += 1
            score.misses.append(Miss(example))
        else:
            score.tn += 1
    return score
