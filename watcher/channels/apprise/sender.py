"""Sends digests through Apprise."""

from __future__ import annotations

import asyncio

from watcher.channels.apprise.options import AppriseOptions
from watcher.channels.outcome import Deferred, Refused, SendOutcome, Sent, format_answer
from watcher.channels.payload import load_payload
from watcher.channels.sending import OnStep, OutgoingMessage, Sender


class AppriseSender(Sender):
    """Hands a message to the service of one of the channel's `urls`: the one that the recipient's number selects."""

    def __init__(self, options: AppriseOptions) -> None:
        self._options = options

    async def send(self, message: OutgoingMessage, *, on_step: OnStep | None = None) -> SendOutcome:
        """Send one message; Apprise returns success or failure, and no reason."""
        url = self._options.find_url(message.recipient)
        if url is None:
            return Refused(reason="this address is no longer configured")
        try:
            import apprise
        except ModuleNotFoundError:
            return Refused(reason="Apprise is not installed: pip install 'newsdesk-watcher[apprise]'")
        parts = load_payload(message.payload)
        services = apprise.Apprise()
        if not services.add(url):
            return Refused(reason="Apprise does not know this address")
        for service in services:
            # The parts were cut to what the service takes; should a conversion have made one longer, it is split, too.
            service.overflow_mode = apprise.OverflowMode.SPLIT
        markdown = apprise.NotifyFormat.MARKDOWN
        try:
            is_sent = await asyncio.to_thread(
                services.notify, title=parts["subject"], body=parts["markdown"], body_format=markdown
            )
        except Exception as error:  # noqa: BLE001  (a hundred services, each with faults of its own)
            return Deferred(reason=format_answer(type(error).__name__))
        return Sent() if is_sent else Deferred(reason="the service did not accept it")
