"""The pages, one subject a module."""

from watcher.web.pages import archive, digests, entry, feeds, hits, labels, login, stories, topics

routers = tuple(each.router for each in (hits, archive, entry, stories, topics, feeds, digests, labels, login))

__all__ = ["routers"]
