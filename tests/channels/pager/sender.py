"""Sends pages through a gateway."""

from __future__ import annotations

import httpx

from tests.channels.pager.options import PagerOptions
from watcher.channels.base import OnStep, OutgoingMessage, Sender, SenderContext
from watcher.channels.http import judge_response, send_request
from watcher.channels.outcome import SendOutcome, Sent
from watcher.channels.payload import load_payload


class PagerSender(Sender):
    """Posts to one gateway."""

    def __init__(self, options: PagerOptions, context: SenderContext) -> None:
        self._options = options
        self._http = context.http

    async def send(self, message: OutgoingMessage, *, on_step: OnStep | None = None) -> SendOutcome:
        """Send one page."""
        page = {
            "key": self._options.key.get_secret_value(),
            "to": message.recipient,
            "text": load_payload(message.payload)["text"],
        }
        response = await send_request(self._http, "POST", self._options.gateway.get_secret_value(), json=page)
        if not isinstance(response, httpx.Response):
            return response
        return Sent(ref="page") if response.status_code == 202 else judge_response(response)
