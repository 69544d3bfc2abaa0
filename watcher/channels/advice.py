"""Explains in plain words why a message was not accepted, and what to do; the other side's own words stay beside it."""

from __future__ import annotations

import re

_ADVICE: tuple[tuple[str, str], ...] = (
    (r"no_service|invalid_webhook|no_active_hooks", "This webhook was revoked. Make a new one and paste its address."),
    (r"invalid_auth|not_authed|token_revoked|account_inactive", "The token is not accepted. Paste a current one."),
    (r"channel_not_found|not_in_channel|is_archived", "There is no such conversation, or the bot is not in it."),
    (r"\b(535|534|530)\b|[Aa]uthentication", "The server does not accept this user name and password."),
    (r"CERTIFICATE_VERIFY|certificate", "The server's certificate is not valid for this address."),
    (r"WRONG_VERSION_NUMBER|SSL|TLS|STARTTLS", "The server does not speak this kind of encryption on this port."),
    (r"Errno 111|refused it|[Cc]onnection refused|Connect call failed", "No server answers at this address and port."),
    (
        r"Errno -[23]|Name or service|nodename|getaddrinfo|resolve",
        "There is no server of this name. Check its spelling.",
    ),
    (r"[Tt]imed? ?out|[Tt]imeout", "The server does not answer in time. Check the address, the port and the network."),
    (r"\b(550|551|553|554)\b", "The server does not accept this sender or recipient."),
    (r"\bHTTP (401|403)\b", "The other side does not accept this key or address."),
    (r"\bHTTP (404|410)\b", "There is nothing at this address any more."),
    (r"\bHTTP 429\b", "The other side asks to wait. Try again in a few minutes."),
    (r"\bHTTP 5\d\d\b", "The other side has an error of its own. Try again later."),
    (r"Permission denied|Read-only|No such file", "The folder cannot be written to."),
)


def explain_fault(fault: str | None) -> str | None:
    """Return advice about a fault; None where it is not a known one, or there is none."""
    if fault is None:
        return None
    return next((advice for pattern, advice in _ADVICE if re.search(pattern, fault)), None)
