"""Groups stored entries into the stories that they would give, without storing any."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from functools import cache

from watcher.model.entry import StoredEntry
from watcher.model.event import choose_report_time
from watcher.stories.grouping import GroupedReport, group_reports
from watcher.stories.neighbours import choose_neighbours
from watcher.stories.pair import PairScore, build_traits, score_pair
from watcher.stories.similarity import compute_blocking_keys, extract_story_text


def group_entries(entries: Sequence[StoredEntry], story_ids: Mapping[int, int]) -> tuple[tuple[int, ...], ...]:
    """Return the groups that entries form, as indices into `entries`: each group in order of publication, the group
    with the latest report first.

    `story_ids` are the stories of entries that have one, by entry: they stay together whatever their texts.
    Entries are compared by words alone, and with each other alone.
    """
    texts = [extract_story_text(stored.entry) for stored in entries]
    traits = [build_traits(text, stored.entry.item.language) for text, stored in zip(texts, entries, strict=True)]
    reports = [_build_report(stored, text, story_ids) for text, stored in zip(texts, entries, strict=True)]
    keys = [compute_blocking_keys(text) for text in texts]
    holders: defaultdict[int, list[int]] = defaultdict(list)
    for number, own_keys in enumerate(keys):
        for key in own_keys:
            holders[key].append(number)
    neighbours = {
        number: choose_neighbours(number, keys[number], holders)
        for number, report in enumerate(reports)
        if report.is_fresh
    }

    @cache
    def compare_ordered(number: int, other: int) -> PairScore:
        return score_pair(traits[number], traits[other], None)

    def compare(number: int, other: int) -> PairScore:
        return compare_ordered(min(number, other), max(number, other))

    groups = group_reports(reports, neighbours, compare, merge_stories=False)
    ordered = sorted(groups, key=lambda group: reports[group.members[-1]].key, reverse=True)
    return tuple(group.members for group in ordered)


def _build_report(stored: StoredEntry, text: str, story_ids: Mapping[int, int]) -> GroupedReport:
    reported_at = choose_report_time(stored.entry.item.published_at, stored.first_seen_at)
    return GroupedReport(
        key=(reported_at, text, f"{stored.entry.feed_id} {stored.entry.key}"),
        story_id=story_ids.get(stored.id),
        is_fresh=stored.id not in story_ids,
    )
