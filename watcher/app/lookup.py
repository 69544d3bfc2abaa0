"""What is stored, looked up by number or id, as documents of the contract: for entry points that know no database."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING

from watcher.app.feed_encoding import encode_watched_feed
from watcher.app.learning import describe_learning
from watcher.app.story_brief import load_story_brief
from watcher.app.topic_encoding import encode_topic, encode_topic_detail
from watcher.app.topics import find_topic
from watcher.contract.digests import Coverage, encode_coverage
from watcher.contract.entries import Entry, EntryDetail, encode_entry, encode_entry_detail
from watcher.contract.feeds import Feed
from watcher.contract.hits import Hit, encode_hit
from watcher.contract.proposals import Proposal, encode_proposal
from watcher.contract.story_briefs import StoryBrief, encode_story_brief
from watcher.contract.topics import Topic, TopicDetail
from watcher.store.entries.queries import load_entries, load_entry, load_entry_versions
from watcher.store.feeds.queries import load_feeds
from watcher.store.hits.queries import load_hit
from watcher.store.meaning.proposals import get_proposal
from watcher.store.system.status import measure_whole_coverage
from watcher.topics.overview import get_topic_overview, list_topic_overviews, list_used_sets

if TYPE_CHECKING:
    from watcher.app.bootstrap import App

SOUND = frozenset({"fresh", "new", "paused"})
"""The health of feeds that are not reported as failing: they are read, or are not to be read."""


def look_up_entry(app: App, entry_id: int) -> EntryDetail:
    """Return an entry with its full text and its earlier versions. Raises NotFoundError."""
    with app.database.read() as db:
        return encode_entry_detail(load_entry(db, entry_id), load_entry_versions(db, entry_id))


def look_up_entries(app: App, entry_ids: Iterable[int]) -> Mapping[int, Entry]:
    """Return the entries of some numbers that are stored, by number."""
    with app.database.read() as db:
        entries = load_entries(db, list(dict.fromkeys(entry_ids)))
    return {id_: encode_entry(stored) for id_, stored in entries.items()}


def look_up_hit(app: App, hit_id: int) -> Hit:
    """Return a hit with its entry. Raises NotFoundError."""
    with app.database.read() as db:
        return encode_hit(load_hit(db, hit_id))


def look_up_proposal(app: App, proposal_id: int) -> Proposal:
    """Return a proposal with its entry. Raises NotFoundError."""
    with app.database.read() as db:
        return encode_proposal(get_proposal(db, proposal_id))


def look_up_story(app: App, story_id: int, now: datetime) -> StoryBrief:
    """Return a story with its facts and the coverage of its time. Raises NotFoundError."""
    with app.database.read() as db:
        brief = load_story_brief(db, story_id, now)
    return encode_story_brief(brief.id, brief.facts, brief.coverage, brief.covered, brief.made_at)


def look_up_topics(app: App, now: datetime) -> list[Topic]:
    """Return the configured topics with what they found."""
    with app.database.read() as db:
        return [encode_topic(summary) for summary in list_topic_overviews(db, app.matcher, now)]


def look_up_topic(app: App, topic_id: str, now: datetime) -> TopicDetail:
    """Return a topic: its query as written and as parsed, and all its versions. Raises NotFoundError."""
    from watcher.match import format_query

    topic, sets = find_topic(app.settings.topics, topic_id), app.settings.sets
    with app.database.read() as db:
        summary, versions = get_topic_overview(db, app.matcher, topic.id, now)
        learning = describe_learning(db, topic)
    parsed = format_query(app.matcher.query(topic.id)) if topic.has_query else ""
    used = {name: sets[name] for name in list_used_sets(topic.query, sets)}
    return encode_topic_detail(summary, versions, learning, parsed, used)


def measure_period(app: App, since: datetime, until: datetime) -> Coverage:
    """Return how much of what should be watched was watched in a period, as seen at its end."""
    with app.database.read() as db:
        return encode_coverage(measure_whole_coverage(db, since, until))


def list_troubled_feeds(app: App, now: datetime) -> list[Feed]:
    """Return the feeds that are not read as they should be, by name; `entries` of each are not counted."""
    with app.database.read() as db:
        feeds = load_feeds(db)
    encoded = [encode_watched_feed(feed, now, 0) for feed in feeds]
    return [feed for feed in encoded if feed["health"] not in SOUND]
