"""Chooses who reads a document: the quick reader where nothing is doubtful, else feedparser, the judge."""

from __future__ import annotations

import re
from dataclasses import replace

from watcher.errors import ParseError
from watcher.model.poll import Document, Parsed
from watcher.parse.jsonfeed import read_json
from watcher.parse.judge import read_loosely
from watcher.parse.limits import LONGEST_LOOSE
from watcher.parse.quick import read_quick
from watcher.parse.sniff import Shape, decoded, legal, shape

_DECLARATION = re.compile(r"^<\?xml[^>]*\?>")


def parse(document: Document) -> Parsed:
    """Read a fetched document; raises ParseError and nothing else, whatever the bytes."""
    return parse_bytes(document.body, document.final_url, document.headers.get("content-type"))


def parse_bytes(body: bytes, url: str, content_type: str | None = None) -> Parsed:
    """Read a document that came from `url`; raises ParseError and nothing else, whatever the bytes."""
    try:
        return _parse(body, url, content_type)
    except ParseError:
        raise
    except (RecursionError, MemoryError, ValueError, TypeError, LookupError, AttributeError) as error:
        raise ParseError("parse", f"cannot be read: {type(error).__name__}") from error


def _parse(body: bytes, url: str, content_type: str | None) -> Parsed:
    kind = shape(body)
    text, encoding, guessed = decoded(body, content_type)
    if kind is Shape.JSON:
        return read_json(text, url)
    if (
        encoding == "utf-8"
        and not guessed
        and (read := read_quick(body.removeprefix(b"\xef\xbb\xbf"), url)) is not None
    ):
        return read
    if len(body) > LONGEST_LOOSE:
        raise ParseError("parse", f"doubtful, and with {len(body):,} bytes too large to be repaired")
    # What is not UTF-8 by itself gets there first: then both readers see the same characters.
    fixed = ('<?xml version="1.0" encoding="utf-8"?>' + _DECLARATION.sub("", legal(text))).encode("utf-8", "replace")
    if encoding != "utf-8" and not guessed and (read := read_quick(fixed, url)) is not None:
        return read
    read = read_loosely(fixed, url, content_type)
    if guessed and read.degraded is None and encoding == "cp1252":
        read = replace(read, degraded="encoding guessed (windows-1252)")
    return read
