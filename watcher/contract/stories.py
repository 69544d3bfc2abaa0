"""Stories: the reports of one event, in order of discovery."""

from __future__ import annotations

from typing_extensions import TypedDict

from watcher.contract.timestamps import format_timestamp
from watcher.model.results import Page
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
    """A story under the title of its first report; `size` counts its reports."""

    id: int
    title: str
    first_at: str
    last_at: str
    size: int
    outlets: list[str]
    tellings: list[Report]


class StoryList(TypedDict):
    """A page of stories."""

    stories: list[Story]
    next_cursor: str | None


def encode_story(story: ModelStory) -> Story:
    """Return a story; its outlets in order of discovery, each once."""
    return {
        "id": story.id,
        "title": story.tellings[0].title if story.tellings else "",
        "first_at": format_timestamp(story.first_at),
        "last_at": format_timestamp(story.last_at),
        "size": story.size,
        "outlets": list(dict.fromkeys(report.source for report in story.tellings)),
        "tellings": [
            {
                "entry": report.entry_id,
                "title": report.title,
                "url": report.url,
                "source": report.source,
                "first_seen_at": format_timestamp(report.first_seen_at),
                "copy": report.copy,
            }
            for report in story.tellings
        ],
    }


def encode_stories(page: Page[ModelStory]) -> StoryList:
    """Return a page of stories in its order."""
    return {"stories": [encode_story(story) for story in page.items], "next_cursor": page.next_cursor}
