"""Where a Location leads: bytes in any encoding, and never out of the guard."""

from __future__ import annotations

import pytest

from tests.faults.behaviours import answer, says
from tests.faults.documents import rss
from tests.faults.yard import Outlet, Talk, Yard
from tests.fetch.asking import fetch
from watcher.fetch.errors import FetchError
from watcher.fetch.request_urls import resolve_redirect
from watcher.model.poll import Document

BASE = "https://post.example/news/feed?page=1#top"


@pytest.mark.parametrize(
    ("location", "target"),
    [
        ("/лента".encode(), "https://post.example/%D0%BB%D0%B5%D0%BD%D1%82%D0%B0"),
        ("/voilà".encode(), "https://post.example/voil%C3%A0"),  # à ends in a byte that latin-1 calls a blank
        ("?q=čas&r=%C4%8D".encode(), "https://post.example/news/feed?q=%C4%8Das&r=%C4%8D"),
        ("caf\xe9.xml".encode("latin-1"), "https://post.example/news/caf%E9.xml"),
        ("/новини".encode("cp1251"), "https://post.example/%ED%EE%E2%E8%ED%E8"),
        (b"/a feed/of two words?x=y z", "https://post.example/a%20feed/of%20two%20words?x=y%20z"),
        ("//bücher.example/feed".encode(), "https://xn--bcher-kva.example/feed"),
        ("http://новости.example:8080/a".encode(), "http://xn--b1amnebsh.example:8080/a"),
        (b"../rss.xml", "https://post.example/rss.xml"),
        (b"atom", "https://post.example/news/atom"),
        (b"?page=2", "https://post.example/news/feed?page=2"),
        (b"/feed#latest", "https://post.example/feed"),
        (b"HTTPS://CDN.Example/Feed", "https://cdn.example/Feed"),
        (b"  /feed\t", "https://post.example/feed"),
        (b"/%E2%82%AC%zz", "https://post.example/%E2%82%AC%zz"),
        (b"http://me:secret@cdn.example/feed", "http://cdn.example/feed"),
        (b"http://[2001:db8::1]:8080/feed", "http://[2001:db8::1]:8080/feed"),
    ],
)
def test_location(location: bytes, target: str) -> None:
    assert resolve_redirect(BASE, location.decode("latin-1")) == target


@pytest.mark.parametrize(
    "location", [b"", b"  ", b"ftp://post.example/", b"mailto:desk@post.example", b"javascript:0", b"http://", b"//[1"]
)
def test_location_that_leads_nowhere(location: bytes) -> None:
    with pytest.raises(FetchError):
        resolve_redirect(BASE, location.decode("latin-1"))


def test_path_in_raw_utf_8_is_fetched(yard: Yard) -> None:
    async def moves(talk: Talk) -> None:
        await talk.request()
        if talk.path == "/feed":
            await talk.send(b"HTTP/1.1 301 Moved\r\nContent-Length: 0\r\nConnection: close\r\nLocation: ")
            await talk.send("/лента новостей".encode(), b"\r\n\r\n")
        else:
            is_asked = talk.path == "/%D0%BB%D0%B5%D0%BD%D1%82%D0%B0%20%D0%BD%D0%BE%D0%B2%D0%BE%D1%81%D1%82%D0%B5%D0%B9"
            await talk.send(answer(rss(2)) if is_asked else answer(b"", "404 Not Found"))

    assert isinstance(fetch(Outlet(yard, moves).url), Document)


def test_host_in_raw_utf_8_is_dialled_by_its_ascii_name(yard: Yard) -> None:
    dialled = []

    async def resolver(host: str, _port: int) -> list[str]:
        dialled.append(host)
        return ["127.0.0.1"]

    end = Outlet(yard, says(answer(rss(2))))
    moved = f"http://žurnal.example:{end.port}/feed".encode()
    start = Outlet(yard, says(b"HTTP/1.1 302 Found\r\nContent-Length: 0\r\nLocation: " + moved + b"\r\n\r\n"))

    assert isinstance(fetch(start.url, resolver=resolver), Document)
    assert dialled == ["post.example", "žurnal.example".encode("idna").decode()]
