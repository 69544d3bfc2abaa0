"""Tools over stories, and over how much was watched: what is new, one story whole, what may have been missed."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Annotated, Literal

from mcp.types import CallToolResult

from watcher.app.bootstrap import App
from watcher.app.listing import STORY_ORDERS, RawListQuery, list_stories, parse_list_query_with_sets, parse_time
from watcher.app.lookup import list_troubled_feeds, look_up_entries, look_up_story, measure_period
from watcher.app.status import get_system_status
from watcher.contract.assistant import CoverageReport, FoundStories, WholeStory
from watcher.contract.citations import cite_story, cite_troubled_feed
from watcher.contract.digests import Coverage
from watcher.contract.stories import encode_stories
from watcher.contract.timestamps import format_timestamp
from watcher.errors import UsageError
from watcher.mcp.inputs import Cursor, Id, Languages, Limit, Since, Sources, Topics, Until
from watcher.mcp.replies import begin_answer, count, describe_citation, describe_end, make_reply, name_fields, quote

_STORY = ("title", "outlets", "citations[].title", "citations[].publisher")
_BRIEF = (
    "title", "first_outlet", "outlets", "independent_outlets", "coverage.notes", "reports[].outlet",
    "reports[].title", "reports[].adds", "reports[].numbers", "reports[].names", "reports[].edits",
)  # fmt: skip
MAX_DESCRIBED_REPORTS = 5
MAX_TROUBLED = 100


class StoryTools:
    """Tools over the stories and the feeds of one open application."""

    def __init__(self, app: App, clock: Callable[[], datetime]) -> None:
        self._app = app
        self._clock = clock

    def list_stories(
        self,
        topics: Topics = [],  # noqa: B006 (never changed; the schema shows it)
        since: Since = "",
        until: Until = "",
        sources: Sources = [],  # noqa: B006
        languages: Languages = [],  # noqa: B006
        order: Literal["active", "new", "outlets"] = "active",
        limit: Limit = 10,
        cursor: Cursor = "",
    ) -> Annotated[CallToolResult, FoundStories]:
        """List stories (the reports of one event, together) that had a report since a time: what is new about a topic.
        Cites their reports, marks those of the period as `is_new`, and says how much was watched meanwhile. Orders:
        active (latest report first), new (newest story first), outlets (most outlets first)."""
        now = self._clock()
        raw = RawListQuery(
            topics=topics, sources=sources, since=since, until=until, languages=languages, order=order,
            orders=STORY_ORDERS, limit=limit, cursor=cursor or None,
        )  # fmt: skip
        parsed = parse_list_query_with_sets(raw, [topic.id for topic in self._app.settings.topics], now, {})
        begin, end = parsed.filters.since, parsed.filters.until
        with self._app.database.read() as db:
            page = encode_stories(list_stories(db, parsed))
        reports = look_up_entries(
            self._app, (report["entry"] for story in page["stories"] for report in story["tellings"])
        )
        first, last = format_timestamp(begin), format_timestamp(end)
        answer: FoundStories = {
            **begin_answer(now, [*name_fields("stories[]", _STORY), "coverage.notes"]),
            "since": first,
            "until": last,
            "stories": [cite_story(story, reports, first, last) for story in page["stories"]],
            "next_cursor": page["next_cursor"],
            "coverage": measure_period(self._app, begin, min(end or now, now)) if begin and begin < now else None,
        }
        return make_reply(answer, _describe_stories)

    def get_story(self, story: Id) -> Annotated[CallToolResult, WholeStory]:
        """Read one story whole: who reported what and when, who copied whom, what each report was the first to say,
        headlines that were changed, and how much was watched while it grew."""
        now = self._clock()
        answer: WholeStory = {
            **begin_answer(now, name_fields("story", _BRIEF)),
            "story": look_up_story(self._app, story, now),
        }
        return make_reply(answer, _describe_story)

    def get_coverage(self, since: Since = "24h", until: Until = "") -> Annotated[CallToolResult, CoverageReport]:
        """Report how much was watched in a period and what may have been missed: feeds that fail or are silent, gaps
        between polls, items that were not stored. Ask it before concluding that nothing happened."""
        now = self._clock()
        end = parse_time(until or "now", now)
        begin = parse_time(since or "24h", now)
        if begin >= end:
            raise UsageError("`since` is not before `until`")
        status = get_system_status(self._app, now)
        answer: CoverageReport = {
            **begin_answer(now, ["coverage.notes", "troubled[].name", "troubled[].fault"]),
            "since": format_timestamp(begin),
            "until": format_timestamp(end),
            "coverage": measure_period(self._app, begin, end),
            "troubled": [cite_troubled_feed(feed) for feed in list_troubled_feeds(self._app, now)[:MAX_TROUBLED]],
            "last_poll_at": status["last_poll_at"],
            "lag_seconds": status["lag_seconds"],
        }
        return make_reply(answer, _describe_coverage)


def _describe_stories(answer: FoundStories) -> list[str]:
    since = f" since {answer['since']}" if answer["since"] else ""
    stories = answer["stories"]
    lines = [f"{count(len(stories), 'story', 'stories')}{since}." if stories else f"No story{since}."]
    for story in stories:
        new = f", {story['new_reports']} new" if answer["since"] else ""
        outlets = count(len(story["outlets"]), "outlet")
        lines.append(f"- story {story['story']}: {quote(story['title'])}, {story['reports']} reports{new}, {outlets}")
        cited = [report for report in story["citations"] if report["is_new"]] or story["citations"]
        lines += [f"  - {describe_citation(report)}" for report in cited[:MAX_DESCRIBED_REPORTS]]
    if answer["coverage"] is not None:
        lines.append(_summarise_coverage(answer["coverage"]))
    return [*lines, *describe_end(answer["next_cursor"])]


def _describe_story(answer: WholeStory) -> list[str]:
    story = answer["story"]
    lines = [f"Story {story['id']}: {quote(story['title'])}, {story['first_at']} to {story['last_at']}."]
    for report in story["reports"]:
        copied = f", repeats entry {report['copy_of']}" if report["copy_of"] is not None else ""
        when = report["published_at"] or report["first_seen_at"]
        lines.append(
            f"- entry {report['entry']}: {quote(report['title'])} ({quote(report['outlet'])}, {when}{copied})"
            + (f" {report['url']}" if report["url"] else "")
        )
    return [*lines, _summarise_coverage(story["coverage"])]


def _describe_coverage(answer: CoverageReport) -> list[str]:
    lines = [f"From {answer['since']} to {answer['until']}. {_summarise_coverage(answer['coverage'])}"]
    lines += [
        f"- {quote(feed['name'])} is {feed['health']}" + (f": {quote(feed['fault'])}" if feed["fault"] else "")
        for feed in answer["troubled"]
    ]
    if answer["last_poll_at"] is None:
        lines.append("No feed was ever polled.")
    return lines


def _summarise_coverage(coverage: Coverage) -> str:
    """Return what a period's coverage means for someone who relies on silence."""
    unsound = coverage["failing"] + coverage["stale"] + coverage["gone"] + coverage["unread"]
    text = f"Watched: {count(coverage['feeds'], 'feed')}, {count(coverage['entries'], 'report')} came"
    text += f"; {unsound} not read as they should be" if unsound else ""
    text += f"; about {count(coverage['lost'], 'item')} may have been missed in gaps" if coverage["gaps"] else ""
    text += f"; {count(coverage['left_out'], 'item')} not stored" if coverage["left_out"] else ""
    text += (
        f"; {count(coverage['meaning_backlog'], 'report')} not read for meaning yet"
        if coverage["meaning_backlog"]
        else ""
    )
    return f"{text}. " + ("Something may have been missed." if coverage["bad"] else "Nothing is known to be missing.")
