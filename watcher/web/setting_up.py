"""The guided set-up for the page and the API; the first digest is composed in the background."""

from __future__ import annotations

import asyncio
import os
import socket
from typing import Literal

from fastapi.concurrency import run_in_threadpool

from watcher.app.setup.first_digest import DEFAULT_DAYS, FirstDigest, encode_first_digest, send_first_digest
from watcher.app.setup.first_start import is_setup_needed
from watcher.app.setup.run import encode_packs, encode_setup_result, prepare_first_setup
from watcher.app.setup.writing import write_setup
from watcher.contract.setup import SetupAnswers, SetupResult, SetupState
from watcher.errors import UsageError
from watcher.web.context import WebContext
from watcher.web.editing import make_editor
from watcher.web.reload import reload_configuration


async def set_up(ctx: WebContext, by: Literal["page", "api"], answers: SetupAnswers) -> SetupResult:
    """Set up what the answers say, take it into force, and begin the first digest in the background.

    Raises what `prepare_first_setup` and an edit of the configuration raise.
    """
    if ctx.fetcher is None:
        raise UsageError("Nothing can be fetched from this process. Use `watcher setup`.")
    plan = await prepare_first_setup(ctx.app, ctx.fetcher, answers, ctx.now)
    async with ctx.saving:
        if not is_setup_needed(ctx.app.settings):
            raise UsageError("something was set up here meanwhile")
        await run_in_threadpool(write_setup, make_editor(ctx, by), plan)
        await reload_configuration(ctx)
    ctx.setting_up.clear()
    feeds = sum(source.enabled for source in ctx.app.settings.sources)
    ctx.setting_up.progress = FirstDigest(state="reading", feeds=feeds)
    ctx.setting_up.task = asyncio.create_task(
        send_first_digest(
            ctx.app,
            ctx.fetcher,
            ctx.clock,
            plan.digest["name"] if plan.digest else None,
            answers.get("first_digest_days", DEFAULT_DAYS),
            owner=f"{socket.gethostname()}:{os.getpid()}",
            report=ctx.setting_up.set_progress,
        )
    )
    return encode_setup_result(ctx.app, plan, ctx.setting_up.progress, ctx.now)


def describe_setup(ctx: WebContext) -> SetupState:
    """Return whether anything is watched, what can be chosen, and how far the first digest is."""
    return {
        "needed": is_setup_needed(ctx.app.settings),
        "packs": encode_packs(),
        "first_digest": encode_first_digest(ctx.setting_up.progress),
    }
