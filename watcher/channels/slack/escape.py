"""Escapes outside words and addresses for Slack's markup."""

from __future__ import annotations

import re


def escape_mrkdwn(text: str) -> str:
    """Escape what Slack reads as markup (& < >); formatting marks of the outside become look-alikes without effect."""
    plain = re.sub(r"\s+", " ", "".join(c if c.isprintable() or c.isspace() else "" for c in text))
    plain = plain.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    plain = plain.replace("*", "∗").replace("`", "ˋ").replace("~", "∼")
    return re.sub(r"(?<![^\W_])_|_(?![^\W_])", "ˍ", plain)


def escape_url(url: str | None) -> str:
    """Return an address without what would end a link."""
    return (
        (url or "")
        .replace("&", "&amp;")
        .replace("<", "%3C")
        .replace(">", "%3E")
        .replace("|", "%7C")
        .replace(" ", "%20")
    )


def cut_mrkdwn(text: str, limit: int) -> str:
    """Return a text of at most `limit` characters, with an ellipsis where something is missing."""
    return text if len(text) <= limit else text[: limit - 1].rstrip() + "…"
