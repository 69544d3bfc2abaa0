"""digest, deliveries: what is told, and what became of each message."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

import typer

from watcher.cli import logs, output
from watcher.cli.state import Cursor, Json, Limit, Since, opened, state

if TYPE_CHECKING:
    from watcher.app.bootstrap import App
    from watcher.model.digest import Delivery, Digest
    from watcher.pipeline.digests import DigestContext

app = typer.Typer(rich_markup_mode=None)
digest = typer.Typer(rich_markup_mode=None, no_args_is_help=True, help="List, preview and send digests.")
deliveries = typer.Typer(
    rich_markup_mode=None, help="The outbox: what was sent to whom, and what was not.", invoke_without_command=True
)
app.add_typer(digest, name="digest")
app.add_typer(deliveries, name="deliveries")

Name = Annotated[str, typer.Argument(metavar="NAME", help="The digest's name in watcher.yaml.")]


class Form(StrEnum):
    TEXT = "text"
    HTML = "html"
    SLACK = "slack"
    MARKDOWN = "markdown"


class State(StrEnum):
    PENDING = "pending"
    SENDING = "sending"
    SENT = "sent"
    RETRYING = "retrying"
    UNCERTAIN = "uncertain"
    DEAD = "dead"


class Retried(StrEnum):
    RETRYING = "retrying"
    UNCERTAIN = "uncertain"
    DEAD = "dead"


@digest.command("list")
def list_(as_json: Json = False) -> None:
    """List the digests and alerts: when each was and will be sent, where to, and who left it."""
    from watcher import clock
    from watcher.app import views
    from watcher.digest.slots import find_next_slot
    from watcher.store.digests.slots import get_last_slots
    from watcher.store.digests.unsubscribes import list_unsubscriptions

    now = clock.now()
    with opened(sync=True) as application:
        with application.database.read() as db:
            last, left = get_last_slots(db, clock.now()), list_unsubscriptions(db)
        said = [
            views.subscription(each, last_at=last.get(each.name), next_at=find_next_slot(each, now))
            | {
                "unsubscribed": [
                    {"channel": leaving.channel, "recipient": leaving.recipient, "at": views.moment(at)}
                    for leaving, at in left
                    if leaving.subscription == each.name
                ]
            }
            for each in application.settings.subscriptions
        ]
    if as_json:
        output.put_json({"digests": said})
        return
    rows = [
        (
            each["name"], each["schedule"], each["timezone"], ", ".join(each["channels"]),
            ", ".join(each["topics"]) or "all", each["last_at"] or "never", each["next_at"] or "",
            str(len(each["unsubscribed"]) or ""),
        )
        for each in said
    ]  # fmt: skip
    head = ("NAME", "SCHEDULE", "ZONE", "CHANNELS", "TOPICS", "LAST", "NEXT", "LEFT")
    output.table(head, rows, flexible=4)
    output.note(f"{len(said)} digest{'s' * (len(said) != 1)}")


@digest.command(epilog="Example:\n\n  watcher digest preview daily --since 3d --format html > digest.html")
def preview(
    name: Name,
    form: Annotated[Form, typer.Option("--format", help="How it is to look.")] = Form.TEXT,
    since: Since = None,
    as_json: Json = False,
) -> None:
    """Show what a digest would hold now; nothing is sent, and nothing counts as told."""
    from watcher import clock
    from watcher.app import views
    from watcher.app.listing import parse_time
    from watcher.pipeline import digests

    now = clock.now()
    with opened(sync=True) as application:
        press = application.press()
        with application.database.read() as db:
            shown = digests.preview_digest(db, press, name, now, since=parse_time(since, now) if since else None)
    if as_json:
        output.put_json(views.digest(shown))
    else:
        output.put(_written(shown, form, press).rstrip("\n"))


@digest.command(epilog="Example:\n\n  watcher digest send daily --now")
def send(
    name: Name,
    now: Annotated[bool, typer.Option("--now", help="Send it in its quiet hours as well.")] = False,
    as_json: Json = False,
) -> None:
    """Send a digest of all that it has not told yet, out of its turn; an empty one is sent as well.

    Exit code 1 where a message could not be delivered now; it stays in the outbox, and the daemon tries again.
    """
    import asyncio

    from watcher import clock
    from watcher.app import views
    from watcher.errors import StoreError
    from watcher.pipeline import digests
    from watcher.store.outbox.queries import find_deliveries

    logs.set_up(verbose=state.verbose, quiet=not state.verbose)
    with opened(sync=True, secrets=("channels", "web")) as application:
        press = application.press()
        made = digests.compose_now(application.database, press, name, clock.now(), through_quiet=now)
        if made is None or made.id is None:
            raise StoreError(f"digest {name!r} is being composed by another process")
        asyncio.run(_deliver(application, press, made.id))
        with application.database.read() as db:
            found = find_deliveries(db, digest_id=made.id, limit=1000).items[::-1]
    if as_json:
        output.put_json(views.digest(made) | {"deliveries": [views.delivery(each) for each in found]})
    else:
        _show(found)
        stories = made.story_count
        output.note(f"{made.name}: {stories} {'story' if stories == 1 else 'stories'}, {_count(found)}")
    raise typer.Exit(0 if all(_fine(each) for each in found) else 1)


@digest.command()
def resubscribe(
    name: Name,
    recipient: Annotated[str, typer.Argument(metavar="RECIPIENT", help="Who unsubscribed and wants it again.")],
    as_json: Json = False,
) -> None:
    """Send a digest again to somebody who had unsubscribed."""
    from watcher.errors import NotFoundError
    from watcher.store.digests.unsubscribes import delete_unsubscription, list_unsubscriptions

    with opened() as application, application.database.write() as db:
        left = [leaving for leaving, _at in list_unsubscriptions(db)]
        found = [each for each in left if (each.subscription, each.recipient) == (name, recipient)]
        if not found:
            raise NotFoundError(f"unsubscription from {name!r} by", recipient)
        for each in found:
            delete_unsubscription(db, each)
    if as_json:
        output.put_json({"digest": name, "recipient": recipient})
    else:
        output.note(f"{name}: {output.clean(recipient)} gets it again")


@deliveries.callback(epilog="Examples:\n\n  watcher deliveries --state dead\n\n  watcher deliveries retry 17")
def list_deliveries(
    context: typer.Context,
    states: Annotated[
        list[State] | None, typer.Option("--state", help="Only those that stand so; may be repeated.")
    ] = None,
    digest_id: Annotated[int | None, typer.Option("--digest", metavar="ID", help="Only those of this digest.")] = None,
    limit: Limit = 50,
    cursor: Cursor = None,
    as_json: Json = False,
) -> None:
    """List messages, the newest first: to whom, and where each stands."""
    if context.invoked_subcommand is not None:
        return
    from watcher.app import views
    from watcher.store.outbox.queries import count_deliveries_by_state, find_deliveries

    with opened() as application, application.database.read() as db:
        page = find_deliveries(
            db, states=[each.value for each in states or ()], digest_id=digest_id, limit=limit, cursor=cursor
        )
        counts = count_deliveries_by_state(db)
    if as_json:
        said = {"deliveries": [views.delivery(each) for each in page.items], "next_cursor": page.next_cursor}
        output.put_json(said | {"outbox": dict(counts)})
        return
    _show(page.items)
    standing = ", ".join(f"{number} {name}" for name, number in sorted(counts.items())) or "none yet"
    output.note(f"{standing}" + (f"; more with --cursor {page.next_cursor}" if page.next_cursor else ""))


@deliveries.command(
    epilog="Examples:\n\n  watcher deliveries retry 17\n\n  watcher deliveries retry --state dead --channel mail"
)
def retry(
    delivery: Annotated[int | None, typer.Argument(metavar="[ID]", help="The delivery's number.")] = None,
    states: Annotated[
        list[Retried] | None, typer.Option("--state", help="Instead of ID: all that stand so; may be repeated.")
    ] = None,
    channel: Annotated[
        str | None, typer.Option("--channel", metavar="NAME", help="With --state: only those of this channel.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Put dead or uncertain messages back in line, under their old identities; the daemon sends them."""
    from watcher import clock
    from watcher.app import views
    from watcher.errors import NotFoundError, UsageError
    from watcher.model.digest import DeliveryState
    from watcher.pipeline import digests
    from watcher.store.outbox.queries import list_known_channels
    from watcher.store.outbox.queue import requeue_deliveries

    if (delivery is None) == (not states):
        raise UsageError("name one delivery, or `--state dead` for all of them")
    if channel is not None and not states:
        raise UsageError("`--channel` narrows `--state dead`; a delivery that is named needs none")
    with opened() as application:
        if delivery is None:
            known = {each.name for each in application.settings.channels}
            with application.database.write() as db:
                if channel is not None and channel not in known | list_known_channels(db):
                    raise NotFoundError("channel", channel)
                wanted = [DeliveryState(each.value) for each in states or ()]
                count = requeue_deliveries(db, clock.now(), states=wanted, channel=channel)
            if as_json:
                output.put_json({"retried": count})
            else:
                output.note(f"{output.counted(count, 'message')} in line to be sent again")
            return
        again = digests.resend_delivery(application.database, delivery, clock.now())
    if as_json:
        output.put_json(views.delivery(again))
    else:
        output.note(f"delivery {again.id} to {output.clean(again.recipient)} waits to be sent again")


