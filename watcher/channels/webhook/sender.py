"""Posts digests to a webhook, with the headers of Standard Webhooks (standardwebhooks.com)."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac

import httpx

from watcher.channels.http import judge_response, send_request
from watcher.channels.outcome import SendOutcome, Sent
from watcher.channels.sending import OnStep, OutgoingMessage, Sender, SenderContext
from watcher.channels.webhook.options import WebhookOptions


class WebhookSender(Sender):
    """Posts to one address.

    `webhook-id` is the delivery's identity, the same for a repetition. With a `secret` there are `webhook-timestamp`
    and `webhook-signature`, HMAC-SHA256 of "ID.TIMESTAMP.BODY".
    """

    def __init__(self, options: WebhookOptions, context: SenderContext) -> None:
        self._options = options
        self._http = context.http
        self._clock = context.clock

    async def send(self, message: OutgoingMessage, *, on_step: OnStep | None = None) -> SendOutcome:
        """Post one message; any status of success means that it arrived."""
        body = message.payload.encode()
        message_id = message.message_id.strip("<>").partition("@")[0]
        headers = {"Content-Type": "application/json; charset=utf-8", "webhook-id": message_id}
        if self._options.secret is not None:
            timestamp = str(int(self._clock().timestamp()))
            signature = sign_body(self._options.secret.get_secret_value(), message_id, timestamp, body)
            headers |= {"webhook-timestamp": timestamp, "webhook-signature": signature}
        response = await send_request(
            self._http,
            "POST",
            self._options.url.get_secret_value(),
            timeout=self._options.timeout,
            content=body,
            headers=headers,
        )
        if not isinstance(response, httpx.Response):
            return response
        return Sent(ref=str(response.status_code)) if 200 <= response.status_code < 300 else judge_response(response)


def sign_body(secret: str, message_id: str, timestamp: str, body: bytes) -> str:
    """Return the signature of a body; identity and time are part of it, so that an old request cannot be replayed.

    A secret that begins with `whsec_` is base64, as in Standard Webhooks; any other is taken as it is.
    """
    key = secret.encode()
    if secret.startswith("whsec_"):
        try:
            key = base64.b64decode(secret.removeprefix("whsec_"), validate=True)
        except binascii.Error:
            key = secret.encode()
    signature = hmac.new(key, f"{message_id}.{timestamp}.".encode() + body, hashlib.sha256).digest()
    return "v1," + base64.b64encode(signature).decode()
