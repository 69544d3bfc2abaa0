"""Downloads of a story as a brief: the page and the API give the same."""

from __future__ import annotations

from fastapi import Response

from watcher.app.story_brief import BriefFormat, export_story
from watcher.web.context import WebContext

MEDIA_TYPES = {
    BriefFormat.MARKDOWN: ("text/markdown; charset=utf-8", "md"),
    BriefFormat.DOCX: ("application/vnd.openxmlformats-officedocument.wordprocessingml.document", "docx"),
}


def download_brief(ctx: WebContext, story_id: int, form: BriefFormat) -> Response:
    """Return a story as a file. Raises NotFoundError."""
    with ctx.app.database.read() as db:
        body = export_story(db, story_id, form, ctx.now)
    media_type, ending = MEDIA_TYPES[form]
    name = f"story-{story_id}.{ending}"
    return Response(body, media_type=media_type, headers={"Content-Disposition": f'attachment; filename="{name}"'})
