"""Unsubscribing in one click (RFC 8058): links that say who leaves which digest, and prove that we made them."""

from __future__ import annotations

import binascii
import json
import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from html import escape

from watcher.model.digest import Unsubscription
from watcher.text.signing import is_signed, sign_text

UNSUBSCRIBE_MARKER = "<!-- unsubscribe -->"
_PURPOSE = "leave"
_TOKEN = re.compile(r"([A-Za-z0-9_-]{4,1400})\.([A-Za-z0-9_-]{22})")


def sign_unsubscribe(secret: bytes, leaving: Unsubscription) -> str:
    """Make a token that stands for a wish to leave: safe in an address, valid for as long as the key."""
    said = json.dumps([leaving.subscription, leaving.channel, leaving.recipient], ensure_ascii=False)
    body = urlsafe_b64encode(said.encode()).decode().rstrip("=")
    return f"{body}.{sign_text(secret, _PURPOSE, body)}"


def verify_unsubscribe(secret: bytes, token: str) -> Unsubscription | None:
    """Give who wants to leave what by a token; None where it is not ours."""
    found = _TOKEN.fullmatch(token)
    if found is None or not is_signed(secret, _PURPOSE, found[1], found[2]):
        return None
    try:
        name, channel, recipient = json.loads(urlsafe_b64decode(found[1] + "=" * (-len(found[1]) % 4)))
    except (ValueError, binascii.Error):
        return None
    return Unsubscription(subscription=str(name), channel=str(channel), recipient=str(recipient))


def add_unsubscribe_to_html(html: str, address: str) -> str:
    """Put the link for unsubscribing where a digest's HTML leaves room for it; all recipients share the rest."""
    link = (
        f'<p class="leave" style="margin:14px 0 0;font-size:12px;line-height:18px;text-align:center">'
        f'<a href="{escape(address, quote=True)}" style="color:#6a7580">Unsubscribe</a></p>'
        if address
        else ""
    )
    return html.replace(UNSUBSCRIBE_MARKER, link, 1)


def add_unsubscribe_to_text(text: str, address: str) -> str:
    """Put the address for unsubscribing at the end of a digest's text."""
    return f"{text}\nUnsubscribe: {address}\n" if address else text
