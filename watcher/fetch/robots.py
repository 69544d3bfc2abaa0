"""robots.txt for article pages (RFC 9309); a feed is published to be fetched by programs and needs no leave."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable
from urllib.parse import urlsplit

from protego import Protego

KEPT_FOR = 24 * 3600
ASKED_AGAIN = 600
"""Seconds after which a robots.txt that could not be read is asked for again."""
MAX_HOSTS = 2_000
MAX_LINES = 5_000
NOBODY = "a-token-that-nobody-has"
_AGENT = re.compile(r"^(\s*user-?\s?agent\s*:\s*)(\*|[\w-]*)[^#]*", re.IGNORECASE)


class Robots:
    """Asks each host once a day what robots may fetch. `fetch` returns (status, text) of a robots.txt, 0 for none."""

    def __init__(self, fetch: Callable[[str], Awaitable[tuple[int, str]]], user_agent: str) -> None:
        self._fetch = fetch
        self._name = re.split(r"[/\s]", user_agent, maxsplit=1)[0].lower()
        self._known: dict[str, tuple[float, Protego | None]] = {}

    async def allows(self, url: str) -> bool:
        """Return whether a page may be fetched. An unreachable robots.txt forbids everything, a missing one nothing."""
        parts = urlsplit(url)
        query = f"?{parts.query}" if parts.query else ""
        origin = f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"
        now = asyncio.get_running_loop().time()
        kept = self._known.get(origin)
        if kept is None or now - kept[0] > (KEPT_FOR if kept[1] is not None else ASKED_AGAIN):
            if len(self._known) >= MAX_HOSTS:
                self._known.clear()
            status, text = await self._fetch(f"{origin}/robots.txt")
            rules = await self._rules(status, text)
            kept = self._known[origin] = (now, rules)
        rules = kept[1]
        return rules is not None and rules.can_fetch(f"{origin}{parts.path or '/'}{query}", self._name)

    async def _rules(self, status: int, text: str) -> Protego | None:
        """Return the rules of an answer; None where everything is forbidden until the next one."""
        if status == 200:
            # Thousands of rules take tenths of a second.
            return await asyncio.to_thread(parse_robots, text, self._name)
        return parse_robots("", self._name) if 400 <= status < 500 else None


def parse_robots(text: str, name: str) -> Protego:
    """Parse a robots.txt for the robot whose product token is `name`.

    RFC 9309 (2.2.1) compares product tokens without case: `news-watcher/0.1` and `News-Watcher` name us, `news` does
    not. Protego takes a group for ours whose whole value is a part of our name, so it is shown our groups, those for
    everyone, and the rest under a token that is nobody's.
    """
    lines = text.lstrip("\ufeff").splitlines()[:MAX_LINES]
    return Protego.parse("\n".join(_AGENT.sub(lambda match: _known_agent(match, name), line) for line in lines))


def _known_agent(match: re.Match[str], name: str) -> str:
    token = match[2].lower()
    return match[1] + (token if token in ("*", name) else NOBODY)
