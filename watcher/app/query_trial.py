"""Queries tried out: why one matches an entry, what it finds or changes in the archive, and which a text suggests."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from watcher.app.deadlines import Deadline
from watcher.app.topic_encoding import encode_diff, encode_explanation, encode_proposal, encode_tested_archive
from watcher.app.topics import find_topic, find_topic_or_query, require_query
from watcher.contract.topic_analysis import DraftedTopic, QueryDiff
from watcher.contract.topics import Explanation, TestedArchive
from watcher.errors import UsageError
from watcher.match import hash_query, parse_query
from watcher.store.entries.queries import load_entry
from watcher.store.hits.queries import load_hit
from watcher.text.article import Article, parse_article_text
from watcher.topics.archive_scan import ArchiveScan
from watcher.topics.diff import diff_queries
from watcher.topics.draft import TopicDraft, add_match_counts, draft_topics
from watcher.topics.named_query import parse_named_query
from watcher.topics.query_test import count_matches, explain_entry, search_archive

if TYPE_CHECKING:
    from watcher.app.bootstrap import App

MAX_QUERY_CHARACTERS = 20_000


def explain_match(app: App, what: str, *, entry_id: int | None = None, hit_id: int | None = None) -> Explanation:
    """Return why a topic (its id) or a query matches an entry or a hit's entry, clause by clause, or why not.

    Raises UsageError where not one of the two is named, NotFoundError, QueryError, and NoQueryError for a topic that
    sentences alone describe.
    """
    if (entry_id is None) == (hit_id is None):
        raise UsageError("name either an entry or a hit")
    topic, text = find_topic_or_query(app.settings.topics, what)
    named = parse_named_query(text, app.settings.sets)
    with app.database.read() as db:
        hit = load_hit(db, hit_id) if hit_id is not None else None
        stored = load_entry(db, entry_id if entry_id is not None else hit.stored.id if hit is not None else 0)
    explained = explain_entry(named, stored)
    return encode_explanation(explained, topic.id if topic else None, hash_query(named.query), hit)


def search_for_query(
    app: App, query: str, since: datetime | None, until: datetime | None, *, limit: int, span: timedelta
) -> TestedArchive:
    """Return what a query matches among the stored entries, as far back as the time allows. Raises QueryError."""
    parsed = parse_query(query, app.settings.sets)
    scan = ArchiveScan(app.database, since, until)
    return encode_tested_archive(search_archive(scan, parsed, limit=limit, is_over=Deadline(span).is_over))


def compare_with_topic(
    app: App, topic_id: str, query: str, since: datetime | None, until: datetime | None, *, limit: int, span: timedelta
) -> QueryDiff:
    """Return what a query would gain and lose beside a topic's among the stored entries; nothing is changed.

    Raises NotFoundError, QueryError, NoQueryError, and TooLongError where it takes longer than `span`.
    """
    topic = find_topic(app.settings.topics, topic_id)
    before = parse_query(require_query(topic), app.settings.sets)
    after = parse_query(query, app.settings.sets)
    scan = ArchiveScan(app.database, since, until, Deadline(span).on_progress)
    return encode_diff(diff_queries(scan, topic.id, before, after, limit=limit), topic.id)


def draft_from_text(
    app: App, text: str, source: str, since: datetime | None, *, limit: int, span: timedelta
) -> list[DraftedTopic]:
    """Return topics that a text suggests, with the number of stored entries that each would match.

    Nothing is stored. Raises UsageError for an empty text, TooLongError where counting takes longer than `span`.
    """
    if not text.strip():
        raise UsageError("write the text that topics are to be drafted from")
    drafts = draft_from_article(app, parse_article_text(text), source, since, limit=limit, span=span)
    return [encode_proposal(draft) for draft in drafts]


def draft_from_article(
    app: App, article: Article, source: str, since: datetime | None, *, limit: int, span: timedelta
) -> tuple[TopicDraft, ...]:
    """Return topics that an article suggests, with the number of stored entries that each would match.

    Nothing is stored. Raises TooLongError where counting takes longer than `span`.
    """
    taken = [topic.id for topic in app.settings.topics]
    drafts = draft_topics(article, taken=taken, limit=limit, source=source)
    if not drafts:
        return ()
    scan = ArchiveScan(app.database, since, None, Deadline(span).on_progress)
    matched, tested = count_matches(scan, {draft.id: parse_query(draft.query) for draft in drafts})
    return add_match_counts(drafts, matched, tested) if tested else tuple(drafts)
