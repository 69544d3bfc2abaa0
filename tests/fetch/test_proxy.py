"""Requests leave through proxies, real ones on loopback; the guard still decides about what may be asked for."""

from __future__ import annotations

import socket
from datetime import timedelta

import pytest

from tests.faults.behaviours import answer, says
from tests.faults.certificates import Certificates
from tests.faults.documents import rss
from tests.faults.yard import Outlet, Talk, Yard
from tests.fetch.asking import everywhere, feed, fetch, fetching
from tests.fetch.proxies import HttpProxy, SocksProxy
from watcher.fetch import Fetcher
from watcher.fetch.proxy import ProxyRules
from watcher.model.access import Access
from watcher.model.feed import Validators
from watcher.model.poll import Document, Failed, FetchResult, NotModified
from watcher.model.proxy import parse_proxy

NEWS = answer(rss(2), ETag='"two"')


async def nowhere(_host: str, _port: int) -> list[str]:
    raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")


async def silence(_host: str, _port: int) -> list[str]:
    raise socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")


async def inside(host: str, _port: int) -> list[str]:
    return ["10.1.2.3"] if host.startswith("intranet.") else ["127.0.0.1"]


def test_plain_feed_is_asked_for_by_its_whole_address(yard: Yard) -> None:
    proxy, outlet = HttpProxy(yard), Outlet(yard, says(NEWS))

    fetched = fetch(outlet.at("/feed?page=1"), proxy=proxy.url)

    assert isinstance(fetched, Document)
    assert proxy.asked == [f"GET http://post.example:{outlet.port}/feed?page=1"]


def test_feed_with_tls_is_asked_for_through_a_tunnel(yard: Yard, certificates: Certificates) -> None:
    proxy = HttpProxy(yard, "desk:p:w")

    async def secure(talk: Talk) -> None:
        await talk.secured(certificates.shown["good"])
        while True:
            await talk.request()
            await talk.send(NEWS)

    outlet = Outlet(yard, secure)
    url = f"https://post.harbour.example:{outlet.port}/feed"

    async def twice(fetcher: Fetcher) -> list[FetchResult]:
        return [await fetcher.feed(feed(url)), await fetcher.feed(feed(url))]

    fetched = fetching(twice, context=certificates.trusting, proxy=f"http://desk:p%3Aw@127.0.0.1:{proxy.port}")

    assert all(isinstance(result, Document) for result in fetched)
    assert proxy.asked == [f"CONNECT post.harbour.example:{outlet.port}"], "the second one is asked in the same tunnel"
    assert "proxy-authorization" not in outlet.asked[0]


@pytest.mark.parametrize(
    ("scheme", "asked"), [("socks5", "127.0.0.1"), ("socks5h", "post.example")], ids=["names here", "names there"]
)
@pytest.mark.parametrize("login", ["", "desk:secret"])
def test_socks_proxy_is_asked_for(yard: Yard, scheme: str, asked: str, login: str) -> None:
    proxy, outlet = SocksProxy(yard, login), Outlet(yard, says(NEWS))

    fetched = fetch(outlet.url, proxy=f"{scheme}://{login}{'@' * bool(login)}127.0.0.1:{proxy.port}")

    assert isinstance(fetched, Document)
    assert proxy.asked == [f"{asked}:{outlet.port}"]


def test_feed_of_its_own_way_rules(yard: Yard) -> None:
    common, own, outlet = HttpProxy(yard), SocksProxy(yard), Outlet(yard, says(NEWS))

    async def work(fetcher: Fetcher) -> None:
        for way in (None, "none", f"socks5h://127.0.0.1:{own.port}"):
            await fetcher.feed(feed(outlet.url, Access(proxy=way)))

    fetching(work, proxy=common.url)

    assert (len(common.asked), len(own.asked), len(outlet.asked)) == (1, 1, 3)


def test_redirects_leave_through_the_proxy_as_well_and_stay_guarded(yard: Yard) -> None:
    proxy, end = HttpProxy(yard), Outlet(yard, says(NEWS), "end.example")
    moved = Outlet(yard, says(answer(b"", "302 Found", Location=end.url)))
    trap = Outlet(yard, says(answer(b"", "302 Found", Location="http://169.254.169.254/latest")))

    fetched = fetch(moved.url, proxy=proxy.url)
    trapped = fetch(trap.url, proxy=proxy.url)

    assert isinstance(fetched, Document)
    assert isinstance(trapped, Failed)
    assert trapped.kind == "refused"
    assert [line.split("/")[2] for line in proxy.asked] == [
        f"post.example:{moved.port}",
        f"end.example:{end.port}",
        f"post.example:{trap.port}",
    ]


