"""Invented news in bulk: pseudo-words as frequent as words are (Zipf), from a seed, and topics that find a known share.

Titles have 10 words and summaries 45. The commonest word stands in about a third of the entries; `words_of` names
words of a class: top, common (one entry in twenty), middling (one in two hundred), rare (one in two and a half
thousand).
"""

from __future__ import annotations

import hashlib
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import accumulate

from watcher.model.entry import Entry, Item
from watcher.model.topic import Topic

VOCABULARY = 60_000
CLASSES = {"rare": (12_000, 20_000), "middling": (1_200, 1_800), "common": (100, 160), "top": (0, 5)}
TITLE, SUMMARY = 10, 45
BEGIN = datetime(2025, 3, 2, 12, tzinfo=UTC)
APART = timedelta(seconds=30)
"""Entries come so far apart: a million of them are about a year of news."""
_SYLLABLES = [c + v + e for c in "bdfghklmnprstvz" for v in "aeiou" for e in ("", "n", "r", "s", "l")]


def feed_url(number: int) -> str:
    """Name a feed."""
    return f"https://outlet-{number}.example/feed.xml"


def moment(number: int) -> datetime:
    """Tell when an entry comes."""
    return BEGIN + number * APART


@dataclass(frozen=True, slots=True)
class Corpus:
    """A stretch of invented news: entries of `feeds` feeds, in batches that each come from one feed."""

    feeds: int = 1_000
    seed: int = 1

    def vocabulary(self) -> list[str]:
        """List the words, the most frequent first."""
        chance = random.Random(self.seed)
        words: dict[str, None] = {}
        while len(words) < VOCABULARY:
            # Frequent words are short, as in any language.
            length = 2 + (len(words) > 400) + (len(words) > 9_000)
            words["".join(chance.choices(_SYLLABLES, k=length))] = None
        return list(words)

    def batches(self, first: int, count: int, size: int, feed_ids: Sequence[int]) -> Iterator[tuple[Entry, ...]]:
        """Invent `count` entries, numbered from `first`, in batches."""
        chance = random.Random(f"{self.seed}:{first}")
        words = self.vocabulary()
        weights = list(accumulate(1 / (rank + 15) for rank in range(len(words))))
        done = 0
        while done < count:
            some = min(size, count - done)
            feed = min(int(chance.paretovariate(0.6)), self.feeds) - 1
            drawn = chance.choices(words, cum_weights=weights, k=some * (TITLE + SUMMARY))
            yield tuple(
                self._entry(first + done + n, feed, feed_ids[feed], drawn[n * (TITLE + SUMMARY) :]) for n in range(some)
            )
            done += some

    def topics(self) -> list[Topic]:
        """Give a hundred topics of several shapes; each finds about one entry in five hundred."""
        words = self.vocabulary()
        queries = [words[rank] for rank in range(2_200, 4_200, 50)]
        queries += [f"{words[rank]} AND {words[rank + 7]}" for rank in range(110, 150, 2)]
        queries += [f'"{words[n]} {words[n + 4]}"' for n in range(15)]
        queries += [" OR ".join(words[n : n + 60 : 12]) for n in range(13_000, 13_900, 60)]
        queries += [f"title:{words[rank]} NOT {words[3]}" for rank in range(300, 700, 40)]
        return [Topic(id=f"topic-{n}", name=f"Topic {n}", query=query) for n, query in enumerate(queries)]

    def words_of(self, kind: str, count: int) -> list[str]:
        """Give words of a class, none of them first in a list that is always the same."""
        low, high = CLASSES[kind]
        chosen = self.vocabulary()[low:high]
        chance = random.Random(f"{self.seed}:{kind}")
        return [chance.choice(chosen) for _ in range(count)]

    def phrases(self, count: int) -> list[str]:
        """Give phrases of two frequent words: each stands in a few entries of a thousand."""
        words = self.vocabulary()[:12]
        chance = random.Random(f"{self.seed}:phrases")
        return [f'"{" ".join(chance.sample(words, 2))}"' for _ in range(count)]

    def _entry(self, number: int, feed: int, feed_id: int, drawn: Sequence[str]) -> Entry:
        title = " ".join(drawn[:TITLE]).capitalize()
        summary = " ".join(drawn[TITLE : TITLE + SUMMARY]).capitalize() + "."
        link = f"https://outlet-{feed}.example/news/{number}-{drawn[0]}-{drawn[1]}"
        item = Item(
            guid=link,
            url=link,
            title=title,
            summary=summary,
            language="en",
            published_at=moment(number) - timedelta(minutes=7),
            published_raw=f"{moment(number):%a, %d %b %Y %H:%M:%S GMT}",
        )
        return Entry(
            feed_id=feed_id,
            key=f"guid:{link}",
            canonical_url=link,
            content_hash=hashlib.blake2b(f"{title}\n{summary}".encode(), digest_size=16).digest(),
            item=item,
            source=f"Outlet {feed}",
            feed_url=feed_url(feed),
        )
