"""Stories: the reports of one event, in order of discovery."""

from __future__ import annotations

from typing import Literal

from typing_extensions import TypedDict

from watcher.contract.timestamps import format_timestamp
from watcher.model.page import Page
from watcher.model.story import Story as ModelStory


class Report(TypedDict):
    """One report in a story; `copy` marks a near-verbatim copy of an earlier one."""

    entry: int
    title: str
    url: str | None
    source: str
    first_seen_at: str
    copy: bool


class Story(TypedDict):
    """A story. Its title and `language` are those of its first report in the reader's language, else of its first.

    `size` and `reports` count its reports, `independent` the outlets with a report that is no copy.
    """

    id: int
    title: str
    language: str | None
    first_at: str
    last_at: str
    size: int
    reports: int
    outlets: list[str]
    independent: int
    languages: list[str]
    topics: list[str]
    tellings: list[Report]


class StoryDecision(TypedDict):
    """What a person decided: a split moved `entries` from `story` into `other_story`, a merge the other way."""

    id: int
    kind: Literal["split", "merge"]
    story: int
    other_story: int
    entries: list[int]
    author: str | None
    decided_at: str
    undone_at: str | None


class StoryList(TypedDict):
    """A page of stories."""

    stories: list[Story]
    next_cursor: str | None


def encode_story(story: ModelStory) -> Story:
    """Return a story; its outlets in order of discovery, each once."""
    lead = story.lead
    return {
        "id": story.id,
        "title": lead.title if lead else "",
        "language": lead.language if lead else None,
        "first_at": format_timestamp(story.first_at),
        "last_at": format_timestamp(story.last_at),
        "size": story.size,
        "reports": story.size,
        "outlets": list(story.outlets),
        "independent": len(story.independent_outlets),
        "languages": list(story.languages),
        "topics": list(story.topics),
        "tellings": [
            {
                "entry": report.entry_id,
                "title": report.title,
                "url": report.url,
                "source": report.source,
                "first_seen_at": format_timestamp(report.first_seen_at),
                "copy": report.copy,
            }
            for report in story.reports
        ],
    }


def encode_stories(page: Page[ModelStory]) -> StoryList:
    """Return a page of stories in its order."""
    return {"stories": [encode_story(story) for story in page.items], "next_cursor": page.next_cursor}
