"""News that means harm: what breaks out of HTML, of a template, of Slack's marks, of a mail's headers."""

from __future__ import annotations

from xml.sax.saxutils import escape

BREAK = "window.broken=1"
HOSTILE = (
    f"<script>{BREAK}</script>",
    f"<img src=x onerror={BREAK}>",
    f'"><svg onload={BREAK}>',
    f"'-{BREAK}-'",
    "{{ 7*7 }}{% raw %}",
    f"</title><script>{BREAK}</script>",
    f"javascript:{BREAK}",
    f"<iframe srcdoc='<script>parent.{BREAK}</script>'>",
    f"<math><mtext></form><form><mglyph><style></math><img src onerror={BREAK}>",
    f"\u202eevil\u202c <b onmouseover={BREAK}>x</b>",
    "<!channel> <!here> <@U1> <https://evil.example/|your bank>",
    "*bold* _it_ ~no~ `code` [your bank](https://evil.example/)",
    "breaks\r\nBcc: all@desk.example",
)


def hostile_feed() -> bytes:
    """Make a feed of them: each its own story, told twice, once under an address that may be a link."""
    items = "".join(
        f"<item><guid isPermaLink='false'>{n}{kind}{escape(text)}</guid><link>{escape(link)}</link>"
        f"<title>{escape(f'Five Eyes {_own(n)} {text}')}</title>"
        f"<description>{escape(escape(f'fvey {_own(n)} {text}') + text)}</description>"
        f"<author>{escape(text)}</author><category>{escape(text)}</category></item>"
        for n, text in enumerate(HOSTILE)
        for kind, link in (
            ("web", f'https://evil.example/"onmouseover="window.broken=1"/{n}|your bank>'),
            ("odd", f"javascript:window.broken={n}"),
        )
    )
    head = f"<title>{escape(HOSTILE[0])}</title><link>javascript:window.broken=1</link><description/>"
    return f"<?xml version='1.0'?><rss version='2.0'><channel>{head}{items}</channel></rss>".encode()


def _own(number: int) -> str:
    return " ".join(f"{word}{'abcdefghijklmnop'[number] * 3}" for word in ("harbour", "minister", "petrel", "museum"))
