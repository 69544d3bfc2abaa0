"""A topic's life on its page: rename, describe, pause, delete, restore."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import RedirectResponse

from watcher.app.configuration import topics as use_cases
from watcher.app.configuration.topics import encode_topic_settings
from watcher.app.topics import find_topic
from watcher.contract.configuration import TopicEdit
from watcher.errors import NotFoundError, UsageError, WatcherError
from watcher.store.topics import load_topic_versions
from watcher.web.context import Ctx, WebContext
from watcher.web.editing import make_editor, save_edit
from watcher.web.forms import SubmittedForm
from watcher.web.pages.edits import list_faults, redirect_saved, save_and_redirect, split_commas, try_edit
from watcher.web.render.environment import link

router = APIRouter(include_in_schema=False)


@router.get("/topics/{topic_id}/settings")
def show_topic_form(request: Request, ctx: Ctx, topic_id: str) -> Response:
    """Show the form for a topic's name, id, description and tags."""
    return _render_form(request, ctx, topic_id)


@router.post("/topics/{topic_id}/settings")
async def change_topic(request: Request, ctx: Ctx, topic_id: str, form: SubmittedForm) -> Response:
    """Change a topic's name, id, description and tags."""
    typed = {
        "name": " ".join(form.get("name").split()),
        "id": form.get("id").strip(),
        "description": " ".join(form.get("description").split()),
        "tags": split_commas(form.get("tags")),
    }
    settings = encode_topic_settings(make_editor(ctx, "page"), find_topic(ctx.app.settings.topics, topic_id))
    edit: TopicEdit = {key: value for key, value in typed.items() if value != settings[key]}  # type: ignore[assignment,literal-required]
    etag = form.get("etag")

    async def change() -> Response:
        """Write what was changed."""
        new_id, version = await save_edit(
            ctx, "page", lambda editor: use_cases.update_configured_topic(editor, topic_id, edit, etag)
        )
        return redirect_saved(version, f"/topics/{new_id}")

    return await try_edit(
        change, lambda error, status: _render_form(request, ctx, topic_id, {**settings, **typed}, error, status)
    )


@router.post("/topics/{topic_id}/act")
async def act_on_topic(request: Request, ctx: Ctx, topic_id: str, form: SubmittedForm) -> Response:
    """Pause, resume, delete or restore a topic, restore a former query, or bring in what it would have found."""
    do = form.get("do")

    async def act() -> Response:
        """Do what the button says."""
        match do:
            case "pause" | "resume":
                edit: TopicEdit = {"paused": do == "pause"}
                return await _save(ctx, topic_id, edit)
            case "query":
                with ctx.app.database.read() as db:
                    versions = load_topic_versions(db, topic_id)
                version = next((version for version in versions if version.version == form.get("version")), None)
                if version is None:
                    raise NotFoundError("version", form.get("version"))
                return await _save(ctx, topic_id, {"query": version.query})
            case "bring":
                days = 30 if form.get("days") == "30" else 7
                editor = make_editor(ctx, "page")
                brought_in = await run_in_threadpool(use_cases.bring_in_hits, ctx.app, topic_id, days, editor)
                ctx.clear_cache()
                return RedirectResponse(
                    link(f"/topics/{topic_id}", brought=brought_in["hits"] if brought_in else 0), 303
                )
            case "delete":
                return await save_and_redirect(
                    ctx, lambda editor: use_cases.delete_topic(editor, topic_id, "*"), "/topics"
                )
            case "restore":
                return await save_and_redirect(
                    ctx, lambda editor: use_cases.restore_topic(editor, topic_id), f"/topics/{topic_id}"
                )
            case _:
                raise UsageError("This form has no such button.")

    return await try_edit(act, lambda error, status: _render_form(request, ctx, topic_id, None, error, status))


async def _save(ctx: WebContext, topic_id: str, edit: TopicEdit) -> Response:
    return await save_and_redirect(
        ctx, lambda editor: use_cases.update_configured_topic(editor, topic_id, edit, "*"), f"/topics/{topic_id}"
    )


def _render_form(
    request: Request,
    ctx: WebContext,
    topic_id: str,
    values: object = None,
    error: WatcherError | None = None,
    status: int = 200,
) -> Response:
    topic = find_topic(ctx.app.settings.topics, topic_id)
    settings = encode_topic_settings(make_editor(ctx, "page"), topic)
    digests = [digest for digest in ctx.app.settings.subscriptions if topic_id in digest.topics]
    return ctx.render_page(
        request, "topic_form.html", status, topic=topic, values=values or settings, etag=settings["etag"],
        faults=list_faults(error), error=error, digests=digests,
    )  # fmt: skip
