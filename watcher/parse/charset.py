"""Bytes of a document to text: what they show themselves to be counts before what anybody declares."""

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
    if (marked := _decode_by_mark(body)) is not None:
        return marked
    declared = _list_declared(body, content_type)
    if declared and declared[0].startswith(_SEVEN_BIT) and body.isascii():
        # ISO-2022-JP, HZ and UTF-7 are ASCII to look at: only the declaration tells.
        return _decode_replacing(body, declared[0])
    try:
        return body.decode("utf-8"), None
    except UnicodeDecodeError as error:
        broken_at = error.start
    others = [encoding for encoding in declared if encoding != "utf-8"]
    for encoding in others:
        try:
            return body.decode(encoding), None
        except (UnicodeDecodeError, LookupError):
            continue
    if _is_mostly_utf8(body, broken_at):
        return _decode_mixed(body), "bytes that are no UTF-8"
    encoding = others[0] if others else guess_encoding(body)
    text, _fault = _decode_replacing(body, encoding)
    return text, f"bytes that are no UTF-8, read as {encoding}"


def _decode_by_mark(body: bytes) -> tuple[str, str | None] | None:
    """Decode a body that begins with a byte order mark, or with `<` in two bytes; None where it does not."""
    for mark, encoding in _BOMS:
        if body.startswith(mark):
            return _decode_replacing(body[len(mark) :], encoding)
    for start, encoding in _BARE:
        if body.startswith(start):
            return _decode_replacing(body, encoding)
    return None


def decode_page(body: bytes, content_type: str | None) -> str:
    """Return the text of an HTML page: as `decode`, where a meta element counts if the answer names no charset.

    WHATWG HTML, 13.2.3.2: the header counts before the element.
    """
    if parse_charset(content_type) is None and (meta := _META_CHARSET.search(body[:META_BYTES])) is not None:
        content_type = f"text/html; charset={meta[1].decode('ascii')}"
    return decode(body, content_type)[0]


def parse_charset(content_type: str | None) -> str | None:
    """Return the codec of the charset that a Content-Type names, None where it names none that is known."""
    match = _CHARSET.search(content_type or "")
    return find_codec(match[1]) if match else None


def _list_declared(body: bytes, content_type: str | None) -> list[str]:
    """Return the codecs that a document is declared to be in, that of the XML declaration first."""
    match = _DECLARED.search(body[:1024])
    declared = [find_codec(match[1].decode("ascii")) if match else None, parse_charset(content_type)]
    # A declaration that is written in single bytes declares no wide encoding, whatever it says (WHATWG: UTF-8).
    wide = b"\0" in body[:200]
    return [name for name in dict.fromkeys(declared) if name and (wide or not name.startswith(("utf-16", "utf-32")))]


def _decode_replacing(body: bytes, encoding: str) -> tuple[str, str | None]:
    try:
        return body.decode(encoding), None
    except UnicodeDecodeError:
        return body.decode(encoding, "replace"), f"bytes that are no {encoding}"


def _is_mostly_utf8(body: bytes, broken_at: int) -> bool:
    """Return whether a document is UTF-8 with a few foreign bytes, rather than in another encoding.

    Well-formed sequences of several bytes tell: in other encodings they are rare.
    """
    sample = body[:400_000]
    good = len(_SEQUENCE.findall(sample))
    high = len(_HIGH.findall(_SEQUENCE.sub(b"", sample)))
    return good >= 2 * high or (good >= high and broken_at > len(body) - 4)


def _decode_mixed(body: bytes) -> str:
    """Decode UTF-8, and each byte that is none as windows-1252."""
    halves = body.decode("utf-8", "surrogateescape")
    return halves.translate(_WINDOWS)


_WINDOWS = {0xDC00 + code: bytes([code]).decode("cp1252", "replace") for code in range(0x80, 0x100)}
_SEQUENCE = re.compile(rb"[\xc3-\xdf][\x80-\xbf]|\xc2[\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3}")
_HIGH = re.compile(rb"[\x80-\xff]")
