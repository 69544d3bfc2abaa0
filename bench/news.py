"""News-like items and topics for the benchmarks, made here and of nobody's text, the same in every run.

Words are English dictionary forms (simplemma's table), drawn by a Zipf-Mandelbrot law with the little words on top; an
item adds the words of its theme, names with capitals, and the punctuation of news. Lengths are log-normal about a
median of 102 words and a mean near 300, as in a mixed stream of teasers and whole articles; a sixth of the items has
curly quotes, dashes and accents. Topics are sampled from the items' own words and phrases, and use the whole language.
"""

from __future__ import annotations

import random
from bisect import bisect
from datetime import UTC, datetime
from itertools import accumulate

from watcher.model.entry import Entry, Item, StoredEntry

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
_LITTLE = """
the of to in and a for on is that with said as was at by from it he be has are an his have will not but they who were
this their had which its more been or about up after than when one would there all out new also we people two year over
if what first into can she her us time could other last no so him some most years them just only government before
where state now being through between because under during many any while against do our both how those did week did
"""
_ACCENTED = [
    "Kraków",
    "São",
    "Zürich",
    "Malmö",
    "Łódź",
    "Besançon",
    "naïve",
    "café",
    "Škoda",
    "Peñalver",
    "Ørsted",
    "Çelik",
]
_WORDS = 40_000
_THEMES = 400
DENSE, SPARSE = 700, 2_400
"""How far down the ranks of words topics begin: about 14 and 9 of 10,000 topics match an item."""
_GAPS = (2, 3, 5, 8, 12)


class Press:
    """Writes items, and topics about them."""

    def __init__(self, seed: int = 7) -> None:
        self._chance = random.Random(seed)
        self._words = self._vocabulary()
        self._rank = {word: rank for rank, word in enumerate(self._words)}
        self._shares = list(accumulate(1 / (rank + 2.7) ** 1.02 for rank in range(len(self._words))))
        self._themes = [
            [self._words[int(150 + 25_000 * self._chance.random() ** 2)] for _ in range(60)] for _ in range(_THEMES)
        ]
        self._theme_shares = list(accumulate(1 / (rank + 5) for rank in range(_THEMES)))

    def items(self, count: int) -> list[StoredEntry]:
        """Write items."""
        return [self._item(number) for number in range(1, count + 1)]

    def topics(self, count: int, items: list[StoredEntry], *, dense: bool) -> list[str]:
        """Write queries about what some of the items say: `dense` ones about what is said often."""
        long_entries = [stored for stored in items if len(stored.entry.item.content) > 300]
        return [self._topic(self._chance.choice(long_entries), DENSE if dense else SPARSE) for _ in range(count)]

    def _vocabulary(self) -> list[str]:
        from simplemma.strategies.dictionaries.dictionary_factory import DefaultDictionaryFactory

        table = DefaultDictionaryFactory().get_dictionary("en")
        little = list(dict.fromkeys(_LITTLE.split()))
        usual = sorted(
            {form for form in table if form.isascii() and form.isalpha() and form.islower() and len(form) > 3}
        )
        chosen = self._chance.sample(sorted(set(usual) - set(little)), _WORDS)
        # Frequent words are short.
        chosen.sort(key=lambda word: len(word) + 9 * self._chance.random())
        names = [word.capitalize() for word in self._chance.sample(chosen[2_000:], 3_000)]
        for name in names:
            chosen.insert(self._chance.randrange(200, 12_000), name)
        return little + chosen

    def _item(self, number: int) -> StoredEntry:
        length = max(9, min(5_000, round(self._chance.lognormvariate(4.625, 1.5))))
        theme = self._themes[bisect(self._theme_shares, self._chance.random() * self._theme_shares[-1])]
        drawn = self._chance.choices(self._words, cum_weights=self._shares, k=length)
        for at in range(0, length, 6):
            drawn[at] = self._chance.choice(theme)
        odd = self._chance.random() < 0.17
        headline = min(9, length // 2)
        title = " ".join(word.capitalize() if len(word) > 4 else word for word in drawn[:headline])
        summary = self._prose(drawn[headline : headline + 28], odd=odd)
        content = self._prose(drawn[headline + 28 :], odd=odd)
        item = Item(
            title=title, summary=summary, content=content, url=f"https://outlet.example/{number}", language="en"
        )
        entry = Entry(
            feed_id=1, key=str(number), canonical_url=item.url, content_hash=b"", item=item, source="The Outlet",
            feed_url="https://outlet.example/feed.xml",
        )  # fmt: skip
        return StoredEntry(id=number, entry=entry, first_seen_at=NOON)

    def _prose(self, words: list[str], *, odd: bool) -> str:
        written = list(words)
        at = 0
        while at < len(written):
            written[at] = written[at].capitalize()
            if odd and at % 3 == 0:
                written[at] = f"{self._chance.choice(_ACCENTED)}\u2019s \u201c{written[at]}\u201d \u2014"
            end = min(at + self._chance.randrange(9, 27), len(written))
            middle = (at + end) // 2
            if middle > at:
                written[middle] += self._chance.choice([",", ",", "-led", "'s", ""])
            written[end - 1] += self._chance.choice([".", ".", ".", ".\n", "?"])
            at = end
        return " ".join(written)

    def _topic(self, item: StoredEntry, floor: int) -> str:
        text = f"{item.entry.item.title} {item.entry.item.summary} {item.entry.item.content}"
        words = [word.strip(".,?\u201c\u201d\u2014'") for word in text.split()]
        words = [word for word in words if word.isalpha() and word.isascii()]
        rare = [word for word in words if self._rank.get(word, self._rank.get(word.lower(), 10**6)) >= floor] or words[
            :3
        ]
        chance = self._chance

        def leaf() -> str:
            word = chance.choice(rare)
            kind = chance.random()
            if kind < 0.18 and len(words) > 3:
                at = chance.randrange(len(words) - 2)
                return f'"{" ".join(words[at : at + chance.choice([2, 2, 3])])}"'
            if kind < 0.28 and len(word) > 5:
                return f"{word[: chance.randrange(5, len(word))].lower()}*"
            if kind < 0.31 and len(word) > 5:
                gap = chance.randrange(3, len(word) - 1)
                return f"{word[:gap].lower()}?{word[gap + 1 :].lower()}"
            if kind < 0.41:
                return f"{word.lower()}~"
            return f"={word}" if kind < 0.47 else word.lower()

        def group() -> str:
            some = [leaf() for _ in range(chance.choice([1, 1, 2, 2, 3]))]
            return some[0] if len(some) == 1 else f"({' OR '.join(some)})"

        gap = chance.choice(_GAPS)
        shapes = [
            (30, lambda: f"{group()} AND {group()}"),
            (12, lambda: f"{group()} AND {group()} AND {group()}"),
            (16, lambda: f"{group()} NEAR/{gap} {group()}"),
            (8, lambda: f"{group()} ONEAR/{gap} {group()}"),
            (8, lambda: f"({group()} NOT NEAR/{gap} {leaf()}) AND {group()}"),
            (10, lambda: f"{group()} AND {group()} NOT {group()}"),
            (5, lambda: f"ATLEAST/2 ({group()}) AND {leaf()}"),
            (5, lambda: f"title:{group()} AND {group()}"),
            (3, lambda: f"FIRST/40 ({group()}) AND {leaf()}"),
            (3, lambda: f"({group()} NEAR/{gap} {leaf()}) ONEAR/12 {group()}"),
        ]
        shape = chance.choices([made for _weight, made in shapes], [weight for weight, _made in shapes])[0]
        return shape()
