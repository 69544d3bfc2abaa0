"""digest, deliveries: digests, and the state of each message."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from watcher.cli import logs, output
from watcher.cli.completion import complete_channels, complete_digests
from watcher.cli.help import Commands
from watcher.cli.state import Cursor, Json, Limit, Since, open_application, state

if TYPE_CHECKING:
    from watcher.app.bootstrap import App
    from watcher.contract.configured_digests import DigestSubscribers
    from watcher.contract.deliveries import PrintedDeliveries, RetriedDeliveries
    from watcher.contract.digests import PrintedDigests, Resubscribed, SentDigest
    from watcher.model.delivery import Delivery
    from watcher.model.digest import Digest
    from watcher.pipeline.digests import DigestContext

app = Commands()
digest = Commands(no_args_is_help=True, help="List, preview and send digests.")
deliveries = Commands(help="List messages: sent, waiting, failed, in doubt.", invoke_without_command=True)
app.add_typer(digest, name="digest")
app.add_typer(deliveries, name="deliveries")

Name = Annotated[
    str, typer.Argument(metavar="NAME", help="The digest's name in watcher.yaml.", autocompletion=complete_digests)
]


class DigestFormat(StrEnum):
    """How `digest preview` prints a digest."""

    TEXT = "text"
    HTML = "html"
    SLACK = "slack"
    MARKDOWN = "markdown"


class MessageState(StrEnum):
    """The states that `deliveries --state` selects."""

    PENDING = "pending"
    SENDING = "sending"
    SENT = "sent"
    RETRYING = "retrying"
    UNCERTAIN = "uncertain"
    DEAD = "dead"


class RetriedState(StrEnum):
    """The states that `deliveries retry --state` selects."""

    RETRYING = "retrying"
    UNCERTAIN = "uncertain"
    DEAD = "dead"


@digest.command("list")
def list_digests(as_json: Json = False) -> None:
    """List the digests and alerts: last and next times, channels, and who unsubscribed."""
    from watcher import clock
    from watcher.app.digest_listing import list_configured_digests
    from watcher.contract.configured_digests import encode_unsubscription
    from watcher.store.digests.unsubscribes import list_unsubscriptions

    now = clock.now()
    with open_application(sync=True, queries=False) as application:
        with application.database.read() as db:
            configured = list_configured_digests(db, application.settings.subscriptions, now)
            unsubscriptions = list_unsubscriptions(db)
        listed: list[DigestSubscribers] = [
            {
                **digest,
                "unsubscribed": [
                    encode_unsubscription(unsubscription, at)
                    for unsubscription, at in unsubscriptions
                    if unsubscription.subscription == digest["name"]
                ],
            }
            for digest in configured
        ]
    if as_json:
        document: PrintedDigests = {"digests": listed}
        output.print_json(document)
        return
    _print_digests(listed)


@digest.command(epilog="Example:\n\n  watcher digest preview daily --since 3d --format html > digest.html")
def preview(
    name: Name,
    form: Annotated[DigestFormat, typer.Option("--format", help="Output format.")] = DigestFormat.TEXT,
    since: Since = None,
    as_json: Json = False,
) -> None:
    """Show what a digest would contain now; nothing is sent, and no hit counts as reported."""
    from watcher import clock
    from watcher.app.listing import parse_time
    from watcher.contract.digests import encode_digest
    from watcher.pipeline.digests import preview_digest

    now = clock.now()
    with open_application(sync=True) as application:
        press = application.press()
        with application.database.read() as db:
            shown = preview_digest(db, press, name, now, since=parse_time(since, now) if since else None)
    if as_json:
        output.print_json(encode_digest(shown))
    else:
        output.print_document(_render_digest(shown, form, press).rstrip("\n"))


@digest.command(epilog="Example:\n\n  watcher digest send daily --now")
def send(
    name: Name,
    now: Annotated[bool, typer.Option("--now", help="Send even in quiet hours.")] = False,
    as_json: Json = False,
) -> None:
    """Send a digest now, with all hits that it has not reported yet; an empty one is sent as well.

    Exit code 1 where a message could not be delivered now; it stays in the outbox, and the daemon tries again.
    """
    import asyncio

    from watcher import clock
    from watcher.contract.deliveries import encode_delivery
    from watcher.contract.digests import encode_digest
    from watcher.errors import StoreError
    from watcher.pipeline.digests import compose_now
    from watcher.store.outbox.queries import find_deliveries

    logs.configure_logging(verbose=state.verbose, quiet=not state.verbose)
    with open_application(sync=True, secrets=("channels", "web")) as application:
        press = application.press()
        composed = compose_now(application.database, press, name, clock.now(), through_quiet=now)
        if composed is None or composed.id is None:
            raise StoreError(f"digest {name!r} is being composed by another process")
        asyncio.run(_deliver(application, press, composed.id))
        with application.database.read() as db:
            deliveries = find_deliveries(db, digest_id=composed.id, limit=1000).items[::-1]
    if as_json:
        document: SentDigest = {
            **encode_digest(composed),
            "deliveries": [encode_delivery(delivery) for delivery in deliveries],
        }
        output.print_json(document)
    else:
        _print_deliveries(deliveries)
        stories = output.format_count(composed.story_count, "story", "stories")
        output.print_note(f"{composed.name}: {stories}, {_format_states(deliveries)}")
    raise typer.Exit(0 if all(_is_on_its_way(delivery) for delivery in deliveries) else 1)


@digest.command()
def resubscribe(
    name: Name,
    recipient: Annotated[str, typer.Argument(metavar="RECIPIENT", help="The address that wants it again.")],
    as_json: Json = False,
) -> None:
    """Send a digest again to an address that unsubscribed."""
    from watcher.errors import NotFoundError
    from watcher.store.digests.unsubscribes import delete_unsubscription, list_unsubscriptions

    with open_application(queries=False) as application, application.database.write() as db:
        unsubscriptions = [
            unsubscription
            for unsubscription, _at in list_unsubscriptions(db)
            if (unsubscription.subscription, unsubscription.recipient) == (name, recipient)
        ]
        if not unsubscriptions:
            raise NotFoundError(f"unsubscription from {name!r} by", recipient)
        for unsubscription in unsubscriptions:
            delete_unsubscription(db, unsubscription)
    if as_json:
        document: Resubscribed = {"digest": name, "recipient": recipient}
        output.print_json(document)
    else:
        output.print_note(f"{name}: {output.clean_text(recipient)} gets it again")


@deliveries.callback(epilog="Examples:\n\n  watcher deliveries --state dead\n\n  watcher deliveries retry 17")
def list_deliveries(
    context: typer.Context,
    states: Annotated[
        list[MessageState] | None, typer.Option("--state", help="Only messages in this state; may be repeated.")
    ] = None,
    digest_id: Annotated[
        int | None, typer.Option("--digest", metavar="ID", help="Only messages of this digest.")
    ] = None,
    limit: Limit = 50,
    cursor: Cursor = None,
    as_json: Json = False,
) -> None:
    """List messages with their recipients and states, the newest first."""
    if context.invoked_subcommand is not None:
        return
    from watcher.contract.deliveries import encode_delivery
    from watcher.store.outbox.queries import count_deliveries_by_state, find_deliveries

    with open_application(queries=False) as application, application.database.read() as db:
        page = find_deliveries(
            db, states=[state.value for state in states or ()], digest_id=digest_id, limit=limit, cursor=cursor
        )
        counts = count_deliveries_by_state(db)
    if as_json:
        document: PrintedDeliveries = {
            "deliveries": [encode_delivery(delivery) for delivery in page.items],
            "next_cursor": page.next_cursor,
            "outbox": dict(counts),
        }
        output.print_json(document)
        return
    _print_deliveries(page.items)
    totals = ", ".join(f"{number} {name}" for name, number in sorted(counts.items())) or "none yet"
    output.print_note(totals + (f"; more with --cursor {page.next_cursor}" if page.next_cursor else ""))


@deliveries.command(
    epilog="Examples:\n\n  watcher deliveries retry 17\n\n  watcher deliveries retry --state dead --channel mail"
)
def retry(
    delivery: Annotated[int | None, typer.Argument(metavar="ID", help="The delivery's number.")] = None,
    states: Annotated[
        list[RetriedState] | None, typer.Option("--state", help="Instead of ID: all in this state; may be repeated.")
    ] = None,
    channel: Annotated[
        str | None,
        typer.Option(
            "--channel",
            metavar="NAME",
            help="With --state: only messages of this channel.",
            autocompletion=complete_channels,
        ),
    ] = None,
    as_json: Json = False,
) -> None:
    """Schedule failed or uncertain messages again, under their old identities; the daemon sends them."""
    from watcher import clock
    from watcher.contract.deliveries import encode_delivery
    from watcher.errors import UsageError
    from watcher.pipeline.digests import resend_delivery

    # Either one delivery by its number, or all in some states, of one channel or of all.
    if (delivery is None) == (not states):
        raise UsageError("name one delivery, or use `--state dead` for all of them")
    if channel is not None and not states:
        raise UsageError("`--channel` restricts `--state dead`; a delivery that is named needs none")
    with open_application(queries=False) as application:
        if delivery is None:
            count = _retry_all(application, states or (), channel)
            if as_json:
                document: RetriedDeliveries = {"retried": count}
                output.print_json(document)
            else:
                output.print_note(f"{output.format_count(count, 'message')} will be sent again")
            return
        retried = resend_delivery(application.database, delivery, clock.now())
    if as_json:
        output.print_json(encode_delivery(retried))
    else:
        output.print_note(f"delivery {retried.id} to {output.clean_text(retried.recipient)} will be sent again")


def _print_digests(listed: Sequence[DigestSubscribers]) -> None:
    from watcher.digest.schedule_text import format_schedule

    rows = [
        (
            digest["name"], format_schedule(digest["schedule"]), digest["timezone"], ", ".join(digest["channels"]),
            ", ".join(digest["topics"]) or "all", _shorten_stamp(digest["last_at"]) or "never",
            "stopped: owner left" if digest["stopped"] else _shorten_stamp(digest["next_at"]),
            str(len(digest["unsubscribed"]) or ""),
        )
        for digest in listed
    ]  # fmt: skip
    head = ("NAME", "SCHEDULE", "ZONE", "CHANNELS", "TOPICS", "LAST", "NEXT", "LEFT")
    output.print_table(head, rows, flexible=4, optional=2)
    output.print_note(output.format_count(len(listed), "digest"))


def _shorten_stamp(stamp: str | None) -> str:
    """Return a time of a document as tables show it."""
    return output.format_short_time(datetime.fromisoformat(stamp)) if stamp else ""


def _retry_all(application: App, states: Sequence[RetriedState], channel: str | None) -> int:
    """Schedule all messages in some states again, of one channel or of all; returns how many."""
    from watcher import clock
    from watcher.errors import NotFoundError
    from watcher.model.delivery import DeliveryState
    from watcher.store.outbox.queries import list_known_channels
    from watcher.store.outbox.queue import requeue_deliveries

    configured = {known.name for known in application.settings.channels}
    with application.database.write() as db:
        if channel is not None and channel not in configured | list_known_channels(db):
            raise NotFoundError("channel", channel)
        delivery_states = [DeliveryState(state.value) for state in states]
        return requeue_deliveries(db, clock.now(), states=delivery_states, channel=channel)


def _is_on_its_way(delivery: Delivery) -> bool:
    """Return whether a message is sent, or waits for its time (quiet hours)."""
    is_waiting = delivery.state.value == "pending" and delivery.next_try_at > delivery.created_at
    return delivery.state.value == "sent" or is_waiting


async def _deliver(application: App, press: DigestContext, digest_id: int) -> None:
    import os
    import socket

    from watcher import clock
    from watcher.channels.base import SenderContext
    from watcher.channels.senders import Senders
    from watcher.fetch import Fetcher
    from watcher.pipeline.delivery import deliver_waiting
    from watcher.pipeline.lease_recovery import COMMAND_PREFIX

    async with Fetcher(application.fetch_policy()) as fetcher:
        owner = f"{COMMAND_PREFIX} {socket.gethostname()}:{os.getpid()}"
        senders = Senders(SenderContext(http=fetcher.client(), clock=clock.now))
        await deliver_waiting(
            application.database, press.channels, senders, clock.now, owner=owner, digest_id=digest_id
        )


def _render_digest(shown: Digest, form: DigestFormat, press: DigestContext) -> str:
    import json

    from watcher.channels.slack.render import render_slack
    from watcher.digest.html import render_html
    from watcher.digest.markdown import render_markdown
    from watcher.digest.plain import render_text

    match form:
        case DigestFormat.HTML:
            return render_html(shown, press.links, press.templates)
        case DigestFormat.MARKDOWN:
            return render_markdown(shown, press.links, press.templates)
        case DigestFormat.SLACK:
            return json.dumps(render_slack(shown, press.links), ensure_ascii=False, indent=2)
        case DigestFormat.TEXT:
            return render_text(shown, press.links, press.templates)


def _print_deliveries(deliveries: Sequence[Delivery]) -> None:
    rows = [
        (
            str(delivery.id), delivery.state.value, str(delivery.digest_id), delivery.channel, delivery.recipient,
            str(delivery.attempts), output.format_time(_get_shown_time(delivery)), delivery.error or "",
        )
        for delivery in deliveries
    ]  # fmt: skip
    output.print_table(("ID", "STATE", "DIGEST", "CHANNEL", "RECIPIENT", "TRIES", "AT", "ERROR"), rows)


def _get_shown_time(delivery: Delivery) -> datetime | None:
    """Return when a message was sent, will be tried, or came into its state."""
    is_waiting = delivery.state.value in {"pending", "retrying"}
    return delivery.sent_at or (delivery.next_try_at if is_waiting else delivery.changed_at)


def _format_states(deliveries: Sequence[Delivery]) -> str:
    counts = Counter(delivery.state.value for delivery in deliveries)
    return ", ".join(f"{count} {state}" for state, count in counts.items()) or "no recipients"
