"""A head finds what resembles its sentences, learns from judgements, is the same each time, and keeps to its budget."""

from __future__ import annotations

import time
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.meaning.vectors import make_cluster, make_direction
from watcher.meaning.background import Background, build_background, sample_rows
from watcher.meaning.fitting import fit_topic
from watcher.meaning.head import Head, decode_heads, encode_heads, fit_head
from watcher.meaning.ranking import fit_ranking, rank_hits
from watcher.meaning.threshold import NEVER, compute_share, find_threshold
from watcher.meaning.training import TopicVectors, TrainingKind, build_training_set
from watcher.meaning.vectors import Rows, Views, view_alone
from watcher.model.results import WEAK_RELEVANCE

SUBJECT = 1.2 * make_direction(7)
OTHER = 1.2 * make_direction(8)


@pytest.fixture(scope="module")
def background() -> Background:
    return build_background(view_alone(make_cluster(2_000, seed=1)), per_day=500)


@pytest.fixture(scope="module")
def topic() -> TopicVectors:
    return TopicVectors(about=make_cluster(4, seed=2, around=SUBJECT), not_about=make_cluster(3, seed=3, around=OTHER))


def fit(topic: TopicVectors, background: Background) -> Head:
    return fit_head(build_training_set(topic, background))


def test_four_sentences_put_what_resembles_them_above_the_background(
    topic: TopicVectors, background: Background
) -> None:
    head = fit(topic, background)

    belonging = head.score(make_cluster(50, seed=4, around=SUBJECT))
    threshold = find_threshold(head.score(make_cluster(2_000, seed=5)), 0.003)
    assert (belonging >= threshold).mean() > 0.95
    assert ((head.score(background.rows) >= 0) & (head.score(background.rows) <= 1)).all()


def test_same_material_yields_the_same_head_and_version(topic: TopicVectors, background: Background) -> None:
    head = fit(topic, background)

    again = fit(replace(topic), build_background(view_alone(background.rows.copy()), per_day=9))

    assert encode_heads(again, again) == encode_heads(head, head)
    assert (again.bias, again.version) == (head.bias, head.version)


def test_another_sentence_or_judgement_is_another_version(topic: TopicVectors, background: Background) -> None:
    judged = replace(topic, relevant=make_cluster(1, seed=9))
    turned = replace(topic, irrelevant=make_cluster(1, seed=9))

    versions = {fit(kind, background).version for kind in (topic, judged, turned)}

    assert len(versions) == 3


def test_what_was_judged_irrelevant_scores_lower_and_relevant_higher(
    topic: TopicVectors, background: Background
) -> None:
    lookalikes = make_cluster(40, seed=10, around=0.7 * SUBJECT + OTHER)
    plain = fit(topic, background).score(lookalikes[20:])

    against = fit(replace(topic, irrelevant=lookalikes[:20]), background).score(lookalikes[20:])
    in_favour = fit(replace(topic, relevant=lookalikes[:20]), background).score(lookalikes[20:])

    assert against.mean() < plain.mean() < in_favour.mean()


def test_judgement_outweighs_the_sentence_it_contradicts(topic: TopicVectors, background: Background) -> None:
    topic = replace(topic, examples=make_cluster(12, seed=10, around=SUBJECT))
    doubtful = make_cluster(1, seed=11, around=OTHER)

    accepted = fit(replace(topic, not_about=doubtful, relevant=doubtful), background)
    refused = fit(replace(topic, about=np.concatenate([topic.about, doubtful]), irrelevant=doubtful), background)

    assert accepted.score(doubtful)[0] > 0.5
    assert refused.score(doubtful)[0] < 0.5


def test_kept_head_scores_as_the_fitted_one(topic: TopicVectors, background: Background) -> None:
    head = fit(topic, background)
    ranking = fit_ranking(topic, background)

    kept, kept_ranking = decode_heads(encode_heads(head, ranking), head.bias, ranking.bias, head.version)
    former = np.concatenate([head.weights, head.mean]).astype("<f4").tobytes()
    alone, instead = decode_heads(former, head.bias, None, head.version)

    assert np.array_equal(kept.score(background.rows), head.score(background.rows))
    assert np.array_equal(kept_ranking.score(background.rows), ranking.score(background.rows))
    assert np.array_equal(alone.score(background.rows), head.score(background.rows))
    assert instead is alone


