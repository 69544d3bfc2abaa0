"""The fault matrix: what a server does, and what must come of it.

Every feed has been read before, two items of it; then its server does this; then all is well again, with four items.
`comes` is the poll's outcome; `stored` counts the items kept after it; `etag` is the validator that is sent next time.
"""

from __future__ import annotations

from dataclasses import dataclass

from tests.faults import behaviours as b
from tests.faults import documents as d
from tests.faults.machine import no_such_name
from tests.faults.yard import Behaviour

KEPT = '"good-2"'
NEW = '"fault"'


@dataclass(frozen=True, kw_only=True)
class Case:
    """`tls` names the certificate that is shown, `none` stands for no TLS; `name` is what the name service says."""

    does: str
    fault: Behaviour
    comes: str
    stored: int = 2
    etag: str | None = KEPT
    says: str = ""
    tls: str | None = None
    name: list[str] | OSError | str | None = None


def fails(does: str, fault: Behaviour, comes: str, says: str = "", **more: object) -> Case:
    return Case(does=does, fault=fault, comes=comes, says=says, **more)  # type: ignore[arg-type]


def reads(does: str, fault: Behaviour, etag: str | None = NEW, says: str = "", stored: int = 3) -> Case:
    return Case(does=does, fault=fault, comes="read", stored=stored, etag=etag, says=says)


def document(does: str, content: bytes, says: str = "", **headers: str) -> Case:
    """Read a document that is odd in itself."""
    return reads(does, b.body(content, **headers), says=says)


def nothing_new(does: str, fault: Behaviour, etag: str | None = KEPT) -> Case:
    return Case(does=does, fault=fault, comes="unchanged", etag=etag)


