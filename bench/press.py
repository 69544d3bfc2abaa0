"""An invented press for the benchmarks: feeds of pseudo-news in the markup that publishers write, and topics for them.

Everything follows from a seed: the same feed in the same edition is the same, byte for byte, in every process.
"""

from __future__ import annotations

import gzip
import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from functools import cache
from html import escape
from itertools import accumulate
from random import Random

NEWS_EACH = 4
"""How many items an edition has that the one before had not."""
_START = datetime(2026, 3, 2, 6, tzinfo=UTC)
_COMMON_WORDS = """
the of and to in a is that for it as was with be by on not he his but at are this have from or had an they which
one you were her all she there would their we him been has when who will more no if out so said what up its about
into than them can only other new some could time these two may then do first any my now such like our over man
me even most made after also did many before must through back years where much your way well down should because
"""
_COMMON = _COMMON_WORDS.split()
_ONSET_WORDS = "b c d f g h l m n p r s t v w br ch cl cr dr fl fr gl gr pl pr sh sl sp st th tr"
_ONSETS = _ONSET_WORDS.split()
_VOWELS = ["a", "e", "i", "o", "u", "ai", "ea", "ee", "io", "ou"]
_CODAS = ["", "", "", "n", "r", "s", "t", "l", "nd", "ck", "m", "st", "ng", "ment", "tion"]


@dataclass(frozen=True, slots=True)
class Body:
    """A document as it is served."""

    media_type: str
    packed: bytes
    size: int
    etag: str
    items: int


@cache
def _language() -> tuple[list[str], list[float]]:
    """Make a vocabulary whose words are as unevenly frequent as those of any language (Zipf)."""
    rng = Random(7)
    made: dict[str, None] = dict.fromkeys(_COMMON)
    while len(made) < 9_000:
        syllables = rng.choice((1, 2, 2, 3))
        word = "".join(rng.choice(_ONSETS) + rng.choice(_VOWELS) for _ in range(syllables)) + rng.choice(_CODAS)
        made[word] = None
    words = list(made)
    return words, list(accumulate(1 / (rank + 3) for rank in range(len(words))))


def topics(count: int) -> list[tuple[str, str]]:
    """Give (id, query) of topics that such news is watched for: alternatives, phrases, distances and exclusions."""
    words, _weights = _language()
    rng = Random(11)

    def some() -> str:
        return words[rng.randrange(800, 8_000)]

    queries = []
    for number in range(count):
        names = " OR ".join(some() for _ in range(6))
        phrases = " OR ".join(f'"{some()} {some()}"' for _ in range(4))
        subject = f"({names} OR {phrases} OR {some()[:7]}*)"
        deed = f"({' OR '.join(some() + '~' for _ in range(5))})"
        query = (
            f"{subject} NEAR/12 {deed}",
            f"{subject} AND {deed} NOT {some()}",
            f"({phrases} OR {some()} NEAR/5 {some()}) OR title:{some()}",
            f"title:({names}) OR {phrases}",
        )[number % 4]
        queries.append((f"topic-{number}", query))
    return queries


def document(feed: int, edition: int) -> Body:
    """Write a feed in an edition: 50 to 200 kB, packed."""
    shape = Random(feed)
    size, kind = shape.randint(55_000, 190_000), shape.choices(("full", "plain", "atom"), (5, 3, 2))[0]
    newest = 1_000 + edition * NEWS_EACH
    items: list[str] = []
    length, number = 0, newest
    while length < size:
        items.append(_item(feed, number, kind))
        length += len(items[-1])
        number -= 1
    title = f"The {_words(shape, 2).title()} {shape.choice(('Post', 'Herald', 'Wire', 'Times'))}"
    text = (_atom if kind == "atom" else _rss)(feed, title, _START + timedelta(minutes=23 * NEWS_EACH * edition), items)
    body = text.encode()
    return Body(
        media_type="application/atom+xml" if kind == "atom" else "application/rss+xml; charset=utf-8",
        packed=gzip.compress(body, 5, mtime=0),
        size=len(body),
        etag=f'"{hashlib.blake2b(body, digest_size=8).hexdigest()}"',
        items=len(items),
    )


