"""Groups reports into stories: a report joins where it fits the event, and not where one report resembles it.

Groups are merged by pairs, the best first: the best pair of reports has to be of one event, the mean of all pairs must
not speak against it, and most pairs must be free of vetoes. Nothing depends on the order in which reports are given, so
that the reports of a poll make the same stories in any order.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import datetime
from heapq import heapify, heappop, heappush
from typing import NamedTuple, TypeAlias

from watcher.stories.pair import PairScore
from watcher.stories.similarity import COPY_SIMILARITY, STORY_WINDOW

MIN_MEAN = -0.55
"""The mean log odds between two groups that are merged, at least.

By bench/stories.py, at -0.6, -0.55, -0.5: recall .699, .699, .672, look-alikes joined 3 or 4, 3, 3 of 14, at a
precision of .997. At -0.6 two events of the demonstration are one.
"""
MAX_COUNTED_SCORE = 2.5
"""What a pair counts in that mean at most, for or against (as vetoed ones do): a single odd pair decides nothing.

Without it, a recall of .70 costs a fourth look-alike of fourteen, and three of them leave a recall of .67.
"""
MAX_COMPARED_MEMBERS = 12
"""So many members of a group are compared with another: the newest."""
MAX_FIRST_MEMBERS = 20
MAX_NEAR_MEMBERS = 20
"""With so many earlier members a report is compared to find out whether it is a copy."""
ReportKey: TypeAlias = tuple[datetime, str, str]
"""When a report was published, its text, and what tells apart two with the same of both."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupedReport:
    """A report to be grouped; `story_id` is the story that it belongs to, None for a report without one yet."""

    key: ReportKey
    story_id: int | None = None
    is_fresh: bool = True

    @property
    def reported_at(self) -> datetime:
        """When it was published where that is plausible, else when it was first seen."""
        return self.key[0]


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportGroup:
    """Reports of one story, as indices in order of publication; `story_ids` are those of its stored ones."""

    members: tuple[int, ...]
    story_ids: tuple[int, ...]


ComparePair: TypeAlias = Callable[[int, int], PairScore]
_Versions: TypeAlias = tuple[int, int]


def group_reports(
    reports: Sequence[GroupedReport],
    neighbours: Mapping[int, Collection[int]],
    compare: ComparePair,
    *,
    are_unlike: Callable[[int, int], bool] = lambda _number, _other: False,
    apart: AbstractSet[frozenset[int]] = frozenset(),
    merge_stories: bool = True,
) -> tuple[ReportGroup, ...]:
    """Group reports by what `compare` returns of two indices; the same for any order of the reports.

    Stored reports of one story are a group from the beginning. `neighbours` are the reports that a fresh one is
    compared with at first. `are_unlike` returns True, sooner than `compare`, only where that speaks against one event:
    most pairs end there. Stories whose ids are a pair of `apart` are never merged, and none without `merge_stories`.
    """
    return _Grouping(reports, compare, are_unlike, apart, merge_stories).run(neighbours)


def find_joinable(
    story_ids: Sequence[int | None],
    neighbours: Mapping[int, Collection[int]],
    compare: ComparePair,
    are_unlike: Callable[[int, int], bool],
) -> list[int]:
    """Return the reports of `neighbours` that `group_reports` may join with another; the rest remain as they are.

    `story_ids` are those of all reports. Merges go along links to neighbours: where no linked pair of groups has a pair
    of reports that are like each other, there is none to begin with, and so none at all.
    """
    members = _list_members(story_ids)

    # Groups are named by their first report.
    linked = {number: {members[other][0] for other in others} for number, others in neighbours.items()}
    first = []
    for number, groups in linked.items():
        like = [other for group in groups for other in members[group] if not are_unlike(number, other)]
        if any(_is_event(compare(number, other)) for other in like):
            first.append(number)
    return first if not first or len(first) == len(linked) else _list_connected(first, linked)


def _list_members(story_ids: Sequence[int | None]) -> list[Sequence[int]]:
    """Return the group of each report: the reports of its story, or itself."""
    stories: dict[int, list[int]] = {}
    for number, story_id in enumerate(story_ids):
        if story_id is not None:
            stories.setdefault(story_id, []).append(number)
    return [(number,) if story_id is None else stories[story_id] for number, story_id in enumerate(story_ids)]


def _list_connected(first: Sequence[int], linked: Mapping[int, Collection[int]]) -> list[int]:
    """Return some reports and those connected to them by groups that both are linked to.

    Those are compared again when the first ones have been merged.
    """
    linked_to: dict[int, list[int]] = {number: [number] for number in linked}
    for number, groups in linked.items():
        for group in groups:
            linked_to.setdefault(group, []).append(number)
    connected = list(first)
    reached = set(first)
    for number in connected:  # which grows meanwhile
        for group in (number, *linked[number]):
            others = [other for other in linked_to[group] if other not in reached]
            reached.update(others)
            connected += others
    return connected


def find_copies(reports: Sequence[GroupedReport], group: ReportGroup, compare: ComparePair) -> frozenset[int]:
    """Return the members of a group that repeat an earlier member nearly word for word, one of the two being fresh.

    A stored member is among them when its original was polled after it. In a large group a member is compared with the
    first ones, which others copy, and with those just before it.
    """
    return frozenset(
        member
        for place, member in enumerate(group.members)
        if any(
            compare(member, earlier).words >= COPY_SIMILARITY
            for earlier in _list_earlier(group.members, place)
            if reports[member].is_fresh or reports[earlier].is_fresh
        )
    )


def _is_event(score: PairScore) -> bool:
    """Return whether a pair of reports, by itself, is of one event."""
    return score.veto is None and score.log_odds >= 0


