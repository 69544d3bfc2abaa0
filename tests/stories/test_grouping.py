"""Reports become stories: the same ones in any order, and no chains of look-alikes."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from itertools import combinations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from watcher.stories.grouping import (
    GroupedReport,
    ReportGroup,
    find_copies,
    find_joinable,
    group_reports,
)
from watcher.stories.pair import PairScore, Veto
from watcher.stories.similarity import STORY_WINDOW

NOON = datetime(2026, 3, 4, 12, tzinfo=UTC)
FAR = PairScore(-4.0, 0.0, None)


def report(name: str, *, hours: float = 0, story: int | None = None) -> GroupedReport:
    return GroupedReport(key=(NOON + timedelta(hours=hours), name, ""), story_id=story, is_fresh=story is None)


def group(
    reports: list[GroupedReport],
    scores: dict[frozenset[str], PairScore],
    *,
    apart: frozenset[frozenset[int]] = frozenset(),
    merge_stories: bool = True,
) -> set[frozenset[str]]:
    def compare(number: int, other: int) -> PairScore:
        return scores.get(frozenset((reports[number].key[1], reports[other].key[1])), FAR)

    neighbours = {
        number: [other for other in range(len(reports)) if other != number]
        for number, group in enumerate(reports)
        if group.is_fresh
    }
    groups = group_reports(reports, neighbours, compare, apart=apart, merge_stories=merge_stories)
    return {frozenset(reports[member].key[1] for member in group.members) for group in groups}


def pair(names: str, log_odds: float, veto: Veto | None = None) -> tuple[frozenset[str], PairScore]:
    return frozenset(names), PairScore(log_odds, 0.0, veto)


def sets(*names: str) -> set[frozenset[str]]:
    return {frozenset(group) for group in names}


@settings(deadline=None, max_examples=50)
@given(st.data())
def test_groups_are_the_same_in_any_order(data: st.DataObject) -> None:
    names = "abcdefgh"
    scores = dict(
        pair("".join(two), data.draw(st.sampled_from([-4.0, -1.0, 0.5, 1.0, 2.0, 3.0])), data.draw(_VETOES))
        for two in combinations(names, 2)
    )
    reports = [report(name, hours=data.draw(st.integers(0, 80))) for name in names]
    expected = group(reports, scores)

    for seed in range(5):
        random.Random(seed).shuffle(reports)
        assert group(reports, scores) == expected


@settings(deadline=None, max_examples=300)
@given(st.data())
def test_reports_that_are_left_out_as_not_joinable_would_have_remained_as_they_were(data: st.DataObject) -> None:
    names = "abcdefgh"
    reports = [
        report(name, hours=data.draw(st.integers(0, 80)), story=data.draw(st.sampled_from([None, None, 1, 2, 3])))
        for name in names
    ]
    log_odds = st.sampled_from([-4.0, -4.0, -4.0, -0.1, 0.5, 2.0])
    scores = {
        frozenset(two): PairScore(data.draw(log_odds), 0.0, data.draw(_VETOES)) for two in combinations(range(8), 2)
    }
    others = st.sets(st.integers(0, 7), max_size=3)
    neighbours = {
        number: sorted(data.draw(others) - {number}) for number, group in enumerate(reports) if group.is_fresh
    }

    def compare(number: int, other: int) -> PairScore:
        return scores[frozenset((number, other))]

    joinable = find_joinable(
        [group.story_id for group in reports], neighbours, compare, lambda one, two: compare(one, two).log_odds < -1
    )

    expected = group_reports(reports, neighbours, compare, merge_stories=False)
    remaining = {number: neighbours[number] for number in joinable}
    assert group_reports(reports, remaining, compare, merge_stories=False) == expected
    joined = {number for group in expected if len(group.members) > 1 for number in group.members}
    assert not {number for number in neighbours if number not in joinable} & joined


_VETOES = st.sampled_from([None, None, None, Veto.ACT])


@settings(deadline=None, max_examples=100)
@given(st.data())
def test_pairs_that_are_dismissed_at_once_are_those_that_the_fit_dismisses(data: st.DataObject) -> None:
    names = "abcdefg"
    scores = dict(
        pair("".join(two), data.draw(st.sampled_from([-4.0, -0.1, 0.0, 0.5, 2.0])), data.draw(_VETOES))
        for two in combinations(names, 2)
    )
    reports = [
        report(name, hours=data.draw(st.integers(0, 80)), story=data.draw(st.sampled_from([None, None, 1, 2])))
        for name in names
    ]
    quick = group(reports, scores)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("watcher.stories.grouping._Grouping._are_unrelated", lambda *_groups: False)
        assert group(reports, scores) == quick


def test_chain_of_look_alikes_is_no_event() -> None:
    scores = dict([pair("ab", 2), pair("bc", 1.9), pair("cd", 1.8), pair("de", 1.7)])

    groups = group([report(name) for name in "abcde"], scores)

    assert max(map(len, groups)) <= 3


def test_one_odd_pair_decides_nothing_where_the_others_speak_for_one_event() -> None:
    """Each of d's pairs but one is likely; the odd one counts no more for being far from it."""
    scores = dict([pair("ab", 2), pair("ac", 2), pair("bc", 2), pair("da", 0.5), pair("db", 0.5), pair("dc", -40)])
    unlikely = scores | dict([pair("db", -40)])

    assert group([report(name) for name in "abcd"], scores) == sets("abcd")
    assert group([report(name) for name in "abcd"], unlikely) == sets("abc", "d")


