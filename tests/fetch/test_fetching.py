"""Pages and feeds over real sockets: credentials, robots.txt, discovery, and a client of one's own behind the guard."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import TypeVar

import httpx
import pytest

from tests.feed_builder import build_feed
from tests.web_server import Reply, Server, rss
from watcher.errors import ParseError
from watcher.fetch import Candidate, Fetcher, FetchPolicy, discover
from watcher.fetch.discover import list_header_feeds
from watcher.model.poll import Document, Failed
from watcher.parse.web_pages import list_feed_links

T = TypeVar("T")
OPEN = ("127.0.0.0/8",)


async def everywhere(_host: str, _port: int) -> list[str]:
    return ["127.0.0.1"]


def fetching(work: Callable[[Fetcher], Awaitable[T]], allow: tuple[str, ...] = OPEN) -> T:
    async def run() -> T:
        async with Fetcher(FetchPolicy(allow=allow, spacing=timedelta(0)), everywhere) as fetcher:
            return await work(fetcher)

    return asyncio.run(run())


def test_credentials_of_an_address_are_sent_to_its_own_host_alone(press: Server) -> None:
    port = press.url.rpartition(":")[2]
    press.pages["/feed"] = Reply(status=302, headers={"Location": f"http://other.example:{port}/there"})
    press.pages["/there"] = Reply(rss(("1", "One")))

    got = fetching(lambda fetcher: fetcher.feed(build_feed(f"http://me:p%40ss@post.example:{port}/feed")))

    assert isinstance(got, Document)
    first, second = (headers for _path, headers in press.asked)
    assert first["authorization"] == "Basic " + base64.b64encode(b"me:p@ss").decode()
    assert "authorization" not in second
    assert "@" not in first["host"]


def test_credentials_follow_a_redirect_within_their_host(press: Server) -> None:
    port = press.url.rpartition(":")[2]
    press.pages["/feed"] = Reply(status=301, headers={"Location": "/feed/"})
    press.pages["/feed/"] = Reply(rss(("1", "One")))

    fetching(lambda fetcher: fetcher.feed(build_feed(f"http://me:secret@post.example:{port}/feed")))

    assert ["authorization" in headers for _path, headers in press.asked] == [True, True]


def test_credentials_never_stand_in_a_message(press: Server) -> None:
    got = fetching(lambda fetcher: fetcher.feed(build_feed("http://me:secret@127.0.0.1:1/feed")))

    assert isinstance(got, Failed)
    assert "secret" not in got.message


def test_client_of_ones_own_is_guarded_as_well(press: Server) -> None:
    async def post(fetcher: Fetcher) -> httpx.Response:
        return await fetcher.client().post(f"{press.url}/hook", json={"a": 1})

    with pytest.raises(httpx.ConnectError, match="loopback"):
        fetching(post, allow=())


def test_page_that_robots_txt_forbids_is_not_fetched(press: Server) -> None:
    press.pages["/robots.txt"] = Reply(b"User-agent: *\nDisallow: /private")
    press.pages["/private/story"] = Reply(b"<html>secret</html>")

    got = fetching(lambda fetcher: fetcher.page(f"{press.url}/private/story"))

    assert isinstance(got, Failed)
    assert [path for path, _headers in press.asked] == ["/robots.txt"]


def test_feed_needs_no_leave_of_robots_txt(press: Server) -> None:
    press.pages["/robots.txt"] = Reply(b"User-agent: *\nDisallow: /")
    press.pages["/feed"] = Reply(rss(("1", "One")))

    assert isinstance(fetching(lambda fetcher: fetcher.feed(build_feed(f"{press.url}/feed"))), Document)


@pytest.mark.parametrize(
    ("page", "headers"),
    [
        pytest.param(b"<link rel='alternate' type='application/rss+xml' href='/f'>", {}, id="a link element"),
        pytest.param(b"<LINK REL='Alternate' TYPE='APPLICATION/ATOM+XML' HREF='f'>", {}, id="one that shouts"),
        pytest.param(b"<base href='/x/'><link rel=alternate type=application/rss+xml href='../f'>", {}, id="a base"),
        pytest.param(b"<p>", {"Link": '</f>; rel="alternate"; type="application/rss+xml"'}, id="a header"),
        pytest.param(b"<a href='/f/rss.xml'>RSS</a>", {}, id="a link"),
    ],
)
def test_feed_is_found_by(press: Server, page: bytes, headers: dict[str, str]) -> None:
    press.pages["/"] = Reply(b"<!doctype html><html><body>" + page, headers=headers)
    press.pages["/f"] = press.pages["/f/rss.xml"] = Reply(rss(("1", "One"), title="Harbour"))

    [candidate] = fetching(lambda fetcher: discover(fetcher, f"{press.url}/"))

    assert (candidate.title, candidate.items) == ("Harbour", 1)


def test_feed_is_found_at_a_usual_place(press: Server) -> None:
    press.pages["/about"] = Reply(b"<!doctype html><html><body>Hello")
    press.pages["/feed.xml"] = Reply(rss(("1", "One"), title="Harbour"))

    [candidate] = fetching(lambda fetcher: discover(fetcher, f"{press.url}/about"))

    assert candidate == Candidate(url=f"{press.url}/feed.xml", title="Harbour", kind="xml", items=1)


def test_feeds_own_address_gives_itself(press: Server) -> None:
    press.pages["/f"] = Reply(rss(("1", "One"), title="Harbour"))

    assert [candidate.url for candidate in fetching(lambda fetcher: discover(fetcher, f"{press.url}/f"))] == [
        f"{press.url}/f"
    ]


def test_page_offers_what_can_be_read_and_leads_nowhere_inside(press: Server) -> None:
    press.pages["/"] = Reply(
        b"<!doctype html><link rel=alternate type=application/rss+xml href='http://10.0.0.1/f'>"
        b"<link rel=alternate type=application/rss+xml href='/dead'>"
        b"<link rel=alternate type=application/rss+xml href='file:///etc/passwd'>"
        b"<link rel=alternate type=application/rss+xml href='/comments'>"
        b"<link rel=alternate type=application/rss+xml href='/f'>"
    )
    press.pages["/f"] = Reply(rss(("1", "One"), title="Harbour"))
    press.pages["/comments"] = Reply(rss(("1", "One"), title="Comments"))

    candidates = fetching(lambda fetcher: discover(fetcher, f"{press.url}/"))

    assert [candidate.title for candidate in candidates] == ["Harbour", "Comments"]


def test_page_that_cannot_be_fetched_has_a_reason(press: Server) -> None:
    with pytest.raises(ParseError, match="404"):
        fetching(lambda fetcher: discover(fetcher, f"{press.url}/absent"))


def test_links_of_odd_pages_are_read_without_a_fault() -> None:
    assert list_feed_links("<link rel=alternate type=application/rss+xml><a href>", "https://post.example/") == []
    assert list_header_feeds("<<>>;;; rel", "https://post.example/") == []