def _fine(delivery: Delivery) -> bool:
    """Tell whether a message is where it should be: sent, or waiting for its time, as quiet hours have it."""
    waits = delivery.state.value == "pending" and delivery.next_try_at > delivery.created_at
    return delivery.state.value == "sent" or waits


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


def _written(shown: Digest, form: Form, press: DigestContext) -> str:
    import json

    from watcher.channels.slack.render import render_slack
    from watcher.digest.html import render_html
    from watcher.digest.plain import render_markdown, render_text

    match form:
        case Form.HTML:
            return render_html(shown, press.links, press.templates)
        case Form.MARKDOWN:
            return render_markdown(shown, press.links, press.templates)
        case Form.SLACK:
            return json.dumps(render_slack(shown, press.links), ensure_ascii=False, indent=2)
        case Form.TEXT:
            return render_text(shown, press.links, press.templates)


def _show(found: Any) -> None:
    rows = [
        (
            str(each.id), each.state.value, str(each.digest_id), each.channel, each.recipient, str(each.attempts),
            _at(each.sent_at or (each.next_try_at if each.state.value in {"pending", "retrying"} else each.changed_at)),
            each.error or "",
        )
        for each in found
    ]  # fmt: skip
    output.table(("ID", "STATE", "DIGEST", "CHANNEL", "RECIPIENT", "TRIES", "AT", "ERROR"), rows)


def _count(found: Any) -> str:
    counts: dict[str, int] = {}
    for each in found:
        counts[each.state.value] = counts.get(each.state.value, 0) + 1
    return ", ".join(f"{number} {name}" for name, number in counts.items()) or "nobody to send it to"


def _at(moment: datetime | None) -> str:
    return f"{moment:%Y-%m-%d %H:%M}Z" if moment else ""
