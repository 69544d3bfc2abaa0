"""Writes what a set-up comes to, as one edit of the configuration that can be undone."""

from __future__ import annotations

from pathlib import Path

from watcher.app.configuration.channels import add_channel
from watcher.app.configuration.editor import Editor
from watcher.app.configuration.topics import add_topic
from watcher.app.feeds import KnownFeeds
from watcher.app.setup.preparation import SetupPlan
from watcher.errors import UsageError
from watcher.settings import Settings
from watcher.settings.edit_feeds import format_source
from watcher.settings.edit_files import Draft
from watcher.settings.feeds import make_source
from watcher.settings.folders import shipped_folder
from watcher.settings.loader import FEEDS, MAIN, TOPICS
from watcher.settings.packs import Pack
from watcher.settings.yaml_edits import AddItem

EMPTY = {
    MAIN: """# Main configuration of the watcher. Every key has a default; docs/configuration.md lists them.
# `watcher check` reports errors with file, line and column. Any value can be "${NAME}" from the environment.

web:
  host: 127.0.0.1
  port: 8080

channels: {}

digests: []
""",
    FEEDS: """# The feeds to poll, one per line. Keys: url, title, tags, language and others (docs/configuration.md).

feeds: []
""",
    TOPICS: """# The topics: what to look for (docs/topics.md, docs/topic-language.md).

topics: []
""",
}
"""A configuration that watches nothing yet."""


def is_setup_needed(settings: Settings) -> bool:
    """Return whether nothing is watched and nobody is sent anything yet."""
    return not (settings.sources or settings.topics or settings.subscriptions)


def has_configuration(folder: Path) -> bool:
    """Return whether a folder holds a file of a configuration."""
    return any((folder / name).exists() for name in EMPTY)


def write_empty_configuration(folder: Path) -> None:
    """Write a configuration that watches nothing yet; raises UsageError where it cannot be written."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, text in EMPTY.items():
            with (folder / name).open("x", encoding="utf-8") as file:
                file.write(text)
    except OSError as error:
        raise UsageError(f"{folder}: {(error.strerror or 'cannot be written').lower()}") from error


def write_setup(editor: Editor, plan: SetupPlan) -> list[str]:
    """Write a set-up and return the ids of its own topics. Raises what an edit of the configuration raises."""
    topic_ids: list[str] = []

    def write(draft: Draft) -> None:
        """Add packs, feeds, topics, channels and the digest."""
        for pack in plan.packs:
            _add_pack_topics(draft, pack)
        # An id made from a name must differ from the ids of the packs' topics.
        topic_ids.extend(add_topic(draft, edit) for edit in plan.topics)
        _add_feeds(draft, plan)
        for edit in plan.channels:
            add_channel(draft, edit)
        if plan.digest is not None:
            if any(digest.name == plan.digest["name"] for digest in draft.settings.subscriptions):
                raise UsageError(f"there is a digest {plan.digest['name']!r} already")
            draft.apply(AddItem(section="digests", values=plan.digest))
        draft.summary = "Set up the watch"

    editor.edit(write)
    return topic_ids


def _add_pack_topics(draft: Draft, pack: Pack) -> None:
    if pack.sets and not draft.list_items("topics"):
        # The shipped file explains its topics in comments.
        draft.replace_text(TOPICS, (shipped_folder() / TOPICS).read_text("utf-8"))
        return
    sets = draft.get_section("sets")
    for name, value in pack.sets.items():
        if name not in sets:
            draft.apply(AddItem(section="sets", name=name, values=value))
    known = {str(item.get("id")) for item in draft.list_items("topics") if isinstance(item, dict)}
    for topic in pack.topics:
        if topic["id"] not in known:
            draft.apply(AddItem(section="topics", values=topic))


def _add_feeds(draft: Draft, plan: SetupPlan) -> None:
    """Add the feeds of packs and answers that are not watched yet."""
    known = KnownFeeds(draft.settings.sources)
    feeds = [make_source(feed) for pack in plan.packs for feed in pack.feeds]
    for feed in (*feeds, *plan.feeds):
        if known.add_new(feed):
            draft.apply(AddItem(section="feeds", values=format_source(feed), is_flow=True))