def test_many_near_misses_cost_little_of_what_belongs(topic: TopicVectors, background: Background) -> None:
    near = make_cluster(200, seed=21, around=0.8 * SUBJECT)
    belonging = make_cluster(100, seed=22, around=SUBJECT)
    judged = replace(topic, irrelevant=near)

    plain, taught = (fit_topic(learned, background, 0.003) for learned in (topic, judged))

    shares = [float((fitted.head.score(belonging) >= fitted.threshold).mean()) for fitted in (plain, taught)]
    assert shares[1] > shares[0] - 0.1


def test_ranking_tells_hits_from_near_misses_better_than_finding_does(
    topic: TopicVectors, background: Background
) -> None:
    mixed = 0.7 * SUBJECT + 0.7 * OTHER
    belonging, near = make_cluster(60, seed=23, around=SUBJECT), make_cluster(60, seed=24, around=mixed)

    finding, ranking = fit(topic, background), fit_ranking(topic, background)

    def measure_order(ranks: Rows, others: Rows) -> float:
        """Return how often what belongs stands before a near miss."""
        return float((ranks[:, None] > others[None]).mean())

    by_both = measure_order(rank_hits(finding, ranking, belonging), rank_hits(finding, ranking, near))
    assert by_both >= measure_order(finding.score(belonging), finding.score(near))
    assert np.quantile(rank_hits(finding, ranking, belonging), 0.05) > WEAK_RELEVANCE


def test_an_entry_is_found_by_its_title_where_the_summary_says_something_else(
    topic: TopicVectors, background: Background
) -> None:
    head = fit(topic, background)
    whole, titles = make_cluster(20, seed=25), make_cluster(20, seed=26, around=SUBJECT)

    assert np.array_equal(head.score_views(Views(whole, titles)), np.maximum(head.score(whole), head.score(titles)))
    assert np.array_equal(head.score_views(view_alone(titles)), head.score(titles))


def test_fit_with_500_judgements_takes_less_than_a_second(topic: TopicVectors) -> None:
    large = build_background(view_alone(make_cluster(3_000, seed=12)), per_day=3_000)
    judged = replace(
        topic,
        relevant=make_cluster(200, seed=13, around=SUBJECT),
        irrelevant=make_cluster(300, seed=14, around=0.6 * SUBJECT),
    )

    started = time.process_time()
    fit(judged, large)

    # Of the processor, both cores together: the machine may be busy with other tests.
    assert time.process_time() - started < 2.0


def test_training_set_counts_what_it_learns_from(topic: TopicVectors, background: Background) -> None:
    training = build_training_set(replace(topic, relevant=make_cluster(5, seed=15)), background)

    assert training.count(TrainingKind.SENTENCE, belongs=True) == 4
    assert training.count(TrainingKind.SENTENCE, belongs=False) == 3
    assert training.count(TrainingKind.JUDGED, belongs=True) == 5
    assert training.count(TrainingKind.BACKGROUND, belongs=False) == 2_000


def test_head_without_anything_that_belongs_is_refused(background: Background) -> None:
    with pytest.raises(ValueError, match="needs a sentence"):
        build_training_set(TopicVectors(not_about=make_cluster(2, seed=16)), background)


@settings(deadline=None)
@given(
    st.lists(st.floats(0, 1, width=32), min_size=1, max_size=300), st.sampled_from([0.0, 0.001, 0.003, 0.01, 0.1, 0.5])
)
def test_threshold_never_proposes_more_than_the_budget(scores: list[float], share: float) -> None:
    background = np.array(scores, np.float32)

    threshold = find_threshold(background, share)

    assert (background >= threshold).sum() <= share * len(scores) + 1e-6
    assert threshold == NEVER or share > 0


def test_threshold_uses_the_whole_budget_where_scores_differ() -> None:
    scores = np.linspace(0, 1, 1_000, dtype=np.float32)

    assert (scores >= find_threshold(scores, 0.003)).sum() == 3
    assert compute_share(5, 5_000) == 0.001
    assert compute_share(5, 0) == compute_share(50, 10) == 0.5


def test_sample_is_spread_evenly_and_the_same_each_time() -> None:
    rows = make_cluster(1_000, seed=17)

    sample = sample_rows(rows, 10)

    assert len(sample) == 10
    assert np.array_equal(sample[0], rows[0])
    assert np.array_equal(sample[-1], rows[-1])
    assert np.array_equal(sample, sample_rows(rows, 10))
    assert sample_rows(rows, 5_000) is rows