@pytest.mark.parametrize("scheme", ["http", "socks5", "socks5h"])
@pytest.mark.parametrize(
    "url",
    [
        "http://10.0.0.1/feed",
        "https://192.168.1.1/feed",
        "http://[fd00::1]/feed",
        "http://2130706433/feed",
        "http://0177.0.0.1/feed",
        "http://[::ffff:10.0.0.1]/feed",
        "https://intranet.example/feed",
    ],
)
def test_private_addresses_are_refused_through_a_proxy_too(yard: Yard, scheme: str, url: str) -> None:
    proxy = HttpProxy(yard) if scheme == "http" else SocksProxy(yard)

    fetched = fetch(url, resolver=inside, proxy=f"{scheme}://127.0.0.1:{proxy.port}", allow=())

    assert isinstance(fetched, Failed)
    assert fetched.kind == "refused"
    assert proxy.asked == []


@pytest.mark.parametrize(
    "host", ["localhost", "router", "db.localhost", "printer.local", "api.internal", "nas.home.arpa", "wiki.lan."]
)
@pytest.mark.parametrize("resolver", [nowhere, everywhere])
def test_names_of_a_local_network_are_not_asked_for_at_a_proxy(yard: Yard, host: str, resolver: object) -> None:
    proxy = HttpProxy(yard)

    fetched = fetch(f"http://{host}/feed", resolver=resolver, proxy=proxy.url, allow=())  # type: ignore[arg-type]

    assert isinstance(fetched, Failed)
    assert fetched.kind == "refused"
    assert proxy.asked == []


@pytest.mark.parametrize("allow", [("wiki.internal",), ("10.0.0.0/8",)])
def test_local_name_that_is_opened_is_asked_for(yard: Yard, allow: tuple[str, ...]) -> None:
    proxy, outlet = HttpProxy(yard), Outlet(yard, says(NEWS), "wiki.internal")

    async def private(_host: str, _port: int) -> list[str]:
        return ["10.9.9.9"]

    assert isinstance(fetch(outlet.url, resolver=private, proxy=proxy.url, allow=allow), Document)


@pytest.mark.parametrize("resolver", [nowhere, silence])
@pytest.mark.parametrize("scheme", ["http", "socks5h"])
def test_name_that_only_the_proxy_knows_is_asked_for_there(yard: Yard, scheme: str, resolver: object) -> None:
    proxy = HttpProxy(yard) if scheme == "http" else SocksProxy(yard)
    outlet = Outlet(yard, says(NEWS))

    fetched = fetch(outlet.url, resolver=resolver, proxy=f"{scheme}://127.0.0.1:{proxy.port}")  # type: ignore[arg-type]

    assert isinstance(fetched, Document)


def test_onion_address_is_never_looked_up_here(yard: Yard) -> None:
    proxy, outlet, looked_up = SocksProxy(yard), Outlet(yard, says(NEWS), "press2example.onion"), []

    async def resolver(host: str, _port: int) -> list[str]:
        looked_up.append(host)
        return ["127.0.0.1"]

    assert isinstance(fetch(outlet.url, resolver=resolver, proxy=f"socks5h://127.0.0.1:{proxy.port}"), Document)
    assert looked_up == []


def test_proxy_that_is_away_is_no_fault_of_the_feed(yard: Yard) -> None:
    for scheme in ("http", "socks5", "socks5h"):
        for url in ("http://post.example/feed", "https://post.example/feed"):
            fetched = fetch(url, proxy=f"{scheme}://desk:hidden@127.0.0.1:9")

            assert isinstance(fetched, Failed)
            assert fetched.kind == "proxy"
            assert "127.0.0.1:9 cannot be reached" in fetched.message
            assert "hidden" not in fetched.message


@pytest.mark.parametrize("secure", [True, False])
def test_proxy_that_wants_a_login_says_so(yard: Yard, secure: bool) -> None:
    proxy = HttpProxy(yard, "desk:right")

    fetched = fetch(f"http{'s' * secure}://post.example/feed", proxy=f"http://desk:wrong@127.0.0.1:{proxy.port}")

    assert isinstance(fetched, Failed)
    assert (fetched.kind, fetched.message) == ("proxy", f"proxy refused: 407 (127.0.0.1:{proxy.port})")


