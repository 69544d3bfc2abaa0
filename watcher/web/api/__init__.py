"""The API under /api/v1: routes return the models of `contract`, so OpenAPI documents what is sent."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from fastapi import APIRouter, Depends

from watcher.web.auth.roles import API
from watcher.web.parts import Part, load_router

# Module by module, and what its paths begin with: each is imported with the first request for one of them.
_MODULES = {
    "hits": "hits",
    "proposals": "proposals",
    "entries": "entries",
    "stories": "stories",
    "story_briefs": "stories",
    "topics": "topics",
    "topic_edits": "topics",
    "topic_trials": "topics",
    "feeds": "feeds",
    "feed_edits": "feeds",
    "digests": "deliveries digests",
    "digest_edits": "digests",
    "channels": "channels",
    "status": "status",
    "configuration": "history settings",
    "setup": "setup",
    "people": "audit people",
    "account": "account",
    "own_digests": "account",
    "triage": "facets marks",
    "notes": "notes",
    "views": "views",
}


def list_parts() -> Sequence[Part]:
    """Return the parts of the API in the order in which their routes are tried."""
    return [Part(API, names.split(), partial(_load_router, module)) for module, names in _MODULES.items()]


def _load_router(module: str) -> APIRouter:
    from watcher.web.api.parameters import refuse_unknown_parameters
    from watcher.web.api.problems import PROBLEMS

    router = APIRouter(prefix=API, responses=PROBLEMS, dependencies=[Depends(refuse_unknown_parameters)])
    router.include_router(load_router(f"{__name__}.{module}"))
    return router
