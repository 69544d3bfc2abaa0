"""A generic webhook: JSON, signed, with an identity by which the other side can tell a repeat."""

from __future__ import annotations

import hashlib
import hmac
from datetime import datetime

import httpx

from watcher.deliver.chat import asked, judged
from watcher.deliver.outcome import Outcome, Sent
from watcher.model.digest import Channel, Delivery


class WebhookSender:
    """POSTs a digest. With a secret: `X-Watcher-Signature: t=UNIX,v1=HEX`, HMAC-SHA256 of "UNIX.BODY"."""

    def __init__(self, client: httpx.AsyncClient) -> None:
        self._client = client

    async def send(self, delivery: Delivery, channel: Channel, *, thread: str | None = None) -> Outcome:
        body = delivery.payload.encode()
        headers = {
            "Content-Type": "application/json; charset=utf-8",
            "X-Watcher-Delivery": delivery.message_id.strip("<>"),
        }
        if secret := channel.options.get("secret"):
            headers["X-Watcher-Signature"] = sign(str(secret), body, delivery.created_at)
        answer = await asked(self._client, "POST", str(channel.options["url"]), content=body, headers=headers)
        if not isinstance(answer, httpx.Response):
            return answer
        return Sent(ref=str(answer.status_code)) if 200 <= answer.status_code < 300 else judged(answer)


def sign(secret: str, body: bytes, at: datetime) -> str:
    """Sign a body; the moment is inside, so that an old one cannot be played again."""
    stamp = str(int(at.timestamp()))
    digest = hmac.new(secret.encode(), f"{stamp}.".encode() + body, hashlib.sha256).hexdigest()
    return f"t={stamp},v1={digest}"
