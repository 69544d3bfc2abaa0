"""A story as a file: Markdown or a document."""

from __future__ import annotations

from fastapi import APIRouter, Response

from watcher.app.story_brief import BriefFormat
from watcher.web.context import Ctx
from watcher.web.story_exports import download_brief
from watcher.web.validation import StoryId

router = APIRouter(include_in_schema=False)


@router.get("/stories/{story_id}/brief.md")
def download_story_markdown(ctx: Ctx, story_id: StoryId) -> Response:
    """Return a story as Markdown, with sources, times and coverage."""
    return download_brief(ctx, story_id, BriefFormat.MARKDOWN)


@router.get("/stories/{story_id}/brief.docx")
def download_story_document(ctx: Ctx, story_id: StoryId) -> Response:
    """Return a story as a document (.docx), with sources, times and coverage."""
    return download_brief(ctx, story_id, BriefFormat.DOCX)
