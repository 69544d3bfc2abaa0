"""The test of a channel as JSON, for the command, the page and the API."""

from __future__ import annotations

from collections.abc import Sequence

from watcher.channels.advice import explain_fault
from watcher.contract.deliveries import ChannelTest
from watcher.model.subscription import Channel
from watcher.pipeline.channel_test import RecipientResult


def encode_channel_test(channel: Channel, results: Sequence[RecipientResult]) -> ChannelTest:
    """Return what came of a test message to each recipient of a channel, with advice where it failed."""
    return {
        "channel": channel.name,
        "kind": channel.kind,
        "results": [
            {
                "recipient": result.recipient,
                "steps": [{"name": step.name, "answer": step.answer} for step in result.steps],
                "outcome": result.outcome,
                "fault": result.fault,
                "advice": explain_fault(result.fault),
            }
            for result in results
        ],
    }