@pytest.mark.parametrize("login", ["", "desk:wrong@"])
def test_socks_proxy_that_wants_a_login_says_so(yard: Yard, login: str) -> None:
    proxy = SocksProxy(yard, "desk:right")

    fetched = fetch("http://post.example/feed", proxy=f"socks5h://{login}127.0.0.1:{proxy.port}")

    assert isinstance(fetched, Failed)
    assert fetched.kind == "proxy"
    assert fetched.message.startswith("proxy refused: ")
    assert "wrong" not in fetched.message


@pytest.mark.parametrize(("status", "kind"), [(403, "proxy"), (502, "connect"), (503, "connect"), (504, "connect")])
def test_refused_tunnel_is_blamed_on_whom_it_concerns(yard: Yard, status: int, kind: str) -> None:
    proxy = HttpProxy(yard, refuses=status)

    fetched = fetch("https://post.example/feed", proxy=proxy.url)

    assert isinstance(fetched, Failed)
    assert fetched.kind == kind


@pytest.mark.parametrize(
    ("reply", "kind"), [(1, "connect"), (2, "proxy"), (4, "connect"), (5, "connect"), (7, "proxy")]
)
def test_refused_socks_request_is_blamed_on_whom_it_concerns(yard: Yard, reply: int, kind: str) -> None:
    proxy = SocksProxy(yard, reply=reply)

    fetched = fetch("https://post.example/feed", proxy=f"socks5h://127.0.0.1:{proxy.port}")

    assert isinstance(fetched, Failed)
    assert fetched.kind == kind


def test_proxy_that_says_nothing_is_not_waited_for(yard: Yard) -> None:
    async def silent(talk: Talk) -> None:
        await talk.reader.read()

    port = yard.open(silent)

    fetched = fetch("https://post.example/feed", proxy=f"http://127.0.0.1:{port}", connect=timedelta(seconds=0.5))

    assert isinstance(fetched, Failed)
    assert fetched.kind == "timeout"


def test_client_of_ones_own_leaves_through_the_proxy(yard: Yard) -> None:
    proxy, hook = HttpProxy(yard), Outlet(yard, says(answer(b"ok")), "hook.example")

    async def post(fetcher: Fetcher) -> int:
        return (await fetcher.client().post(hook.url, json={"a": 1})).status_code

    assert fetching(post, proxy=proxy.url) == 200
    assert proxy.asked == [f"POST http://hook.example:{hook.port}/feed"]


def test_conditional_request_passes_the_proxy(yard: Yard) -> None:
    proxy, outlet = HttpProxy(yard), Outlet(yard, says(answer(b"", "304 Not Modified")))

    async def work(fetcher: Fetcher) -> FetchResult:
        validators = Validators(etag='"a"', url=outlet.url)
        return await fetcher.feed(feed(outlet.url, body_hash=b"x", validators=validators))

    assert isinstance(fetching(work, proxy=proxy.url), NotModified)


@pytest.mark.parametrize(
    ("without", "host", "direct"),
    [
        ("post.example", "post.example", True),
        (".post.example", "post.example", True),
        ("*.post.example", "feeds.post.example", True),
        ("post.example", "feeds.POST.example.", True),
        ("post.example", "outpost.example", False),
        ("*", "anything.example", True),
        ("10.0.0.0/8", "10.2.3.4", True),
        ("10.0.0.0/8", "11.2.3.4", False),
        ("10.0.0.0/8", "ten.example", False),
        ("192.0.2.7", "192.0.2.7", True),
        ("fd00::/8", "fd00::7", True),
        ("[fd00::7]:443", "fd00::7", True),
        ("post.example:443", "post.example", True),
        ("post.example:80", "post.example", False),
        ("", "post.example", False),
    ],
)
def test_no_proxy(without: str, host: str, direct: bool) -> None:
    rules = ProxyRules("http://proxy.example:3128", None, (without,))

    assert (rules.choose(True, host, 443) is None) is direct


def test_plain_and_secure_requests_may_have_proxies_of_their_own() -> None:
    rules = ProxyRules("http://secure.example", "none", ())

    assert rules.choose(True, "post.example", 443) == parse_proxy("http://secure.example:80")
    assert rules.choose(False, "post.example", 80) is None


@pytest.mark.parametrize(
    "address",
    [
        "ftp://h0st:1",
        "https://u:s3cret@h0st:1",
        "http://u:s3cret@h0st:no",
        "http://",
        "socks5://u%3Av:s3cret@h0st",
        "http://h0st/x",
    ],
)
def test_what_is_no_proxy_is_refused_without_repeating_secrets(address: str) -> None:
    with pytest.raises(ValueError, match="proxy") as caught:
        parse_proxy(address)

    assert "s3cret" not in str(caught.value)
