"""Honours robots.txt for article pages (RFC 9309); a feed is published to be fetched by programs and needs no leave."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable
from urllib.parse import quote, unquote, urlsplit

KEPT_FOR = 24 * 3600
ASKED_AGAIN = 600
"""Seconds after which a robots.txt that could not be read is asked for again."""
MOST_HOSTS = 2_000


class Robots:
    """Asks each host once a day what robots may fetch. `fetch` gives (status, text) of a robots.txt, 0 for none."""

    def __init__(self, fetch: Callable[[str], Awaitable[tuple[int, str]]], user_agent: str) -> None:
        self._fetch = fetch
        self._name = re.split(r"[/\s]", user_agent, maxsplit=1)[0].lower()
        self._known: dict[str, tuple[float, list[tuple[bool, str]] | None]] = {}

    async def allows(self, url: str) -> bool:
        """Tell whether a page may be fetched. An unreachable robots.txt forbids everything, a missing one nothing."""
        parts = urlsplit(url)
        origin = f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"
        now = asyncio.get_running_loop().time()
        kept = self._known.get(origin)
        if kept is None or now - kept[0] > (KEPT_FOR if kept[1] is not None else ASKED_AGAIN):
            if len(self._known) >= MOST_HOSTS:
                self._known.clear()
            status, text = await self._fetch(f"{origin}/robots.txt")
            rules = rules_for(text, self._name) if status == 200 else [] if 400 <= status < 500 else None
            kept = self._known[origin] = (now, rules)
        rules = kept[1]
        return rules is not None and permitted(rules, parts.path + (f"?{parts.query}" if parts.query else ""))


def rules_for(text: str, name: str) -> list[tuple[bool, str]]:
    """Give the rules that concern us: those of the groups that name us, else those for everyone."""
    groups: dict[str, list[tuple[bool, str]]] = {}
    agents: list[str] = []
    in_rules = False
    for line in text.lstrip("\ufeff").splitlines()[:5_000]:
        field, colon, value = line.split("#", 1)[0].partition(":")
        if not colon:
            continue
        field, value = field.strip().lower(), value.strip()
        if field == "user-agent":
            agents = [] if in_rules else agents
            in_rules = False
            agents.append(value.lower())
            groups.setdefault(value.lower(), [])
        elif field in {"allow", "disallow"}:
            in_rules = True
            for agent in agents:
                if value:
                    groups[agent].append((field == "allow", value))
    ours = [rules for agent, rules in groups.items() if agent != "*" and agent and name.startswith(agent.rstrip("*"))]
    return [rule for rules in ours for rule in rules] if ours else groups.get("*", [])


def permitted(rules: list[tuple[bool, str]], path: str) -> bool:
    """Judge a path: the longest rule that fits wins, and of two as long the one that allows."""
    asked = _normal(path or "/")
    fitting = [(len(pattern), allow) for allow, pattern in rules if _fits(_normal(pattern), asked)]
    return max(fitting)[1] if fitting else True


def _fits(pattern: str, path: str) -> bool:
    anchored = pattern.endswith("$")
    pieces = (pattern[:-1] if anchored else pattern).split("*")
    if not path.startswith(pieces[0]):
        return False
    at = len(pieces[0])
    for piece in pieces[1:]:
        found = path.find(piece, at)
        if found < 0:
            return False
        at = found + len(piece)
    return not anchored or at == len(path) or (len(pieces) > 1 and path.endswith(pieces[-1]))


def _normal(path: str) -> str:
    return quote(unquote(path), safe="/?&=*$!'()+,;:@~-._%")
