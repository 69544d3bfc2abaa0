"""The pages, one subject a module."""

from watcher.web.pages import (
    archive,
    as_of,
    deliveries,
    digests,
    entry,
    exports,
    feed_lists,
    feeds,
    hits,
    labels,
    login,
    overview,
    preview,
    proposals,
    query_check,
    stories,
    story_briefs,
    topics,
    unsubscribe,
    workbench,
)

# `/digests/preview` stands before `/digests/{id}`, which would take it for a number.
_ALL = (
    hits, proposals, archive, exports, entry, stories, story_briefs, topics, workbench, feed_lists, feeds, preview,
    digests, deliveries, overview, as_of, query_check, labels, unsubscribe, login,
)  # fmt: skip
routers = tuple(each.router for each in _ALL)

__all__ = ["routers"]
