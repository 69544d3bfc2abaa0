"""Says what a body is before anyone parses it, and in which encoding; alone knows how bodies lie about both."""

from __future__ import annotations

import codecs
import re
from enum import Enum

from watcher.errors import ParseError


class Shape(Enum):
    XML = "xml"
    JSON = "json"


_BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_DECLARED = re.compile(rb"""^\s*<\?xml[^>]{0,200}?encoding\s*=\s*["']([A-Za-z][A-Za-z0-9._:-]{1,39})["']""")
_CHARSET = re.compile(r"""(?i)charset\s*=\s*["']?([A-Za-z0-9._:-]{2,40})""")
_ROOT = re.compile(r"<(?![?!])(?:[\w.-]+:)?([\w.-]+)")
_HTML = re.compile(rb"(?i)<\s*(?:!doctype\s+html|html[\s>]|head[\s>]|body[\s>])")
_ALIASES = {"x-sjis": "shift_jis", "ks_c_5601-1987": "cp949", "gb2312": "gb18030", "gbk": "gb18030", "x-gbk": "gb18030"}
_FEED_ROOTS = {"rss", "feed", "rdf", "channel", "item", "entry", "opml"}
_ILLEGAL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")


def shape(body: bytes) -> Shape:
    """Tell what a body is; raises ParseError (`empty`, `html`, `not-feed`) for what is no feed at all."""
    start = body[:4096].lstrip(b"\xef\xbb\xbf\xfe\xff\x00 \t\r\n")
    if not start:
        raise ParseError("empty", "the document is empty")
    if start[:1] == b"{":
        return Shape.JSON
    text = start.replace(b"\x00", b"")
    if b"<" not in text and b"<" not in body[:65536].replace(b"\x00", b""):
        raise ParseError("not-feed", f"no feed but {_described(start)}")
    if _HTML.search(text) and not re.search(rb"<(?:rss|feed|rdf:RDF|\w+:feed)[\s>]", body[:65536]):
        raise ParseError("html", "an HTML page, not a feed")
    root = next((m[1].lower() for m in _ROOT.finditer(text.decode("latin-1"))), "")
    if root in {"html", "head", "body", "script", "div", "p", "error", "svg"} and not re.search(
        rb"(?i)<(?:rss|feed|rdf:RDF)[\s>]", body[:65536]
    ):
        raise ParseError("html" if root != "error" else "not-feed", f"<{root}>, not a feed")
    return Shape.XML


def decoded(body: bytes, content_type: str | None) -> tuple[str, str, bool]:
    """Give a body as text, the encoding it was read in, and whether that took guessing.

    A byte order mark wins, then UTF-8 if the bytes are that (whatever was declared), then the XML declaration, then the
    HTTP charset, then windows-1252, which reads anything.
    """
    for mark, encoding in _BOMS:
        if body.startswith(mark):
            return body[len(mark) :].decode(encoding, "replace"), encoding, False
    if body[:4] in {b"<\x00?\x00", b"<\x00r\x00", b"<\x00f\x00"}:
        return body.decode("utf-16-le", "replace"), "utf-16-le", True
    if body[:4] in {b"\x00<\x00?", b"\x00<\x00r", b"\x00<\x00f"}:
        return body.decode("utf-16-be", "replace"), "utf-16-be", True
    declared = _DECLARED.match(body[:400])
    names = [declared[1].decode()] if declared else []
    names += [found[1] for found in [_CHARSET.search(content_type or "")] if found]
    try:
        text = body.decode("utf-8")
        said = names[0].lower() if names else "utf-8"
        return text, "utf-8", said not in {"utf-8", "utf8", "us-ascii", "ascii"} and not text.isascii()
    except UnicodeDecodeError:
        pass
    for name in names:
        codec = _ALIASES.get(name.lower(), name)
        try:
            if codecs.lookup(codec).name in {"utf-8", "ascii"} or not codecs.lookup(codec)._is_text_encoding:
                continue
            return body.decode(codec), codec, False
        except (LookupError, UnicodeDecodeError, ValueError):
            continue
    broken = body.decode("utf-8", "replace")
    if names and names[0].lower() in {"utf-8", "utf8"} and broken.count("\ufffd") * 200 < len(broken):
        return broken, "utf-8", True
    return body.decode("cp1252", "replace"), "cp1252", True


def legal(text: str) -> str:
    """Drop characters that XML forbids, and what stands before the first tag."""
    text = _ILLEGAL.sub("", text) if _ILLEGAL.search(text) else text
    return text[max(0, text.find("<")) :]


def _described(start: bytes) -> str:
    if start.startswith(b"%PDF"):
        return "a PDF"
    if start[:4] in {b"\x89PNG", b"GIF8", b"\xff\xd8\xff\xe0", b"PK\x03\x04"}:
        return "a binary file"
    return "plain text" if start[:200].isascii() else "something else"