def _list_earlier(members: Sequence[int], place: int) -> Sequence[int]:
    """Return the members before a place; of many the first and the nearest."""
    if place <= MAX_FIRST_MEMBERS + MAX_NEAR_MEMBERS:
        return members[:place]
    return (*members[:MAX_FIRST_MEMBERS], *members[place - MAX_NEAR_MEMBERS : place])


class _Fit(NamedTuple):
    best: float
    mean: float
    vetoed: float

    @property
    def is_event(self) -> bool:
        return self.best >= 0 and self.mean >= MIN_MEAN and self.vetoed <= 0.5


class _Grouping:
    """Groups under way: a group has the number of its first report, and a version that a merge raises."""

    def __init__(
        self,
        reports: Sequence[GroupedReport],
        compare: ComparePair,
        are_unlike: Callable[[int, int], bool],
        apart: AbstractSet[frozenset[int]],
        merge_stories: bool,
    ) -> None:
        self._reports = reports
        self._compare = compare
        self._are_unlike = are_unlike
        self._apart = apart
        self._merge_stories = merge_stories
        self._group_of: dict[int, int] = {}
        self._members: dict[int, list[int]] = {}
        self._neighbours: dict[int, set[int]] = {}
        self._versions: dict[int, int] = {}
        first_of_story: dict[int, int] = {}
        for number in sorted(range(len(reports)), key=lambda number: reports[number].key):
            story_id = reports[number].story_id
            group = number if story_id is None else first_of_story.setdefault(story_id, number)
            self._group_of[number] = group
            self._members.setdefault(group, []).append(number)
        self._versions = dict.fromkeys(self._members, 0)

    def run(self, neighbours: Mapping[int, Collection[int]]) -> tuple[ReportGroup, ...]:
        for number, others in neighbours.items():
            for other in others:
                self._link(self._group_of[number], self._group_of[other])
        # A merge that was ranked for a group as it was before another merge is stale, and was ranked anew.
        linked = [(group, other) for group, others in self._neighbours.items() for other in others if group < other]
        heap = [ranked for group, other in linked if (ranked := self._rank(group, other)) is not None]
        heapify(heap)
        while heap:
            _fit, _keys, group, other, versions = heappop(heap)
            if (self._versions.get(group), self._versions.get(other)) == versions:
                self._merge(group, other)
                for third in sorted(self._neighbours[group]):
                    if (ranked := self._rank(group, third)) is not None:
                        heappush(heap, ranked)
        return tuple(sorted(map(self._build_group, self._members.values()), key=self._order_group))

    def _link(self, group: int, other: int) -> None:
        if group != other:
            self._neighbours.setdefault(group, set()).add(other)
            self._neighbours.setdefault(other, set()).add(group)

    def _rank(self, group: int, other: int) -> tuple[tuple[float, float], object, int, int, _Versions] | None:
        """Return the place of a merge in the order of merges, None where the two are not one event."""
        if self._are_unrelated(group, other):
            return None
        group, other = sorted((group, other), key=lambda member: self._reports[member].key)
        if self._is_apart(group, other):
            return None
        fit = self._measure_fit(group, other)
        if not fit.is_event:
            return None
        keys = (self._reports[group].key, self._reports[other].key)
        return (-fit.best, -fit.mean), keys, group, other, (self._versions[group], self._versions[other])

    def _are_unrelated(self, group: int, other: int) -> bool:
        """Return whether two groups of one report each are not one event, as `_measure_fit` would find, but sooner.

        At first all groups are such, and nearly all pairs of them are unrelated.
        """
        members, others = self._members[group], self._members[other]
        if len(members) > 1 or len(others) > 1:
            return False
        if self._are_unlike(members[0], others[0]):
            return True
        return not _is_event(self._compare(members[0], others[0]))

    def _is_apart(self, group: int, other: int) -> bool:
        stories, others = self._list_stories(group), self._list_stories(other)
        if stories and others and not self._merge_stories:
            return True
        return any(frozenset((story, another)) in self._apart for story in stories for another in others)

    def _list_stories(self, group: int) -> list[int]:
        return sorted({story for member in self._members[group] if (story := self._reports[member].story_id)})

    def _measure_fit(self, group: int, other: int) -> _Fit:
        members = self._members[group][-MAX_COMPARED_MEMBERS:]
        others = self._members[other][-MAX_COMPARED_MEMBERS:]
        scores = [
            self._compare(member, another)
            for member in members
            for another in others
            if self._are_near(member, another)
        ]
        if not scores:
            return _Fit(-MAX_COUNTED_SCORE, -MAX_COUNTED_SCORE, 1.0)
        log_odds = [score.log_odds if score.veto is None else -MAX_COUNTED_SCORE for score in scores]
        counted = [max(-MAX_COUNTED_SCORE, min(MAX_COUNTED_SCORE, value)) for value in log_odds]
        vetoed = sum(score.veto is not None for score in scores)
        return _Fit(max(log_odds), sum(counted) / len(counted), vetoed / len(scores))

    def _are_near(self, number: int, other: int) -> bool:
        return abs(self._reports[number].reported_at - self._reports[other].reported_at) <= STORY_WINDOW

    def _merge(self, group: int, other: int) -> None:
        members = self._members[group] + self._members.pop(other)
        self._members[group] = sorted(members, key=lambda number: self._reports[number].key)
        self._versions[group] += 1
        del self._versions[other]
        for third in self._neighbours.pop(other, set()):
            self._neighbours[third].discard(other)
            self._link(group, third)

    def _build_group(self, members: Sequence[int]) -> ReportGroup:
        stories = {story for number in members if (story := self._reports[number].story_id) is not None}
        return ReportGroup(members=tuple(members), story_ids=tuple(sorted(stories)))

    def _order_group(self, group: ReportGroup) -> ReportKey:
        return self._reports[group.members[0]].key
