"""The API under /api/v1: what is kept, in the words of the contract; faults as problem+json."""

from fastapi import APIRouter, Depends

from watcher.web.api import digests, entries, feeds, hits, status, stories, topics
from watcher.web.api.models import FAULTS
from watcher.web.api.params import refuse_unknown

router = APIRouter(prefix="/api/v1", responses=FAULTS, dependencies=[Depends(refuse_unknown)])
for part in (hits, entries, stories, topics, feeds, digests, status):
    router.include_router(part.router)

__all__ = ["router"]
