"""Sends a test message on a channel and records each step, so that a person sees where it fails."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from watcher.channels import CHANNELS
from watcher.channels.base import DigestBody, OutgoingMessage, Sender
from watcher.channels.outcome import Blocked, Deferred, Refused, SendOutcome, Sent, Uncertain
from watcher.channels.redact import redact_secrets
from watcher.channels.senders import Senders
from watcher.digest.forms import DigestForms
from watcher.digest.links import Links
from watcher.model.digest import Channel, Coverage, Digest
from watcher.pipeline.messages import build_messages
from watcher.store.outbox.queue import DeliveryDraft

TEST_DIGEST_NAME = "test"


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One step that succeeded, and the server's answer to it."""

    name: str
    answer: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RecipientResult:
    """What became of the test message to one recipient; `fault` is None where it was accepted."""

    recipient: str
    steps: tuple[Step, ...]
    outcome: str
    fault: str | None = None


async def send_test(
    channel: Channel, senders: Senders, links: Links, installation: str, now: datetime
) -> tuple[RecipientResult, ...]:
    """Send a test message to every recipient of a channel; nothing of it is stored."""
    forms = DigestForms(_build_test_digest(channel, now), links)
    body = DigestBody(html=forms.html, text=forms.text) if CHANNELS[channel.kind].needs_digest_body else None
    messages = build_messages(forms, [channel], installation=installation, not_before=now)
    sender = senders.find_sender(channel)
    try:
        return tuple([await _send(_prepare_message(draft, body, now), channel, sender) for draft in messages])
    finally:
        await sender.close_idle()


def _build_test_digest(channel: Channel, now: datetime) -> Digest:
    return Digest(
        name=TEST_DIGEST_NAME,
        title="Test message",
        slot_at=now,
        window=(now, now),
        timezone="UTC",
        coverage=Coverage(),
        topics=(),
        stories=(),
        hits=(),
        troubles=(f"This tests the channel {channel.name}. Digests and alerts arrive like this.",),
    )


def _prepare_message(draft: DeliveryDraft, body: DigestBody | None, now: datetime) -> OutgoingMessage:
    return OutgoingMessage(
        recipient=draft.recipient, payload=draft.payload, message_id=draft.message_id, created_at=now, body=body
    )


async def _send(message: OutgoingMessage, channel: Channel, sender: Sender) -> RecipientResult:
    steps: list[Step] = []
    outcome = await sender.send(message, on_step=lambda name, answer: steps.append(Step(name=name, answer=answer)))
    fault = _describe_fault(outcome)
    return RecipientResult(
        recipient=message.recipient,
        steps=tuple(replace(step, answer=redact_secrets(step.answer, channel)) for step in steps),
        outcome=type(outcome).__name__.lower(),
        fault=redact_secrets(fault, channel) if fault is not None else None,
    )


def _describe_fault(outcome: SendOutcome) -> str | None:
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