def _rss(feed: int, title: str, at: datetime, items: list[str]) -> str:
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n<rss version="2.0" xmlns:content="http://purl.org/rss/1.0/modules/content/"'
        ' xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:atom="http://www.w3.org/2005/Atom"'
        ' xmlns:media="http://search.yahoo.com/mrss/">\n<channel>\n'
        f"<title>{title}</title><link>https://outlet-{feed}.example/</link><description>{title}, all news</description>"
        f"<language>en-gb</language><lastBuildDate>{format_datetime(at)}</lastBuildDate><generator>Press</generator>"
        f'<atom:link href="https://outlet-{feed}.example/feed" rel="self" type="application/rss+xml"/>\n'
        f"{''.join(items)}</channel></rss>\n"
    )


def _atom(feed: int, title: str, at: datetime, items: list[str]) -> str:
    return (
        '<?xml version="1.0" encoding="utf-8"?>\n<feed xmlns="http://www.w3.org/2005/Atom" xml:lang="en">\n'
        f"<title>{title}</title><id>tag:outlet-{feed}.example,2026:feed</id><updated>{at.isoformat()}</updated>"
        f'<link rel="alternate" href="https://outlet-{feed}.example/"/><author><name>{title}</name></author>\n'
        f"{''.join(items)}</feed>\n"
    )


def _item(feed: int, number: int, kind: str) -> str:
    rng = Random(feed * 1_000_003 + number)
    title = _words(rng, rng.randint(6, 13)).capitalize()
    link = f"https://outlet-{feed}.example/2026/03/{number}/{_words(rng, 4).replace(' ', '-')}"
    at = _START - timedelta(minutes=23 * (1_000 - number))
    author = _words(rng, 2).title()
    tags = [_words(rng, 1) for _ in range(rng.randint(1, 4))]
    lead = f"<p>{_sentence(rng)} {_sentence(rng)}</p>"
    picture = (
        f'<figure><img src="{link}/lead.jpg" width="700" height="467" alt="{_words(rng, 5)}" loading="lazy" />'
        f"<figcaption>{_sentence(rng)}</figcaption></figure>"
    )
    if kind == "atom":
        body = escape(picture + lead + _paragraphs(rng, link))
        return (
            f'<entry><title type="html">{escape(title)}</title><link rel="alternate" type="text/html" href="{link}"/>'
            f"<id>tag:outlet-{feed}.example,2026:{number}</id><published>{at.isoformat()}</published>"
            f"<updated>{at.isoformat()}</updated><author><name>{author}</name></author>"
            f"{''.join(f'<category term={chr(34)}{tag}{chr(34)}/>' for tag in tags)}"
            f'<content type="html">{body}</content></entry>\n'
        )
    short = _paragraphs(rng, link) if rng.random() < 0.5 else ""
    head = (
        f"<description><![CDATA[{lead}]]></description>"
        f"<content:encoded><![CDATA[{picture}{lead}{_paragraphs(rng, link)}]]></content:encoded>"
        if kind == "full"
        else f"<description>{escape(picture + lead + short)}</description>"
    )
    return (
        f"<item>\n<title>{escape(title)}</title><link>{link}?utm_source=rss&amp;utm_medium=feed</link>"
        f"<dc:creator><![CDATA[{author}]]></dc:creator><pubDate>{format_datetime(at)}</pubDate>"
        f"{''.join(f'<category><![CDATA[{tag}]]></category>' for tag in tags)}"
        f'<guid isPermaLink="false">https://outlet-{feed}.example/?p={number}</guid>'
        f'{head}<media:thumbnail url="{link}/thumb.jpg" width="240" height="135"/></item>\n'
    )


def _paragraphs(rng: Random, link: str) -> str:
    written = []
    for _paragraph in range(rng.randint(2, 7)):
        sentences = " ".join(_sentence(rng) for _ in range(rng.randint(2, 4)))
        aside = f' <a href="{link}/{_words(rng, 1)}">{_words(rng, 3)}</a>&nbsp;&#8211; <em>{_words(rng, 2)}</em>'
        written.append(f"<p>{sentences}{aside if rng.random() < 0.4 else ''}</p>")
    return "\n".join(written)


def _sentence(rng: Random) -> str:
    text = _words(rng, rng.randint(9, 24)).capitalize()
    return f"{text.replace(' ', ', ', 1) if rng.random() < 0.2 else text}{'.' if rng.random() < 0.9 else '&#8217;s.'}"


def _words(rng: Random, count: int) -> str:
    words, weights = _language()
    return " ".join(rng.choices(words, cum_weights=weights, k=count))
