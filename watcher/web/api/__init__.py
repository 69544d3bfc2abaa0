"""The API under /api/v1: what is kept, in the words of the contract; faults as problem+json."""

from fastapi import APIRouter

from watcher.web.api import digests, entries, feeds, hits, standing, stories, topics
from watcher.web.api.models import FAULTS

router = APIRouter(prefix="/api/v1", responses=FAULTS)
for part in (hits, entries, stories, topics, feeds, digests, standing):
    router.include_router(part.router)

__all__ = ["router"]
