"""A generic webhook: JSON, signed, with an identity by which the other side can tell a repeat."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from collections.abc import Callable
from datetime import datetime, timedelta

import httpx

from watcher.channels.chat import asked, judged
from watcher.channels.outcome import Outcome, Sent
from watcher.model.digest import Channel, Delivery


class WebhookSender:
    """POSTs a digest, with the headers of Standard Webhooks (standardwebhooks.com).

    `webhook-id` is the delivery's identity, the same for a repeat; with a `secret` there are `webhook-timestamp` and
    `webhook-signature`, HMAC-SHA256 of "ID.TIMESTAMP.BODY".
    """

    def __init__(self, client: httpx.AsyncClient, clock: Callable[[], datetime]) -> None:
        self._client = client
        self._clock = clock

    async def send(self, delivery: Delivery, channel: Channel, *, thread: str | None = None) -> Outcome:
        body = delivery.payload.encode()
        name = delivery.message_id.strip("<>").partition("@")[0]
        headers = {"Content-Type": "application/json; charset=utf-8", "webhook-id": name}
        if secret := channel.options.get("secret"):
            headers["webhook-timestamp"] = str(int(self._clock().timestamp()))
            headers["webhook-signature"] = sign(str(secret), name, headers["webhook-timestamp"], body)
        patience = channel.options.get("timeout")
        answer = await asked(
            self._client, "POST", str(channel.options["url"]), content=body, headers=headers,
            patience=patience if isinstance(patience, timedelta) else None,
        )  # fmt: skip
        if not isinstance(answer, httpx.Response):
            return answer
        return Sent(ref=str(answer.status_code)) if 200 <= answer.status_code < 300 else judged(answer)

    async def rest(self) -> None:
        """Keep nothing open."""


def sign(secret: str, name: str, stamp: str, body: bytes) -> str:
    """Sign a body; its name and its moment are inside, so that an old one cannot be played again.

    A secret that begins with `whsec_` is base64, as Standard Webhooks has it; any other is taken as it stands.
    """
    key = secret.encode()
    if secret.startswith("whsec_"):
        try:
            key = base64.b64decode(secret.removeprefix("whsec_"), validate=True)
        except binascii.Error:
            key = secret.encode()
    sealed = hmac.new(key, f"{name}.{stamp}.".encode() + body, hashlib.sha256).digest()
    return "v1," + base64.b64encode(sealed).decode()
