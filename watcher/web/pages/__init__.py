"""The pages, one subject a module."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from watcher.web.parts import Part, load_router

# Module by module, and what its paths begin with: each is imported with the first request for one of them. The start
# page begins with nothing. `/digests/preview` and `/digests/new` stand before `/digests/{id}`, which would take it for
# a number.
_MODULES = {
    "hits": ("", "hits"),
    "proposals": ("proposals",),
    "archive": ("archive",),
    "exports": ("hits.csv", "hits.jsonl", "hits.md", "hits.atom"),
    "entry": ("hits", "entries"),
    "stories": ("stories",),
    "story_briefs": ("stories",),
    "topic_edits": ("topics",),
    "topics": ("topics",),
    "workbench": ("workbench",),
    "topic_preview": ("workbench",),
    "topic_articles": ("workbench",),
    "feed_lists": ("feeds", "feeds.opml"),
    "feed_edits": ("feeds",),
    "feeds": ("feeds",),
    "preview": ("digests",),
    "digest_edits": ("digests",),
    "digests": ("digests",),
    "channels": ("channels",),
    "settings": ("settings", "history"),
    "setup": ("setup",),
    "deliveries": ("deliveries",),
    "overview": ("overview",),
    "as_of": ("as-of",),
    "query_check": ("query",),
    "labels": ("hits", "proposals", "label"),
    "unsubscribe": ("unsubscribe",),
    "login": ("login", "logout"),
    "oidc": ("login",),
    "api_docs": ("api",),
    "triage": ("triage",),
    "notes": ("notes",),
    "views": ("views",),
    "account": ("account",),
    "own_digests": ("account",),
    "people": ("people",),
    "audit": ("audit",),
    "manual": ("help",),
}


def list_parts() -> Sequence[Part]:
    """Return the pages as parts, in the order in which their routes are tried."""
    return [Part("", names, partial(load_router, f"{__name__}.{module}")) for module, names in _MODULES.items()]
