"""Documents that cost their reader dearly: each kind in any size, always the same bytes for the same size."""

from __future__ import annotations

import json
from collections.abc import Callable
from html import escape

BEFORE, AFTER = 3, 2
"""Sound items before and after the hostile part."""


def rss(hostile: str, attributes: str = "", after: int = AFTER) -> bytes:
    """Write a feed of sound items with something hostile in the midst of them."""
    before = "".join(_sound(number) for number in range(BEFORE))
    rest = "".join(_sound(BEFORE + number) for number in range(after))
    return (
        f'<rss version="2.0"{attributes}><channel><title>Post</title>{before}{hostile}{rest}</channel></rss>'.encode()
    )


def _sound(number: int) -> str:
    inside = f"<guid>sound-{number}</guid><title>Sound {number}</title><description>Words {number}</description>"
    return f"<item>{inside}</item>"


def described(html: str) -> bytes:
    """Write a feed with a hostile description."""
    return rss(f"<item><guid>hostile</guid><title>Hostile</title><description>{escape(html)}</description></item>")


def spread(html: Callable[[int], str], size: int, share: int = 200_000) -> bytes:
    """Write a feed with as many hostile descriptions as fit."""
    item = escape(html(share // 2))
    count = max(1, size // (len(item) + 100))
    return rss(
        "".join(
            f"<item><guid>{n}</guid><title>Hostile {n}</title><description>{item}</description></item>"
            for n in range(count)
        )
    )


def fill(part: str, size: int) -> str:
    """Repeat a part up to a size."""
    return part * max(1, size // len(part))


def numbered(part: str, size: int) -> str:
    """Repeat a part with a number in it, up to a size."""
    return "".join(part.format(n) for n in range(max(1, size // (len(part) + 4))))


def fonts(size: int) -> str:
    return "<p>" + numbered("<font a{}>", size // 2) + fill("<p>", size // 2)


def atom(hostile: str, attributes: str = "") -> bytes:
    entries = "".join(
        f"<entry><id>sound-{n}</id><title>Sound {n}</title><summary>Words {n}</summary></entry>" for n in range(BEFORE)
    )
    return (
        f'<feed xmlns="http://www.w3.org/2005/Atom"{attributes}><title>Post</title>{entries}{hostile}</feed>'.encode()
    )


def json_feed(*items: object) -> bytes:
    sound = [{"id": f"sound-{n}", "title": f"Sound {n}", "content_text": "Words"} for n in range(BEFORE)]
    return json.dumps(
        {"version": "https://jsonfeed.org/version/1.1", "title": "Post", "items": [*sound, *items]}
    ).encode()


def item(inside: str) -> str:
    return f"<item><guid>hostile</guid><title>Hostile</title>{inside}</item>"


HTML: dict[str, Callable[[int], str]] = {
    "fonts reopened in paragraphs": fonts,
    "links reopened in list items": lambda n: "<ul><li>" + numbered("<a href=x{}>", n // 2) + fill("<li>x", n // 2),
    "formatting detached by spans": lambda n: (
        fill("<span>", n // 3) + numbered("<i a{}>", n // 3) + fill("</span>x", n // 3)
    ),
    "paragraphs in deep spans": lambda n: fill("<span>", n // 2) + fill("<p></p>", n // 2),
    "blocks in blocks": lambda n: fill("<div>", n),
    "end tags without a start": lambda n: fill("<span>", 2_000) + fill("</x>", n),
    "end tags in foreign content": lambda n: "<svg>" + fill("<g>", n // 2) + fill("</x>", n // 2),
    "attributes": lambda n: "<p " + numbered("a{} ", n) + ">x",
    "attributes with brackets": lambda n: "<p " + numbered('a{}="<" ', n) + ">x",
    "attributes of formatting": lambda n: "<p><font " + numbered("a{} ", 400) + ">" + fill("<p>x", n),
    "a long attribute of formatting": lambda n: "<p><font a='" + fill("x", n // 2) + "'>" + fill("<p>x", n // 2),
    "attributes of further roots": lambda n: numbered("<body a{}>", n),
    "list items": lambda n: fill("<li>x", n),
    "options": lambda n: "<select>" + fill("<option>", n),
    "options that are closed": lambda n: "<select>" + fill("<option></option>", n),
    "tables in tables": lambda n: fill("<table><tr><td>", n),
    "misnested formatting": lambda n: fill("<b><div>", n // 2) + fill("</b>", n // 2),
    "comments without an end": lambda n: fill("<!-- ", n),
    "sections without an end": lambda n: fill("<![CDATA[", n),
    "scripts without an end": lambda n: fill("<script>", n),
    "quotes without an end": lambda n: fill('<a href="', n),
    "equals signs": lambda n: "<a " + fill("=", n),
    "brackets": lambda n: fill("<", n),
    "entities": lambda n: "<p>" + fill("&amp;", n),
    "entities without an end": lambda n: "<p>" + fill("&notit", n),
    "a number without an end": lambda n: "<p>&#" + fill("9", n),
    "blanks": lambda n: "<p>x" + fill(" \n", n) + "y",
    "an endless word": lambda n: fill("abc", n),
}

_ITEM = item("<description>x</description>")
_LINK = "<link rel='r{}' href='x'/>"
_BASED = "<entry xml:base='a/'><id>h</id><link href='b'/></entry>"
_XHTML = "<content type='xhtml'><div xmlns='http://www.w3.org/1999/xhtml'>"

XML: dict[str, Callable[[int], bytes]] = {
    "namespaces on the root, markup in an item": lambda n: rss(
        item("<description>" + fill("<b>x</b>", n // 2) + "</description>"), numbered(' xmlns:n{0}="u:{0}"', n // 2)
    ),
    "namespaces on each item": lambda n: rss(
        fill("<item" + numbered(' xmlns:n{}="u"', 2_000) + "><title>x</title></item>", n)
    ),
    "undeclared prefixes": lambda n: rss(item(numbered("<n{0}:a>x</n{0}:a>", n))),
    "attributes on an item": lambda n: rss("<item " + numbered('a{}="" ', n) + "><title>x</title></item>"),
    "elements in elements": lambda n: rss(item(fill("<a>", n // 2) + fill("</a>", n // 2))),
    "elements never closed": lambda n: rss(item(fill("<a>", n))),
    "items never closed": lambda n: rss(fill("<item><title>x", n)),
    "items in items": lambda n: rss(fill("<item>", n // 2) + fill("</item>", n // 2)),
    "entities of entities": lambda n: (
        b"<!DOCTYPE rss [<!ENTITY a0 'aaaaaaaaaa'>"
        + "".join(f"<!ENTITY a{k} '{f'&a{k - 1};' * 10}'>" for k in range(1, 10)).encode()
        + b"]>"
        + rss(item("<description>&a9;</description>" + fill("&a9;", n)))
    ),
    "entity declarations": lambda n: b"<!DOCTYPE rss [" + numbered("<!ENTITY a{} 'x'>", n).encode() + b"]>" + rss(""),
    "a comment": lambda n: rss(f"<!--{fill('x ', n)}-->"),
    "comments without an end in XML": lambda n: rss(fill("<!-- ", n)),
    "sections without an end in XML": lambda n: rss(item("<description>" + fill("<![CDATA[ &x ", n))),
    "processing instructions": lambda n: rss(fill("<?x ?>", n)),
    "declarations": lambda n: fill("<?xml version='1.0'", n).encode() + rss(""),
    "document types without an end": lambda n: fill("<!DOCTYPE rss [", n).encode() + rss(""),
    "junk before the root": lambda n: fill("\n<!-- <!DOCTYPE ", n).encode() + rss(""),
    "ampersands": lambda n: rss(item("<description>" + fill("& ", n) + "</description>")),
    "references without an end": lambda n: rss(item("<description>" + fill("&abcdefgh", n) + "</description>")),
    "stray brackets": lambda n: rss(item("<description>" + fill("< ", n) + "</description>")),
    "roots": lambda n: fill("<rss ", n).encode() + rss(""),
    "colons": lambda n: rss(item("<description>" + fill(" a:b", n) + "</description>") + "<x:y/>"),
    "one long text": lambda n: rss(item(f"<description>{fill('word ', n)}</description>")),
    "one long text of four bytes each": lambda n: rss(item(f"<description>{fill('😀 ', n // 2)}</description>")),
    "a long guid": lambda n: rss(f"<item><guid>{fill('g', n)}</guid><title>x</title></item>"),
    "a long title": lambda n: rss(f"<item><title>{fill('&amp;lt;b&amp;gt; ', n)}</title></item>"),
    "a long link": lambda n: rss(item(f"<link>http://post.example/{fill('a/../', n)}</link>")),
    "a long date": lambda n: rss(item(f"<pubDate>{fill('1 ', n)}</pubDate>")),
    "a long date of digits": lambda n: rss(item(f"<pubDate>{fill('1', n)}</pubDate>")),
    "a long author": lambda n: rss(item(f"<author>{fill('a@b.c (', n)}</author>")),
    "a long language": lambda n: rss(item(f"<description>x</description><language>{fill('en-', n)}</language>")),
    "tiny items": lambda n: rss(fill("<item><title>x</title></item>", n)),
    "empty items": lambda n: rss(fill("<item/>", n)),
    "categories": lambda n: rss(item(numbered("<category>c{}</category>", n))),
    "links": lambda n: rss(item(numbered("<link>http://post.example/{}</link>", n))),
    "enclosures": lambda n: rss(item(numbered('<enclosure url="http://post.example/{}" type="a/b"/>', n))),
    "guids": lambda n: rss(item(numbered("<guid>{}</guid>", n))),
    "descriptions": lambda n: rss(item(numbered("<description>&lt;p&gt;{}</description>", n))),
    "markup in an item": lambda n: rss(item("<description>" + fill("<p>x</p>", n) + "</description>")),
    "mojibake": lambda n: rss(item(f"<description>{fill('cafÃ© ', n)}</description>")),
    "bytes of no encoding": lambda n: rss(_ITEM).replace(b"Words", b"\xff\xfe\x80 " * (n // 12)),
    "null bytes": lambda n: rss(_ITEM).replace(b"Words", b"\x00" * (n // 3)),
    "not closed at the end": lambda n: rss(fill(_ITEM, n)).removesuffix(b"</channel></rss>") + b"<item>",
    "broken in each item": lambda n: rss(fill(item("<description>x<br>y</description>"), n)),
    "broken with long markup": lambda n: rss(item("<description>" + fill("<b>x<br>", n) + "</description>")),
    "quotes in broken tags": lambda n: rss(item(fill('<a href="', n))),
    "atom markup": lambda n: atom(
        "<entry><id>h</id><title>h</title>" + _XHTML + fill("<p>x</p>", n) + "</div></content></entry>"
    ),
    "atom links": lambda n: atom("<entry><id>h</id><title>h</title>" + numbered(_LINK, n) + "</entry>"),
    "atom bases": lambda n: atom(fill(_BASED, n), " xml:base='http://post.example/'"),
    "atom base of bases": lambda n: atom("<entry>" + fill("<x xml:base='a/'>", 4_000) + fill("<link href='b'/>", n)),
}  # fmt: skip

_LONG_NAMESPACE = ' xmlns="u:{0}" xmlns:p="u:{0}"'

ODD_XML: dict[str, Callable[[int], bytes]] = {
    "comments without an end before the root": lambda n: fill("<!-- ", min(n, 60_000)).encode() + rss(""),
    "document types without an end before the root": lambda n: fill("<!DOCTYPE [", min(n, 60_000)).encode() + rss(""),
    "a default namespace on each item": lambda n: rss(numbered('<item xmlns="u:{}"><title>x</title></item>', n)),
    "a long namespace": lambda n: rss(item(numbered("<a{}/>", n // 2)), _LONG_NAMESPACE.format("x" * (n // 4))),
    "attributes on a link": lambda n: atom(
        "<entry><id>h</id><title>h</title><link " + numbered('a{}="" ', n) + "/></entry>"
    ),
    "half a document": lambda n: rss(
        fill("<item><title>x</title></item>", n) + "<item><title>half"
    ).removesuffix(b"</rss>"),
    "a section that swallows items": lambda n: rss(
        "<item><description><![CDATA[x</description></item>" + fill("<item><title>x</title></item>", n)
        + "<item><description><![CDATA[y]]></description></item>"
    ),
}  # fmt: skip

BROKEN: dict[str, Callable[[int], str]] = {
    "links in links": lambda n: fill("<link>", n) + "</link><br>",
    "guids in guids": lambda n: fill("<guid>" + "x" * 4_000, n) + "</guid><br>",
    "a long text before markup": lambda n: "<description><b>" + fill("x", n) + "<b>&lt;p</description>",
    "a number of many digits": lambda n: "<description>a<br>&#" + fill("9", n) + ";</description>",
    "a number of many digits in a link": lambda n: "<link>a&amp;#" + fill("9", n) + ";<br></link>",
    "fields": lambda n: fill("<title>x<br></title>", n),
    "a long name": lambda n: "<" + "a" * 60 + ":" + "b" * 60 + fill("c", n),
    "a long attribute without a value": lambda n: "<a " + fill("abcdefgh", n) + ">x<br></a>",
    "attributes": lambda n: "<a " + numbered("ab{}='x' ", n) + ">x<br></a>",
    "prefixes that are declared": lambda n: numbered("<p{0}:a xmlns:p{0}='u'/>", n) + "<br>",
    "prefixes that are not declared": lambda n: numbered("<p{0}:a/>", n) + "<br>",
    "fields in groups": lambda n: "<media:group>" * 3 + fill("<media:title>x<br></media:title>", n),
    "fields without an end": lambda n: numbered("<x{}>", n) + "<title>x</title>",
    "ends without a field": lambda n: fill("<title>x<br>", n // 2) + fill("</title>", n // 2),
    "sections without an end": lambda n: fill("<title><![CDATA[x</title>", n),
    "comments without an end": lambda n: fill("<!-- <title>x<br></title>", n),
}

JSON: dict[str, Callable[[int], bytes]] = {
    "JSON lists in lists": lambda n: json_feed()[:-2] + b"," + b"[" * n,
    "JSON lists in lists, closed": lambda n: json_feed()[:-2] + b"," + b"[" * (n // 2) + b"]" * (n // 2) + b"]}",
    "a JSON number with a fraction": lambda n: json_feed()[:-2] + b',{"id":1.' + b"9" * n + b',"title":"x"}]}',
    "a JSON number": lambda n: json_feed()[:-2] + b',{"id":' + b"9" * n + b',"title":"x"}]}',
    "JSON tiny items": lambda n: json_feed(*[{"id": "x"}] * (n // 12)),
    "JSON empty items": lambda n: json_feed(*[{}] * (n // 4)),
    "JSON tags": lambda n: json_feed({"id": "x", "title": "h", "tags": ["t"] * (n // 5)}),
    "JSON text": lambda n: json_feed({"id": "x", "title": "h", "content_text": "a < b & " * (n // 8)}),
    "JSON escapes": lambda n: json_feed({"id": "x", "title": "h", "content_text": "\ud83d\ude00" * (n // 12)}),
    "JSON markup": lambda n: json_feed({"id": "x", "title": "h", "content_html": fonts(n)}),
    "JSON keys": lambda n: json_feed({f"k{k}": 1 for k in range(n // 14)}),
}

KINDS: dict[str, Callable[[int], bytes]] = {
    **{f"HTML: {name}": (lambda n, make=make: described(make(n))) for name, make in HTML.items()},
    **{f"HTML everywhere: {name}": (lambda n, make=make: spread(make, n)) for name, make in HTML.items()},
    **XML,
    **ODD_XML,
    **{f"broken: {name}": (lambda n, make=make: rss(item(make(n)))) for name, make in BROKEN.items()},
    **JSON,
}


def costly(size: int) -> bytes:
    """Return a feed whose every item is read in linear time, and that costs some 0.35 s of CPU for each megabyte."""
    return spread(HTML["blocks in blocks"], size, 20_000)


def document(kind: str, size: int) -> bytes:
    """Return a hostile document of at most about `size` bytes."""
    body = KINDS[kind](size)
    return body if len(body) <= size else KINDS[kind](int(size * 0.95 * size / len(body)))
