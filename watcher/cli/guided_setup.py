"""setup: the guided set-up in the terminal, or from a file of answers."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from watcher.cli import logs, output
from watcher.cli.help import Commands
from watcher.cli.state import Json, open_application, state

if TYPE_CHECKING:
    from watcher.app.bootstrap import App
    from watcher.app.setup.first_digest import FirstDigest
    from watcher.contract.setup import SetupAnswers, SetupResult
    from watcher.fetch import Fetcher

app = Commands()
RELOAD_LIMIT, RELOAD_PAUSE = 30.0, 0.2
"""Seconds that a running daemon has for reading its new configuration, and between two looks at it."""


@app.command(
    epilog="Examples:\n\n  watcher setup                          asks in the terminal\n\n"
    "  watcher setup --answers answers.yaml   takes the answers from a file (docs/setup.md)"
)
def setup(
    answers: Annotated[
        Path | None, typer.Option("--answers", metavar="FILE", help="The answers as YAML or JSON; asks nothing.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Set up what is watched and where digests go, test the channels, and send a first digest.

    Exit code 1 where the first digest could not be composed or delivered; the set-up itself is done then. A daemon that
    runs on the same database uses the new configuration at once.
    """
    import sys

    from watcher.app.setup.first_start import has_configuration
    from watcher.app.setup.starter import write_starter_configuration
    from watcher.errors import UsageError

    logs.configure_logging(verbose=state.verbose, quiet=not state.verbose)
    if answers is None and (as_json or not sys.stdin.isatty()):
        raise UsageError("setup asks its questions in a terminal: elsewhere use --answers FILE")
    read_answers = _read_answers(answers) if answers is not None else None
    if not has_configuration(state.folder):
        write_starter_configuration(state.folder, state.environ)
    with open_application(sync=True, starting=True, secrets=None) as application:
        result = asyncio.run(_set_up(application, read_answers))
    if as_json:
        output.print_json(result)
    else:
        _print_result(result)
    raise typer.Exit(1 if result["first_digest"]["state"] == "failed" else 0)


def _read_answers(path: Path) -> SetupAnswers:
    """Return the answers of a file; raises UsageError where it cannot be read or used."""
    from watcher.app.setup.run import expand_answers, parse_answers
    from watcher.cli import args
    from watcher.errors import UsageError
    from watcher.settings.answers import read_answers_text

    values: Any = read_answers_text(args.read_text(str(path)), str(path))
    if not isinstance(values, dict):
        raise UsageError(f"{path}: expected keys and values, as in docs/setup.md")
    if "opml_file" in values:
        values["opml"] = args.read_text(str(path.parent / str(values.pop("opml_file"))))
    return parse_answers(expand_answers(values, state.environ))


async def _set_up(application: App, read_answers: SetupAnswers | None) -> SetupResult:
    """Prepare, write and run the set-up; the messages of the first digest are sent here."""
    from watcher import clock
    from watcher.app.configuration.editor import Editor
    from watcher.app.setup.first_digest import DEFAULT_DAYS, send_first_digest
    from watcher.app.setup.run import encode_setup_result, prepare_first_setup
    from watcher.app.setup.writing import write_setup
    from watcher.cli.setup_questions import ask_answers
    from watcher.fetch import Fetcher

    async with Fetcher(application.fetch_policy()) as fetcher:
        answers = read_answers if read_answers is not None else await ask_answers(application, fetcher)
        plan = await prepare_first_setup(application, fetcher, answers, clock.now())
        write_setup(Editor(app=application, by="setup", now=clock.now()), plan)
        application.reload()
        await _reload_daemon(application)
        application.sync(clock.now())
        name = plan.digest["name"] if plan.digest else None
        progress = await send_first_digest(
            application,
            fetcher,
            clock.now,
            name,
            answers.get("first_digest_days", DEFAULT_DAYS),
            owner=_get_owner(),
            report=_report,
        )
        if progress.digest_id is not None:
            fault = await _deliver(application, fetcher, progress.digest_id)
            progress = replace(progress, state="failed", fault=fault) if fault else progress
        return encode_setup_result(application, plan, progress, clock.now())


async def _deliver(application: App, fetcher: Fetcher, digest_id: int) -> str:
    """Deliver the messages of a digest; return in a sentence what could not be delivered, empty where all was."""
    from watcher import clock
    from watcher.channels.base import SenderContext
    from watcher.channels.senders import Senders
    from watcher.pipeline.delivery import deliver_waiting
    from watcher.store.outbox.queries import find_deliveries

    senders = Senders(SenderContext(http=fetcher.client(), clock=clock.now))
    channels = application.press().channels
    await deliver_waiting(application.database, channels, senders, clock.now, owner=_get_owner(), digest_id=digest_id)
    with application.database.read() as db:
        deliveries = find_deliveries(db, digest_id=digest_id).items
    failed = [delivery for delivery in deliveries if delivery.state.value in {"retrying", "dead", "uncertain"}]
    return "; ".join(
        f"not delivered to {delivery.recipient} by {delivery.channel} ({delivery.error or delivery.state.value})"
        for delivery in failed
    )


async def _reload_daemon(application: App) -> None:
    """Have a daemon that runs on this database use what was written, and wait until it does.

    It would otherwise read the new feeds, once they are stored, for the topics of before.
    """
    path = application.database.path
    if path is None:
        output.print_note("A daemon that runs already uses the new configuration once it is sent SIGHUP.")
        return
    from watcher.daemon import reload_running_daemon
    from watcher.store.feeds.queries import load_feeds

    if not reload_running_daemon(path):
        return
    configured = {source.url for source in application.settings.sources}
    for _attempt in range(int(RELOAD_LIMIT / RELOAD_PAUSE)):
        with application.database.read() as db:
            if configured <= {feed.config.url for feed in load_feeds(db)}:
                output.print_note("The running daemon uses the new configuration.")
                return
        await asyncio.sleep(RELOAD_PAUSE)
    output.print_note("The running daemon has not read the new configuration yet; its log says why.")


def _get_owner() -> str:
    import os
    import socket

    from watcher.pipeline.lease_recovery import COMMAND_PREFIX

    return f"{COMMAND_PREFIX} {socket.gethostname()}:{os.getpid()}"


def _report(progress: FirstDigest) -> None:
    if progress.state == "reading" and not progress.feeds_read:
        output.print_note(f"reading {output.format_count(progress.feeds, 'feed')} …")


def _print_result(result: SetupResult) -> None:
    topics, feeds = output.format_count(len(result["topics"]), "topic"), output.format_count(result["feeds"], "feed")
    output.print_line(f"Set up: {topics} in {feeds}.")
    for test in result["tests"]:
        output.print_line(f"Test message on {test['channel']}: accepted.")
    for note in result["notes"]:
        output.print_line(output.style_text(output.clean_text(note), output.YELLOW))
    first = result["first_digest"]
    if first["fault"] and first["digest"] is not None:
        stories = output.format_count(first["stories"], "story", "stories")
        reason = f"First digest: {stories}, {output.clean_text(first['fault'])}"
        output.print_line(output.style_text(reason, output.RED))
        output.print_line("The daemon tries again; `watcher deliveries` shows the messages.")
    elif first["fault"]:
        output.print_line(output.style_text(f"No first digest: {output.clean_text(first['fault'])}", output.RED))
    elif first["state"] == "sent":
        output.print_line(f"First digest: {output.format_count(first['stories'], 'story', 'stories')}, sent.")
    if result["next"]:
        output.print_line(f"Next digest: {result['next'][0]}")
    output.print_note("Next: watcher run")