WELL = b.well(3)
NAMES = [
    fails("1 name is not known", WELL, "dns", name=no_such_name()),
    fails("2 name server is silent", WELL, "dns", name="silent"),
    fails("4 connection refused", WELL, "connect", name=["127.0.0.2"]),
    fails("5 knocks are swallowed", WELL, "timeout", name=["127.0.0.3"]),
    Case(does="11 first address dead, second alive", fault=b.body(d.THREE), comes="read", stored=3, etag=NEW,
         name=["::1", "127.0.0.2", "127.0.0.1"]),
    fails("86 name turns to an inner address", WELL, "refused", name=["10.0.0.1"]),
    fails("86 name is half inside", WELL, "refused", name=["127.0.0.1", "192.168.0.1"]),
    fails("86 name turns to the metadata service", WELL, "refused", name=["169.254.169.254"]),
    fails("86 name turns to a mapped address", WELL, "refused", name=["::ffff:10.0.0.1"]),
    fails("86 name turns to a shared address", WELL, "refused", name=["100.64.0.1"]),
]  # fmt: skip
TLS = [
    fails("8 certificate has expired", WELL, "tls", "expired", tls="expired"),
    fails("8 certificate of its own making", WELL, "tls", "certificate refused", tls="own"),
    fails("8 certificate of another host", WELL, "tls", "certificate refused", tls="other"),
    fails("9 handshake never ends", b.hears_nothing, "timeout", tls="none"),
    fails("10 plain HTTP where TLS is spoken", b.unasked(b"HTTP/1.1 400 Bad Request\r\n\r\nNo TLS"), "tls", tls="none"),
]
TRANSPORT = [
    fails("6 reset within the body", b.resets, "truncated"),
    fails("7 hangs up without a word", b.hangs_up, "protocol"),
    fails("7 says nothing", b.is_silent, "timeout"),
    fails("12 drips its headers", b.drips_headers, "timeout"),
    fails("13 drips its body", b.drips_body, "timeout", "too few"),
    fails("14 never ends", b.never_ends, "too-large"),
    fails("15 headers without end", b.never_ends_its_headers, "protocol"),
    fails("15 header of 300 kB", b.says(b"HTTP/1.1 200 OK\r\nX-Big: " + b"a" * 300_000 + b"\r\n\r\n"), "protocol"),
    fails("16 speaks SSH", b.unasked(b"SSH-2.0-OpenSSH_9.6\r\n"), "protocol"),
    fails("16 speaks garbage", b.unasked(bytes(range(256)) * 4), "protocol"),
    reads("17 lines end in bare LF", b.says(b'HTTP/1.1 200 OK\nETag: "fault"\n\n' + d.THREE)),
    reads("17 HTTP/1.0", b.says(b'HTTP/1.0 200 OK\r\nETag: "fault"\r\n\r\n' + d.THREE)),
    reads("17 no reason phrase", b.says(b'HTTP/1.1 200\r\nETag: "fault"\r\n\r\n' + d.THREE)),
    reads("17 folded header", b.says(b'HTTP/1.1 200 OK\r\nX-A: b\r\n c\r\nETag: "fault"\r\n\r\n' + d.THREE)),
    reads("17 header in latin-1", b.says(b'HTTP/1.1 200 OK\r\nX-A: caf\xe9\r\nETag: "fault"\r\n\r\n' + d.THREE)),
    fails("18 header without colon", b.says(b"HTTP/1.1 200 OK\r\nno colon\r\n\r\n" + d.THREE), "protocol"),
    fails("19 two lengths", b.says(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 9\r\n\r\n"), "protocol"),
    reads("20 100 first", b.says(b"HTTP/1.1 100 Continue\r\n\r\n", b.answer(d.THREE, ETag=NEW))),
    reads("20 103 first", b.says(b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n", b.answer(d.THREE, ETag=NEW))),
    nothing_new("21 304 with a body", b.says(b"HTTP/1.1 304 Not Modified\r\nContent-Length: 4\r\n\r\nbody")),
]
BODY = [
    fails("22 length is too long", b.body(d.THREE, Content_Length="9999"), "truncated"),
    fails("23 chunks without end",
          b.says(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + b.chunked(d.THREE, end=b"")), "truncated"),
    fails("24 chunk of no size",
          b.says(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n" + d.THREE), "protocol"),
    reads("25 cut in an item", b.says(b'HTTP/1.1 200 OK\r\nETag: "fault"\r\n\r\n' + d.CUT), etag=None,
          says="only whole items"),
    document("26 said to be gzip, and plain", d.THREE, Content_Encoding="gzip"),
    document("26 said to be deflate, and plain", d.THREE, Content_Encoding="deflate"),
    document("27 gzip, and not said to be", d.PACKED),
    reads("27 gzip, byte by byte, and not said to be",
          b.says(b'HTTP/1.1 200 OK\r\nETag: "fault"\r\n\r\n' + d.PACKED[:1], d.PACKED[1:2], d.PACKED[2:])),
    fails("28 gzip, cut", b.body(d.PACKED[:-60], Content_Encoding="gzip"), "truncated"),
    fails("29 gzip with a wrong checksum",
          b.body(d.PACKED[:-8] + b"\0\0\0\0" + d.PACKED[-4:], Content_Encoding="gzip"), "encoding"),
    document("30 gzip of two members", d.MEMBERS, Content_Encoding="gzip"),
    document("31 gzip, and something after it", d.PACKED + b"trailing", Content_Encoding="gzip"),
    document("32 deflate without its wrapper", d.raw_deflate(d.THREE), Content_Encoding="deflate"),
    fails("33 packed twice", b.body(d.PACKED, Content_Encoding="gzip, gzip"), "encoding"),
    fails("33 packed as nobody asked", b.body(d.PACKED, Content_Encoding="compress"), "encoding"),
    fails("34 gzip bomb", b.body(d.gzip_bomb(48), Content_Encoding="gzip"), "encoding"),
    fails("34 brotli bomb", b.body(d.brotli_bomb(48), Content_Encoding="br"), "encoding"),
    fails("34 zstd bomb", b.body(d.zstd_bomb(48), Content_Encoding="zstd"), "encoding"),
    fails("34 more than is taken", b.body(d.large(20), Content_Encoding="gzip"), "too-large"),
    fails("35 nothing", b.body(b""), "empty"),
    fails("35 blanks", b.body(b" \r\n \r\n"), "empty"),
    document("36 coding that is none", d.THREE, Content_Encoding="utf-8"),
]  # fmt: skip
HTTP = [
    nothing_new("38 new ETag on the same body", b.body(d.rss(2)), etag=NEW),
    fails("43 bot check, 403", b.says(b.answer(d.CHALLENGE, "403 Forbidden", Content_Type="text/html")), "challenge"),
    fails("43 bot check, 200", b.says(b.answer(d.CHALLENGE, Content_Type="text/html")), "challenge"),
    fails("43 bot check by its header", b.says(b.answer(b"no", "403 No", cf_mitigated="challenge")), "challenge"),
    document("43 feed that a bot check let through", d.THREE, X_DataDome="protected"),
    document("43 feed that tells of bot checks",
             d.text(3, more="<description><![CDATA[<html>Just a moment...</html>]]></description>").encode(),
             Content_Type="text/html"),
    fails("43 forbidden", b.says(b.answer(b"no", "403 Forbidden")), "forbidden"),
    fails("44 gone, once", b.says(b.answer(b"", "410 Gone")), "gone"),
    reads("45 moved to another site", b.redirects("301 Moved", "//new.elsewhere.example:{port}/f",
                                                  b.answer(d.THREE, ETag=NEW)), says="followed for good once"),
    fails("45 moved to a parked domain", b.redirects("301 Moved", "/parked", b.answer(d.PARKED)), "html"),
    fails("46 redirects in a circle", b.loops, "redirect"),
    fails("46 redirects for ever", b.goes_on_and_on, "redirect", "more than 5"),
    fails("46 redirect to nowhere", b.says(b.answer(status="302 Found")), "redirect"),
    fails("46 redirect to no address", b.says(b.answer(status="302 Found", Location="http://[half")), "redirect"),
    fails("46 redirect to a file", b.says(b.answer(status="302 Found", Location="file:///etc/passwd")), "refused"),
    fails("46 redirect inside", b.says(b.answer(status="302 Found", Location="http://10.0.0.1/")), "refused"),
    fails("46 redirect inside, in disguise", b.says(b.answer(status="302 Found", Location="http://0xa9fea9fe/")),
          "refused"),
    reads("47 308", b.redirects("308 Permanent", "/other", b.answer(d.THREE, ETag=NEW)), says="moved permanently"),
    reads("47 307", b.redirects("307 Temporary", "/other", b.answer(d.THREE, ETag=NEW))),
    reads("47 303", b.redirects("303 See Other", "/other", b.answer(d.THREE, ETag=NEW))),
    fails("50 wants a cookie", b.wants_a_cookie, "redirect"),
    document("51 wrong charset in the header", d.THREE.replace(b"Harbour", "Häfen".encode()),
             Content_Type="text/xml; charset=iso-8859-1"),
    nothing_new("52 204", b.says(b"HTTP/1.1 204 No Content\r\n\r\n")),
    fails("52 206", b.says(b.answer(d.THREE, "206 Partial Content", Content_Range="bytes 0-99/999")), "http"),
    fails("52 999", b.says(b.answer(b"no", "999 Request denied")), "http"),
    fails("52 404", b.says(b.answer(b"no", "404 Not Found")), "not-found"),
    fails("52 500", b.says(b.answer(b"no", "500 Internal Server Error")), "http"),
]  # fmt: skip
XML = [
    document("53 ampersands as they fall", d.THREE.replace(b"Five Eyes", b"Five & Eyes"), says="not well-formed"),
    reads("53 root not closed", b.body(d.THREE.replace(b"</rss>", b"")), etag=None, says="only whole items"),
    document("54 blank lines first", b"\r\n\r\n" + d.THREE),
    document("54 byte order mark first", b"\xef\xbb\xbf" + d.THREE),
    document("54 a warning first", b"<br />\n<b>Warning</b>: Cannot modify header\n" + d.THREE),
    document("55 UTF-16", d.text(3, head="<?xml version='1.0' encoding='utf-16'?>").encode("utf-16")),
    document("55 windows-1251",
             d.text(3, head="<?xml version='1.0' encoding='windows-1251'?>", title="Гавань").encode("cp1251")),
    document("55 EUC-JP, not declared", d.text(3, head="", title="港").encode("euc-jp")),
    document("56 control characters", d.THREE.replace(b"Five", b"Fi\x00v\x0be")),
    document("57 external entity",
             d.text(3, head='<!DOCTYPE rss [<!ENTITY x SYSTEM "file:///etc/passwd">]>', title="&x;").encode()),
    document("57 parameter entity",
             d.text(3, head='<!DOCTYPE rss [<!ENTITY % p SYSTEM "http://10.0.0.1/"> %p;]>').encode()),
    document("57 external document type", d.text(3, head='<!DOCTYPE rss SYSTEM "http://10.0.0.1/r.dtd">').encode()),
    document("58 billion laughs", d.text(3, head=d.laughs(), title="&l9;").encode()),
    document("58 quadratic blow-up",
             d.text(3, head=f"<!DOCTYPE rss [<!ENTITY a '{'a' * 50_000}'>]>", title="&a;" * 2000).encode()),
    fails("59 nested a hundred thousand deep", b.body(b"<rss><channel>" + b"<a>" * 100_000), "parse"),
    document("59 two million brackets", d.THREE.replace(b"Harbour", b"<![CDATA[" + b"<" * 2_000_000 + b"]]>")),
    fails("60 a page", b.body(d.PAGE), "html", "This domain is for sale"),
    fails("60 an error in JSON", b.body(b'{"error": "no"}'), "not-feed"),
    fails("60 a PDF", b.body(b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n"), "not-feed"),
    reads("61 no items", b.body(d.rss(0)), stored=2),
    fails("62 the name of a file", b.body(b"/etc/hostname"), "not-feed"),
    fails("62 an address", b.body(b"http://127.0.0.1:9/feed"), "not-feed"),
    document("63 JSON Feed", d.JSON_FEED),
]  # fmt: skip
CASES = [*NAMES, *TLS, *TRANSPORT, *BODY, *HTTP, *XML]
