"""channels: list them, and send a test message."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from watcher.cli import logs, output
from watcher.cli.completion import complete_channels
from watcher.cli.help import Commands
from watcher.cli.state import Json, open_application, state

if TYPE_CHECKING:
    from watcher.app.bootstrap import App
    from watcher.contract.deliveries import ChannelList
    from watcher.model.subscription import Channel
    from watcher.pipeline.channel_test import RecipientResult

app = Commands()
channels = Commands(no_args_is_help=True, help="List and test channels.")
app.add_typer(channels, name="channels")


@channels.command("list")
def list_(as_json: Json = False) -> None:
    """List the channels with their recipients, and whether their other side refuses messages."""
    from watcher.app.configured_channels import encode_configured_channel
    from watcher.store.outbox.blocked_channels import list_blocked_channels

    with open_application(queries=False) as application, application.database.read() as db:
        by_name = {channel.channel: channel for channel in list_blocked_channels(db)}
        document: ChannelList = {
            "channels": [
                encode_configured_channel(channel, by_name.get(channel.name))
                for channel in application.settings.channels
            ]
        }
    if as_json:
        output.print_json(document)
        return
    rows = [
        (
            channel["name"],
            channel["kind"],
            ", ".join(channel["recipients"]),
            f"refused since {channel['blocked']['since']}: {channel['blocked']['reason']}"
            if channel["blocked"]
            else "ok",
        )
        for channel in document["channels"]
    ]
    output.print_table(("NAME", "KIND", "RECIPIENTS", "STATE"), rows, flexible=3)
    output.print_note(output.format_count(len(rows), "channel"))


@channels.command("test", epilog="Example:\n\n  watcher channels test mail")
def send_test_message(
    name: Annotated[
        str,
        typer.Argument(metavar="NAME", help="The channel's name in watcher.yaml.", autocompletion=complete_channels),
    ],
    as_json: Json = False,
) -> None:
    """Send a test message to every recipient of a channel, and show the outcome of each step.

    Exit code 1 where a recipient was not reached.
    """
    import asyncio

    from watcher.app.channel_encoding import encode_channel_test

    logs.configure_logging(verbose=state.verbose, quiet=not state.verbose)
    with open_application(queries=False, secrets=("channels", "web")) as application:
        channel = _find_channel(application, name)
        results = asyncio.run(_send_test(application, channel))
    if as_json:
        output.print_json(encode_channel_test(channel, results))
    else:
        for result in results:
            _print_result(result)
    raise typer.Exit(0 if all(result.fault is None for result in results) else 1)


def _find_channel(application: App, name: str) -> Channel:
    from watcher.errors import NotFoundError
    from watcher.text.suggest import find_nearest

    by_name = {channel.name: channel for channel in application.settings.channels}
    if name not in by_name:
        raise NotFoundError("channel", name, find_nearest(name, by_name) or "")
    return by_name[name]


async def _send_test(application: App, channel: Channel) -> tuple[RecipientResult, ...]:
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


def _print_result(result: RecipientResult) -> None:
    from watcher.channels.advice import explain_fault

    output.print_line(output.clean_text(result.recipient))
    for step in result.steps:
        output.print_line(f"  {step.name:10} {output.style_text('ok', output.GREEN)}  {output.clean_text(step.answer)}")
    if result.fault is None:
        output.print_line(f"  {output.style_text('sent', output.GREEN)}")
    else:
        output.print_line(f"  {output.style_text('failed', output.RED)}: {output.clean_text(result.fault)}")
        if advice := explain_fault(result.fault):
            output.print_line(f"  {advice}")
