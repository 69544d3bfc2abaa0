"""channels: where digests and alerts go, and whether a message gets there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from watcher.cli import logs, output
from watcher.cli.state import Json, opened, state

if TYPE_CHECKING:
    from watcher.app.bootstrap import App
    from watcher.model.digest import Channel
    from watcher.pipeline.channel_test import RecipientResult

app = typer.Typer(rich_markup_mode=None)
channels = typer.Typer(rich_markup_mode=None, no_args_is_help=True, help="List and test channels.")
app.add_typer(channels, name="channels")


@channels.command("list")
def list_(as_json: Json = False) -> None:
    """List the channels: their kind, their recipients, and those that are refused at the moment."""
    from watcher.app import views
    from watcher.store.outbox.blocked_channels import list_blocked_channels

    with opened(queries=False) as application, application.database.read() as db:
        refused = {each.channel: each for each in list_blocked_channels(db)}
        found = [views.channel(each, refused.get(each.name)) for each in application.settings.channels]
    if as_json:
        output.put_json({"channels": found})
        return
    rows = [
        (
            each["name"],
            each["kind"],
            ", ".join(each["recipients"]),
            f"refused since {each['blocked']['since']}: {each['blocked']['reason']}" if each["blocked"] else "ok",
        )
        for each in found
    ]
    output.table(("NAME", "KIND", "RECIPIENTS", "STATE"), rows, flexible=3)
    output.note(output.counted(len(found), "channel"))


@channels.command("test", epilog="Example:\n\n  watcher channels test mail")
def try_channel(
    name: Annotated[str, typer.Argument(metavar="NAME", help="The channel's name in watcher.yaml.")],
    as_json: Json = False,
) -> None:
    """Send a test message to every recipient of a channel, and show what each step came to.

    Exit code 1 where a recipient was not reached.
    """
    import asyncio
    from dataclasses import asdict

    logs.set_up(verbose=state.verbose, quiet=not state.verbose)
    with opened(queries=False, secrets=("channels", "web")) as application:
        channel = _find(application, name)
        results = asyncio.run(_send(application, channel))
    if as_json:
        shown = [asdict(each) | {"steps": [asdict(step) for step in each.steps]} for each in results]
        output.put_json({"channel": name, "kind": channel.kind, "results": shown})
    else:
        for result in results:
            _show(result)
    raise typer.Exit(0 if all(each.fault is None for each in results) else 1)


def _find(application: App, name: str) -> Channel:
    from watcher.errors import NotFoundError
    from watcher.text.suggest import find_nearest

    known = {each.name: each for each in application.settings.channels}
    if name not in known:
        raise NotFoundError("channel", name, find_nearest(name, known) or "")
    return known[name]


async def _send(application: App, channel: Channel) -> tuple[RecipientResult, ...]:
    from watcher import clock
    from watcher.channels.base import SenderContext
    from watcher.channels.senders import Senders
    from watcher.fetch import Fetcher
    from watcher.pipeline.channel_test import send_test
    from watcher.store.system.installation import get_installation_id

    with application.database.write() as db:
        installation = get_installation_id(db)
    async with Fetcher(application.fetch_policy()) as fetcher:
        senders = Senders(SenderContext(http=fetcher.client(), clock=clock.now))
        return await send_test(channel, senders, application.press().links, installation, clock.now())


def _show(result: RecipientResult) -> None:
    output.put(output.clean(result.recipient))
    for step in result.steps:
        output.put(f"  {step.name:10} {output.style('ok', output.GREEN)}  {output.clean(step.answer)}")
    if result.fault is None:
        output.put(f"  {output.style('sent', output.GREEN)}")
    else:
        output.put(f"  {output.style('failed', output.RED)}: {output.clean(result.fault)}")
