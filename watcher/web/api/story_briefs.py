"""The brief of a story: as data, and as a file."""

from __future__ import annotations

from fastapi import APIRouter, Response

from watcher.app.story_brief import BriefFormat, load_story_brief
from watcher.contract.story_briefs import StoryBrief, encode_story_brief
from watcher.web.context import Ctx
from watcher.web.story_exports import download_brief
from watcher.web.validation import StoryId

router = APIRouter(tags=["stories"])


@router.get("/stories/{story_id}/brief")
def get_story_brief(ctx: Ctx, story_id: StoryId) -> StoryBrief:
    """Get a story with its facts: who was first, who copied, what each report adds, and the coverage of its time."""
    with ctx.app.database.read() as db:
        brief = load_story_brief(db, story_id, ctx.now)
    return encode_story_brief(brief.id, brief.facts, brief.coverage, brief.covered, brief.made_at)


@router.get(
    "/stories/{story_id}/brief.md", response_class=Response, responses={200: {"content": {"text/markdown": {}}}}
)
def download_story_markdown(ctx: Ctx, story_id: StoryId) -> Response:
    """Return a story as Markdown, with sources, times and coverage."""
    return download_brief(ctx, story_id, BriefFormat.MARKDOWN)


@router.get(
    "/stories/{story_id}/brief.docx",
    response_class=Response,
    responses={200: {"content": {"application/vnd.openxmlformats-officedocument.wordprocessingml.document": {}}}},
)
def download_story_document(ctx: Ctx, story_id: StoryId) -> Response:
    """Return a story as a document (.docx), with sources, times and coverage."""
    return download_brief(ctx, story_id, BriefFormat.DOCX)
