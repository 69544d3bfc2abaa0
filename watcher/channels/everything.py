"""Everything else, through Apprise (extra `apprise`)."""

from __future__ import annotations

import asyncio

from watcher.channels.apprise_limits import pick_address
from watcher.channels.outcome import Deferred, Outcome, Refused, Sent, brief
from watcher.channels.payload import load_payload
from watcher.model.digest import Channel, Delivery


class AppriseSender:
    """Hands a digest's text to the service of one of the channel's `urls`: the one the delivery's recipient numbers."""

    async def send(self, delivery: Delivery, channel: Channel, *, thread: str | None = None) -> Outcome:
        address = pick_address(channel.options["urls"], delivery.recipient)
        if address is None:
            return Refused(reason="this address is no longer configured")
        try:
            import apprise
        except ModuleNotFoundError:
            return Refused(reason="Apprise is not installed: pip install 'newsdesk-watcher[apprise]'")
        said = load_payload(delivery.payload)
        service = apprise.Apprise()
        if not service.add(address):
            return Refused(reason="Apprise does not know this address")
        for each in service:
            # The parts were cut to what the service takes; should a conversion have made one longer, it is split, too.
            each.overflow_mode = apprise.OverflowMode.SPLIT
        try:
            done = await asyncio.to_thread(
                service.notify, title=said["subject"], body=said["markdown"], body_format=apprise.NotifyFormat.MARKDOWN
            )
        except Exception as error:  # noqa: BLE001  (a hundred services, each with faults of its own)
            return Deferred(reason=brief(type(error).__name__))
        return Sent() if done else Deferred(reason="the service did not take it")

    async def rest(self) -> None:
        """Keep nothing open."""
