"""Makes the keys of items: from the raw id, and from more where one id stands on several items."""

from __future__ import annotations

import hashlib
from functools import lru_cache

from watcher.model.entry import Entry, Item
from watcher.text.hashing import hash_bytes
from watcher.text.tokenizer import tokens

MAX_KEY_LENGTH = 400
"""Longer ids are hashed."""


def build_plain_key(item: Item) -> str:
    """Return the key of an item whose id is its own: its guid or, where it has none, its address, as they stand.

    An item with neither is known by its headline and date, one without a date by its text.
    """
    if item.guid:
        return f"guid:{item.guid}" if len(item.guid) < MAX_KEY_LENGTH else hash_parts("guid", item.guid)
    if item.url:
        return f"url:{item.url}" if len(item.url) < MAX_KEY_LENGTH else hash_parts("url", item.url)
    if item.title and item.published_raw:
        return hash_parts("title+date", item.title, item.published_raw)
    return hash_parts("text", item.title, item.summary, item.content)


def build_specific_keys(entry: Entry) -> tuple[str, ...]:
    """Return the keys of an item that shares its id with others, the least particular one first.

    With the headline; with address and date as well; with the text as well, unless only the item's name was read.
    """
    item = entry.item
    parts = [build_plain_key(item), item.title]
    keys = [hash_parts("id+title", *parts)]
    parts += [entry.canonical_url or "", get_date_text(item)]
    keys.append(hash_parts("id+title+link+date", *parts))
    if not item.repeated:
        keys.append(hash_parts("id+title+link+date+text", *parts, entry.content_hash.hex()))
    return tuple(keys)


def build_shared_key(plain: str) -> str:
    """Return the key under which is noted that an id, named by its plain key, has stood on several items."""
    return f"shared:{plain}"


def shorten_key(key: str) -> str:
    """Return the short form of a key that a feed remembers of its last document."""
    return hashlib.blake2b(key.encode("utf-8", "surrogatepass"), digest_size=6).hexdigest()


@lru_cache(maxsize=1_024)
def hash_title(title: str) -> str:
    """Return a headline in the form in which two copies of it are one; short, for an index."""
    words = " ".join(tokens(title))
    return hashlib.blake2b(words.encode(), digest_size=8).hexdigest() if words else ""


def hash_content(item: Item) -> bytes:
    """Hash what a reader would call the text; how it is spaced is no part of that."""
    text = "\x1f".join((item.title, item.summary, item.content)).encode("utf-8", "surrogatepass")
    # No other character has these bytes in it, and without them in bytes is twice as quick as in text.
    return hash_bytes(text.translate(None, b" \n"), 16)


def get_date_text(item: Item) -> str:
    """Return an item's date as its document has it: whether it is plausible depends on when it is asked."""
    return item.published_raw or (item.published_at.isoformat() if item.published_at else "")


def get_raw_id(item: Item) -> str | None:
    """Return the id of an item as it stands, None where it has none."""
    return item.guid or item.url


def is_http_url(text: str) -> bool:
    """Return whether an id is an http(s) address."""
    return text[:7].lower() == "http://" or text[:8].lower() == "https://"


def hash_parts(kind: str, *parts: str) -> str:
    """Return a key of fixed length made of several texts."""
    text = "\x1f".join(parts).encode("utf-8", "surrogatepass")
    return f"{kind}#{hashlib.blake2b(text, digest_size=16).hexdigest()}"
