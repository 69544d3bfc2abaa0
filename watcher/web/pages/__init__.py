"""The pages, one subject a module."""

from watcher.web.pages import (
    account,
    api_docs,
    archive,
    as_of,
    audit,
    channels,
    deliveries,
    digest_edits,
    digests,
    entry,
    exports,
    feed_edits,
    feed_lists,
    feeds,
    hits,
    labels,
    login,
    manual,
    notes,
    oidc,
    overview,
    own_digests,
    people,
    preview,
    proposals,
    query_check,
    settings,
    setup,
    stories,
    story_briefs,
    topic_articles,
    topic_edits,
    topic_preview,
    topics,
    triage,
    unsubscribe,
    views,
    workbench,
)

# `/digests/preview` and `/digests/new` stand before `/digests/{id}`, which would take it for a number.
_ALL = (
    hits, proposals, archive, exports, entry, stories, story_briefs, topic_edits, topics, workbench, topic_preview,
    topic_articles, feed_lists, feed_edits, feeds, preview, digest_edits, digests, channels, settings, setup,
    deliveries, overview, as_of, query_check, labels, unsubscribe, login, oidc, api_docs,
    triage, notes, views, account, own_digests, people, audit, manual,
)  # fmt: skip
routers = tuple(page.router for page in _ALL)

__all__ = ["routers"]
