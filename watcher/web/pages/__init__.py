"""The pages, one subject a module."""

from watcher.web.pages import (
    archive,
    asof,
    deliveries,
    digests,
    entry,
    exports,
    feedlists,
    feeds,
    hits,
    labels,
    leaving,
    login,
    overview,
    preview,
    queries,
    stories,
    topics,
    workbench,
)

# `/digests/preview` stands before `/digests/{id}`, which would take it for a number.
_ALL = (
    hits, archive, exports, entry, stories, topics, workbench, feedlists, feeds, preview, digests, deliveries, overview,
    asof, queries, labels, leaving, login,
)  # fmt: skip
routers = tuple(each.router for each in _ALL)

__all__ = ["routers"]
