"""Writes what a set-up comes to, as one edit of the configuration that can be undone."""

from __future__ import annotations

from collections.abc import Iterable

from watcher.app.configuration.channels import add_channel
from watcher.app.configuration.editor import Editor
from watcher.app.configuration.topics import add_topic
from watcher.app.feeds import KnownFeeds
from watcher.app.setup.preparation import SetupPlan
from watcher.errors import UsageError
from watcher.model.feed_config import FeedConfig
from watcher.settings.edit_feeds import format_source
from watcher.settings.edit_files import Draft
from watcher.settings.feeds import make_source
from watcher.settings.folders import shipped_folder
from watcher.settings.loader import TOPICS
from watcher.settings.packs import Pack
from watcher.settings.yaml_edits import AddItem


def write_setup(editor: Editor, plan: SetupPlan) -> list[str]:
    """Write a set-up and return the ids of its own topics. Raises what an edit of the configuration raises."""
    topic_ids: list[str] = []

    def write(draft: Draft) -> None:
        """Add packs, feeds, topics, channels and the digest."""
        for pack in plan.packs:
            add_pack_topics(draft, pack)
        # An id made from a name must differ from the ids of the packs' topics.
        topic_ids.extend(add_topic(draft, edit) for edit in plan.topics)
        add_new_feeds(draft, plan.packs, plan.feeds)
        for edit in plan.channels:
            add_channel(draft, edit)
        if plan.digest is not None:
            if any(digest.name == plan.digest["name"] for digest in draft.settings.subscriptions):
                raise UsageError(f"there is a digest {plan.digest['name']!r} already")
            draft.apply(AddItem(section="digests", values=plan.digest))
        draft.summary = "Set up the watch"

    editor.edit(write)
    return topic_ids


def add_pack_topics(draft: Draft, pack: Pack) -> None:
    """Add the topics of a pack, and the sets that they name, where their ids are not in use yet."""
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


def add_new_feeds(draft: Draft, packs: Iterable[Pack], others: Iterable[FeedConfig] = ()) -> None:
    """Add the feeds of packs, and others, that are not watched yet."""
    known = KnownFeeds(draft.settings.sources)
    feeds = [make_source(feed) for pack in packs for feed in pack.feeds]
    for feed in (*feeds, *others):
        if known.add_new(feed):
            draft.apply(AddItem(section="feeds", values=format_source(feed), is_flow=True))
