"""Feeds that the odd servers send: the same few items, well written or not."""

from __future__ import annotations

import gzip
import random
import sys
import zlib

import brotli

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd


def item(number: int) -> str:
    """Write an item; with a hit in it, so that matching has its part."""
    return (
        f"<item><guid isPermaLink='false'>n{number}</guid><link>https://harbour.example/{number}</link>"
        f"<title>News {number}</title><pubDate>Wed, 04 Mar 2026 0{number}:00:00 GMT</pubDate>"
        f"<description>The Five Eyes met for the {number}. time.</description></item>"
    )


def text(
    count: int, *, head: str = "<?xml version='1.0' encoding='utf-8'?>", title: str = "Harbour Post", more: str = ""
) -> str:
    """Write a feed of so many items, the newest first."""
    items = "".join(item(number) for number in range(count, 0, -1))
    return f"{head}<rss version='2.0'><channel><title>{title}</title>{items}{more}</channel></rss>"


def rss(count: int) -> bytes:
    return text(count).encode()


THREE = rss(3)
CUT = (
    text(3, more="<item><guid isPermaLink='false'>n4</guid><title>News 4</title><descr")
    .encode()
    .split(b"</channel>")[0]
)
PACKED = gzip.compress(THREE)
MEMBERS = gzip.compress(THREE[:300]) + gzip.compress(THREE[300:])
JSON_FEED = (
    '{"version": "https://jsonfeed.org/version/1.1", "title": "Harbour Post", "items": ['
    + ", ".join(
        f'{{"id": "n{n}", "url": "https://harbour.example/{n}", "title": "News {n}", '
        f'"content_text": "The Five Eyes met for the {n}. time."}}'
        for n in (3, 2, 1)
    )
    + "]}"
).encode()
CHALLENGE = (
    b"<!DOCTYPE html><html><head><title>Just a moment...</title></head><body><div id='cf-wrapper'>"
    b"<script src='/cdn-cgi/challenge-platform/h/b/orchestrate'></script></body></html>"
)
PAGE = b"<!DOCTYPE html><html><head><title>This domain is for sale</title></head><body><p>Hello</p></body></html>"
PARKED = PAGE


def raw_deflate(body: bytes) -> bytes:
    packer = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    return packer.compress(body) + packer.flush()


def gzip_bomb(megabytes: int) -> bytes:
    """Pack a valid beginning and then nothing but blanks."""
    packer = zlib.compressobj(1, zlib.DEFLATED, 16 + zlib.MAX_WBITS)
    parts = [packer.compress(THREE)]
    parts += [packer.compress(b" " * 2**20) for _each in range(megabytes)]
    return b"".join(parts) + packer.flush()


def brotli_bomb(megabytes: int) -> bytes:
    return bytes(brotli.compress(b" " * (megabytes * 2**20), quality=1))


def zstd_bomb(megabytes: int) -> bytes:
    return zstd.compress(b" " * (megabytes * 2**20), 1)


def large(megabytes: int) -> bytes:
    """Pack a feed with a long text in it, of no suspicious ratio."""
    chance = random.Random(1)
    line = "".join(f"{chance.getrandbits(64):016x}{' ' * 300}" for _each in range(300))
    filling = line * (megabytes * 2**20 // len(line))
    return gzip.compress(text(3, more=f"<description>{filling}</description>").encode(), 1)


def laughs() -> str:
    """Write a document type whose last entity is ten to the ninth times its first."""
    levels = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
    return f'<!DOCTYPE rss [<!ENTITY l0 "lol">{levels}]>'
