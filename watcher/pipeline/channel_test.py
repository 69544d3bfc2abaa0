"""Sends a test message on a channel and records each step, so that a person sees where it fails."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from watcher.channels import Blocked, Deferred, EmailSender, Outcome, Refused, Sender, Sent, Uncertain
from watcher.channels.redact import redact_secrets
from watcher.digest.format_helpers import Links
from watcher.digest.html import render_html
from watcher.digest.plain import render_text
from watcher.model.digest import Channel, ChannelKind, Coverage, Delivery, DeliveryState, Digest
from watcher.pipeline.messages import build_messages

NAME = "test"


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One step that succeeded, and what the other side said to it."""

    name: str
    answer: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RecipientResult:
    """What became of the test message to one recipient; `fault` is None where it was taken."""

    recipient: str
    steps: tuple[Step, ...]
    outcome: str
    fault: str | None = None


async def send_test(
    channel: Channel, senders: Mapping[ChannelKind, Sender], links: Links, installation: str, now: datetime
) -> tuple[RecipientResult, ...]:
    """Send a test message to every recipient of a channel; nothing of it is stored."""
    digest = Digest(
        name=NAME,
        title="Test message",
        slot_at=now,
        window=(now, now),
        timezone="UTC",
        coverage=Coverage(),
        sections=(),
        hits=(),
        troubles=(f"This tests the channel {channel.name}. Digests and alerts arrive like this.",),
    )
    html, text = render_html(digest, links), render_text(digest, links)
    results = []
    sender = senders[channel.kind]
    try:
        for number, draft in enumerate(
            build_messages(
                digest, [channel], links, None, installation=installation, not_before=now, html=html, text=text
            )
        ):
            delivery = Delivery(
                id=number,
                digest_id=0,
                channel=channel.name,
                kind=channel.kind,
                recipient=draft.recipient,
                part=draft.part,
                payload=draft.payload,
                message_id=draft.message_id,
                state=DeliveryState.SENDING,
                attempts=1,
                next_try_at=now,
                created_at=now,
                html=html,
                text=text,
            )
            results.append(await _send(delivery, channel, sender))
    finally:
        await sender.rest()
    return tuple(results)


async def _send(delivery: Delivery, channel: Channel, sender: Sender) -> RecipientResult:
    steps: list[Step] = []
    if isinstance(sender, EmailSender):
        outcome = await sender.send(
            delivery, channel, on_step=lambda name, answer: steps.append(Step(name=name, answer=answer))
        )
    else:
        outcome = await sender.send(delivery, channel)
    fault = _describe_fault(outcome)
    return RecipientResult(
        recipient=delivery.recipient,
        steps=tuple(steps),
        outcome=type(outcome).__name__.lower(),
        fault=redact_secrets(fault, channel) if fault is not None else None,
    )


def _describe_fault(outcome: Outcome) -> str | None:
    match outcome:
        case Sent():
            return None
        case Refused(reason=reason):
            return f"this message was refused: {reason}"
        case Blocked(reason=reason):
            return f"the channel was refused: {reason}"
        case Deferred(reason=reason):
            return f"not sent now: {reason}"
        case Uncertain(reason=reason):
            return f"perhaps it arrived: {reason}"
