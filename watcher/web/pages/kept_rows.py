"""Rows of the lists of hits and stories as HTML, kept by all that they show: most stay the same between requests."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass
from datetime import datetime

from watcher.model.story import Story
from watcher.store.stories.facets import StoryVerdict
from watcher.web.kept_values import KeptValues
from watcher.web.pages.hit_groups import HitGroup, HitRow
from watcher.web.pages.row_marks import RowMarks
from watcher.web.render.times import format_ago

MAX_KEPT_CHARACTERS = 10_000
"""Rows whose reports have longer full texts are rendered each time: they are kept with all of their text."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RowKeeper:
    """Renders the rows of hits of one request, or finds them rendered.

    `frame` is what they depend on besides their own content: the list's address, and what the visitor may do. The
    visitor's form token is no part of it, since it is put in last. `ago_from` is the time from which rows count how
    long ago they came; None where they show the time of day.
    """

    kept: KeptValues[str]
    marks: RowMarks
    topic_names: Mapping[str, str]
    frame: Hashable
    ago_from: datetime | None

    def render(self, macro: Callable[[HitGroup], str], group: HitGroup) -> str:
        """Return the HTML of a group, which `macro` renders where it is not kept."""
        rows = (group.lead, *group.others)
        if sum(len(row.stored.content) for row in rows) > MAX_KEPT_CHARACTERS:
            return macro(group)
        key = (self.frame, self._format_ago(group), tuple(map(self._describe_row, rows)))
        return self.kept.get(key, lambda: macro(group))

    def _format_ago(self, group: HitGroup) -> str | None:
        return None if self.ago_from is None else format_ago(group.lead.hit.matched_at, self.ago_from)

    def _describe_row(self, row: HitRow) -> Hashable:
        """Return all of a row that can be seen: the values of its hits and report, compared one by one."""
        entry_id = row.stored.id
        return (
            tuple(row.hits),
            tuple(self.topic_names.get(hit.topic_id) for hit in row.hits),
            tuple(self.marks.is_unread(entry_id, hit.matched_at) for hit in row.hits),
            self.marks.is_starred(entry_id),
            self.marks.count_notes(entry_id),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class StoryRowKeeper:
    """Renders the rows of stories of one request, or finds them rendered; see RowKeeper."""

    kept: KeptValues[str]
    marks: RowMarks
    verdicts: Mapping[int, tuple[StoryVerdict, ...]]
    topic_names: Mapping[str, str]
    frame: Hashable
    now: datetime

    def render(self, macro: Callable[[Story], str], story: Story) -> str:
        """Return the HTML of a story, which `macro` renders where it is not kept."""
        verdicts = self.verdicts.get(story.id, ())
        key = (
            self.frame,
            story,
            verdicts,
            tuple(self.topic_names.get(verdict.topic_id) for verdict in verdicts),
            self.marks.is_unread(story.id, story.last_at),
            self.marks.is_starred(story.id),
            self.marks.count_notes(story.id),
            format_ago(story.first_at, self.now),
            format_ago(story.last_at, self.now),
        )
        return self.kept.get(key, lambda: macro(story))
