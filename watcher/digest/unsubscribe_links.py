"""Unsubscribing in one click (RFC 8058): signed tokens that name recipient and digest, and where links go."""

from __future__ import annotations

import binascii
import json
import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from html import escape

from watcher.model.delivery import Unsubscription
from watcher.text.signing import is_signed, sign_text

UNSUBSCRIBE_MARKER = "<!-- unsubscribe -->"
"""Where a digest's HTML leaves room for the link, which differs for each recipient."""
_PURPOSE = "leave"
_TOKEN = re.compile(r"([A-Za-z0-9_-]{4,1400})\.([A-Za-z0-9_-]{22})")


def sign_unsubscribe(secret: bytes, unsubscription: Unsubscription) -> str:
    """Return a token for an unsubscription: safe in an address, valid for as long as the key."""
    names = [unsubscription.subscription, unsubscription.channel, unsubscription.recipient]
    body = urlsafe_b64encode(json.dumps(names, ensure_ascii=False).encode()).decode().rstrip("=")
    return f"{body}.{sign_text(secret, _PURPOSE, body)}"


def verify_unsubscribe(secret: bytes, token: str) -> Unsubscription | None:
    """Return the unsubscription of a token; None where its signature is not ours."""
    match = _TOKEN.fullmatch(token)
    if match is None or not is_signed(secret, _PURPOSE, match[1], match[2]):
        return None
    try:
        name, channel, recipient = json.loads(urlsafe_b64decode(match[1] + "=" * (-len(match[1]) % 4)))
    except (ValueError, binascii.Error):
        return None
    return Unsubscription(subscription=str(name), channel=str(channel), recipient=str(recipient))


def add_unsubscribe_to_html(html: str, url: str) -> str:
    """Return a digest's HTML with the recipient's link; everything else is the same for all recipients."""
    link = (
        f'<p class="leave" style="margin:14px 0 0;font-size:12px;line-height:18px;text-align:center">'
        f'<a href="{escape(url, quote=True)}" style="color:#6a7580">Unsubscribe</a></p>'
        if url
        else ""
    )
    return html.replace(UNSUBSCRIBE_MARKER, link, 1)


def add_unsubscribe_to_text(text: str, url: str) -> str:
    """Return a digest's text with the recipient's link at its end."""
    return f"{text}\nUnsubscribe: {url}\n" if url else text
