"""The items of a planned feed: what it has published by a moment, and the document that lists it. Pure, seeded."""

from __future__ import annotations

import random
import re
from bisect import bisect_right
from dataclasses import dataclass
from email.utils import format_datetime
from html import escape

from bench.soaks.plan import DAY, FLOOD_ITEMS, HOUR, FeedPlan, IdStyle, Span, moment

TOKEN = re.compile(r"x\d{4}[nf]\d+")
"""What every title holds, and no other title does."""
_EDITED_AFTER = 5 * HOUR
_WORDS = (
    "harbour", "council", "engine", "valley", "summit", "report", "border", "winter", "market", "signal",
    "castle", "forest", "bridge", "treaty", "rocket", "garden", "senate", "hunger", "museum", "copper",
    "tunnel", "island", "budget", "policy", "strike", "desert", "river", "vaccine", "orbit", "parade",
    "glacier", "ferry", "lawyer", "canal", "fabric", "pilot", "census", "debate", "voyage", "ballot", "turbine",
    "archive", "satellite", "pension", "reactor", "choir", "quarry", "embassy", "warehouse", "algorithm",
    "sailor", "theatre", "vineyard", "festival", "courier", "antenna", "drought", "election", "pipeline",
    "refinery",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class ItemText:
    """What an item says."""

    token: str
    title: str
    guid: str | None
    link: str | None
    summary: str
    published_at: float


class Timeline:
    """When a feed publishes what."""

    def __init__(self, feed: FeedPlan, seed: int, end: float) -> None:
        self.feed = feed
        self._seed = seed
        chance = random.Random(f"{seed}:{feed.number}:items")
        at = -(feed.window + 2) / feed.per_day * DAY
        times = []
        while at < end:
            times.append(at)
            at += chance.expovariate(feed.per_day / DAY)
        self.times = times
        self._texts: dict[int, ItemText] = {}
        self._last: tuple[object, bytes] | None = None

    def listed(self, at: float) -> range:
        """Return the numbers of the items that the document lists, without those of a flood."""
        count = bisect_right(self.times, at)
        return range(max(0, count - self.feed.window), count)

    def visible(self, number: int, end: float) -> Span:
        """Return while when an item is listed."""
        last = number + self.feed.window
        return Span(self.times[number], self.times[last] if last < len(self.times) else end)

    def token(self, number: int) -> str:
        """Return what tells an item from all others."""
        return f"x{self.feed.number:04}n{number}"

    def text(self, number: int, at: float) -> ItemText:
        """Return what an item says at a moment: some are edited hours after they were published."""
        if number not in self._texts:
            self._texts[number] = self._write(number)
        text = self._texts[number]
        if self.feed.id_style is IdStyle.EDITED and number % 10 == 3 and at > text.published_at + _EDITED_AFTER:
            return ItemText(text.token, f"{text.title}, updated", text.guid, text.link, text.summary, text.published_at)
        return text

    def document(self, at: float) -> tuple[bytes, str]:
        """Return the document of a moment and its ETag."""
        numbers = self.listed(at)
        texts = [self.text(number, at) for number in reversed(numbers)]
        flooded = self.feed.flood is not None and self.feed.flood.holds(at)
        version = (flooded, numbers.start, numbers.stop, sum(text.title.endswith("updated") for text in texts))
        if self._last is None or self._last[0] != version:
            if flooded:
                texts = [self._flood(number, at) for number in range(FLOOD_ITEMS)] + texts
            write = _atom if self.feed.form == "atom" else _rss
            self._last = version, write(self.feed, texts).encode()
        return self._last[1], '"' + "-".join(str(int(part)) for part in version) + '"'

    def forget(self, before: float) -> None:
        """Drop texts that are listed no more."""
        oldest = self.listed(before).start
        for number in [number for number in self._texts if number < oldest]:
            del self._texts[number]

    def _write(self, number: int) -> ItemText:
        feed, token = self.feed, self.token(number)
        chance = random.Random(f"{self._seed}:{token}")
        title = " ".join(chance.choices(_WORDS, k=6)).capitalize() + f" {token}"
        if chance.random() < 0.015:
            title = "Sabotage suspected: " + title
        link: str | None = f"http://{feed.host}/news/{number}"
        guid: str | None = link
        match feed.id_style:
            case IdStyle.FRAGMENT:
                link = guid = f"http://{feed.host}/live#entry-{number}"
            case IdStyle.SHARED:
                guid = f"tag:{feed.host},2026:{number // 2}"
            case IdStyle.NO_GUID:
                guid = None
            case IdStyle.NO_LINK:
                link = guid = None
            case _:
                pass
        summary = " ".join(chance.choices(_WORDS, k=25))
        return ItemText(token, title, guid, link, summary, self.times[number])

    def _flood(self, number: int, at: float) -> ItemText:
        token = f"x{self.feed.number:04}f{number}"
        chance = random.Random(f"{self._seed}:{token}")
        link = f"http://{self.feed.host}/flood/{number}"
        title = " ".join(chance.choices(_WORDS, k=6)).capitalize() + f" {token}"
        assert self.feed.flood is not None
        return ItemText(token, title, link, link, "", self.feed.flood.start - number)


def _rss(feed: FeedPlan, texts: list[ItemText]) -> str:
    items = []
    for text in texts:
        parts = [f"<title>{escape(text.title)}</title>", f"<description>{text.summary}</description>"]
        if text.link is not None:
            parts.append(f"<link>{escape(text.link)}</link>")
        if text.guid is not None:
            permalink = "true" if text.guid == text.link else "false"
            parts.append(f'<guid isPermaLink="{permalink}">{escape(text.guid)}</guid>')
        if feed.id_style is not IdStyle.UNDATED:
            parts.append(f"<pubDate>{format_datetime(moment(text.published_at))}</pubDate>")
        items.append(f"<item>{''.join(parts)}</item>")
    return (
        f'<?xml version="1.0" encoding="utf-8"?><rss version="2.0"><channel><title>Feed {feed.number}</title>'
        f"<link>http://{feed.host}/</link><description>Soak</description>{''.join(items)}</channel></rss>"
    )


def _atom(feed: FeedPlan, texts: list[ItemText]) -> str:
    entries = []
    for text in texts:
        parts = [f"<title>{escape(text.title)}</title>", f"<summary>{text.summary}</summary>"]
        if text.link is not None:
            parts.append(f'<link href="{escape(text.link)}"/>')
        if text.guid is not None:
            parts.append(f"<id>{escape(text.guid)}</id>")
        if feed.id_style is not IdStyle.UNDATED:
            parts.append(f"<updated>{moment(text.published_at):%Y-%m-%dT%H:%M:%SZ}</updated>")
        entries.append(f"<entry>{''.join(parts)}</entry>")
    return (
        '<?xml version="1.0" encoding="utf-8"?><feed xmlns="http://www.w3.org/2005/Atom">'
        f"<title>Feed {feed.number}</title><id>tag:{feed.host},2026:feed</id>{''.join(entries)}</feed>"
    )


class Timelines:
    """The timelines of all feeds, each made when it is first asked for."""

    def __init__(self, feeds: tuple[FeedPlan, ...], seed: int, end: float) -> None:
        self._feeds, self._seed, self._end = feeds, seed, end
        self._made: dict[int, Timeline] = {}

    def of(self, number: int) -> Timeline:
        """Return a feed's timeline."""
        if number not in self._made:
            self._made[number] = Timeline(self._feeds[number], self._seed, self._end)
        return self._made[number]
