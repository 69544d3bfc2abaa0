"""Subscription requests to WebSub hubs (WebSub, 5.1); every request goes through the guard."""

from __future__ import annotations

from datetime import timedelta

from watcher.fetch.fetcher import Fetcher
from watcher.model.poll import Failed
from watcher.model.websub import WebSubSubscription
from watcher.text.lines import one_line

REQUESTED_LEASE = timedelta(days=7)
"""How long a subscription is asked for; the hub decides."""


async def subscribe(fetcher: Fetcher, callback: WebSubSubscription, address: str) -> str | None:
    """Ask a hub to send a topic's news to `address`; None where it will think about it, else why not.

    That it agrees it shows by calling back.
    """
    # The secret is sent over plain http as well where a hub knows nothing better: who listens there could as well
    # change what is pushed, and everybody else is still kept out.
    parameters = {"hub.lease_seconds": str(round(REQUESTED_LEASE.total_seconds())), "hub.secret": callback.secret}
    return await _post_form(fetcher, callback, "subscribe", address, parameters)


async def unsubscribe(fetcher: Fetcher, callback: WebSubSubscription, address: str) -> str | None:
    """Ask a hub to send no more; None where it will think about it, else why not."""
    return await _post_form(fetcher, callback, "unsubscribe", address, {})


async def _post_form(
    fetcher: Fetcher, callback: WebSubSubscription, mode: str, address: str, more: dict[str, str]
) -> str | None:
    form = {"hub.mode": mode, "hub.topic": callback.topic, "hub.callback": address, **more}
    answer = await fetcher.post(callback.hub, form)
    if isinstance(answer, Failed):
        return answer.message
    status, text = answer
    return None if 200 <= status < 300 else f"HTTP {status}: {one_line(text, 200)}"
