"""Decodes a document's bytes: what they show themselves to be counts before what anybody declares."""

from __future__ import annotations

import codecs
import re

from watcher.parse.encoding_guess import guess_encoding
from watcher.parse.encodings import find_codec

_BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_BARE = ((b"<\x00?\x00", "utf-16-le"), (b"\x00<\x00?", "utf-16-be"), (b"<\x00", "utf-16-le"), (b"\x00<", "utf-16-be"))
_DECLARED = re.compile(rb"""<\?xml[^>]{0,200}?encoding\s*=\s*["']\s*([A-Za-z0-9._:-]{1,40})""")
_CHARSET = re.compile(r"""charset\s*=\s*["']?\s*([A-Za-z0-9._:-]{1,40})""", re.IGNORECASE)
META_BYTES = 4096
"""How far into a page a meta element with its charset is looked for; browsers look into the first 1,024 bytes."""
_META_CHARSET = re.compile(rb"""(?i)<meta[^>]{0,200}?charset\s*=\s*["']?\s*([A-Za-z0-9._:-]{1,40})""")
_SEVEN_BIT = ("iso2022", "hz", "utf-7")


def decode(body: bytes, content_type: str | None) -> tuple[str, str | None]:
    """Return a body's text, and what was wrong with its bytes (None for nothing).

    In order: a byte order mark; UTF-8 where every byte agrees; the XML declaration; the charset of `content_type`;
    UTF-8 with single bytes of Windows' in it; the encoding in which it reads most like a language. Never raises.
    """
    for mark, encoding in _BOMS:
        if body.startswith(mark):
            return _decoded(body[len(mark) :], encoding)
    for start, encoding in _BARE:
        if body.startswith(start):
            return _decoded(body, encoding)
    declared = _declared(body, content_type)
    if declared and declared[0].startswith(_SEVEN_BIT) and body.isascii():
        return _decoded(body, declared[0])
    try:
        return body.decode("utf-8"), None
    except UnicodeDecodeError as error:
        stopped = error.start
    for encoding in declared:
        if encoding == "utf-8":
            continue
        try:
            return body.decode(encoding), None
        except (UnicodeDecodeError, LookupError):
            continue
    if _mostly_utf8(body, stopped):
        return _patched(body), "bytes that are no UTF-8"
    first = next((encoding for encoding in declared if encoding != "utf-8"), None) or guess_encoding(body)
    text, _note = _decoded(body, first)
    return text, f"bytes that are no UTF-8, read as {first}"


def decode_page(body: bytes, content_type: str | None) -> str:
    """Return the text of an HTML page: as `decode`, where a meta element counts if the answer names no charset.

    WHATWG HTML, 13.2.3.2: the header counts before the element.
    """
    if charset_of(content_type) is None and (meta := _META_CHARSET.search(body[:META_BYTES])) is not None:
        content_type = f"text/html; charset={meta[1].decode('ascii')}"
    return decode(body, content_type)[0]


def charset_of(content_type: str | None) -> str | None:
    """Give the charset that a Content-Type names, as Python knows it."""
    found = _CHARSET.search(content_type or "")
    return find_codec(found[1]) if found else None


def _declared(body: bytes, content_type: str | None) -> list[str]:
    found = _DECLARED.search(body[:1024])
    said = [find_codec(found[1].decode("ascii")) if found else None, charset_of(content_type)]
    # A declaration that is written in single bytes declares no wide encoding, whatever it says (WHATWG: UTF-8).
    wide = b"\0" in body[:200]
    return [name for name in dict.fromkeys(said) if name and (wide or not name.startswith(("utf-16", "utf-32")))]


def _decoded(body: bytes, encoding: str) -> tuple[str, str | None]:
    try:
        return body.decode(encoding), None
    except UnicodeDecodeError:
        return body.decode(encoding, "replace"), f"bytes that are no {encoding}"


def _mostly_utf8(body: bytes, stopped: int) -> bool:
    """Tell a UTF-8 document with a few foreign bytes from one in another encoding: by its well-formed sequences."""
    sample = body[:400_000]
    good = len(_SEQUENCE.findall(sample))
    high = len(_HIGH.findall(_SEQUENCE.sub(b"", sample)))
    return good >= 2 * high or (good >= high and stopped > len(body) - 4)


def _patched(body: bytes) -> str:
    """Read UTF-8, and each byte that is none as windows-1252."""
    halves = body.decode("utf-8", "surrogateescape")
    return halves.translate(_WINDOWS)


_WINDOWS = {0xDC00 + code: bytes([code]).decode("cp1252", "replace") for code in range(0x80, 0x100)}
_SEQUENCE = re.compile(rb"[\xc3-\xdf][\x80-\xbf]|\xc2[\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3}")
_HIGH = re.compile(rb"[\x80-\xff]")