def test_report_joins_where_it_fits_and_not_where_it_fits_most_with_one() -> None:
    """x is nearest to one report of a story whose others it contradicts, and near to all reports of another."""
    stored = [report(name, story=1) for name in "abc"] + [report(name, story=2) for name in "def"]
    scores = dict([pair("xa", 2.5), *(pair(f"x{name}", 2) for name in "def")])

    assert group([*stored, report("x")], scores) == sets("abc", "defx")


def test_vetoes_against_most_of_a_story_keep_a_report_out() -> None:
    stored = [report(name, story=1) for name in "abc"]
    most = dict([pair("xa", 5), pair("xb", 5, Veto.ORDINAL), pair("xc", 5, Veto.ORDINAL)])
    few = dict([pair("xa", 5), pair("xb", 5), pair("xc", 5, Veto.ORDINAL)])

    assert group([*stored, report("x")], most) == sets("abc", "x")
    assert group([*stored, report("x")], few) == sets("abcx")


def test_stories_that_a_person_split_are_not_joined_by_a_report_between_them() -> None:
    stored = [report("a", story=1), report("b", story=2)]
    scores = dict([pair("xa", 3), pair("xb", 2), pair("ab", 3)])

    assert group([*stored, report("x")], scores) == sets("abx")
    assert group([*stored, report("x")], scores, apart=frozenset({frozenset({1, 2})})) == sets("ax", "b")
    assert group([*stored, report("x")], scores, merge_stories=False) == sets("ax", "b")


def test_reports_beyond_the_window_are_not_of_one_event() -> None:
    reports = [report("a"), report("b", hours=STORY_WINDOW / timedelta(hours=1) + 0.1)]

    assert group(reports, dict([pair("ab", 9)])) == sets("a", "b")


def test_later_report_is_the_copy() -> None:
    reports = [report("b", hours=2), report("a", hours=1)]

    copies = find_copies(
        reports, ReportGroup(members=(1, 0), story_ids=()), lambda _one, _other: PairScore(9, 1.0, None)
    )

    assert copies == {0}


def test_copies_in_a_large_group_are_found_by_few_comparisons() -> None:
    reports = [report(f"{number:04}", hours=number / 100) for number in range(1_000)]
    copy = PairScore(3.0, 0.95, None)
    compared: list[tuple[int, int]] = []

    def compare(number: int, other: int) -> PairScore:
        compared.append((number, other))
        return copy if (number, other) in {(900, 0), (500, 499)} else PairScore(3.0, 0.6, None)

    copies = find_copies(reports, ReportGroup(members=tuple(range(1_000)), story_ids=()), compare)

    assert copies == {900, 500}
    assert len(compared) < 40 * 1_000
