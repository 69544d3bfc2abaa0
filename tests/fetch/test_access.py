"""What one feed's requests carry goes to that feed's own server, and nowhere else."""

from __future__ import annotations

import asyncio
import base64
import ssl
from pathlib import Path

import h2.config
import h2.connection
import h2.events
import pytest
import trustme

from tests.faults.behaviours import answer, says
from tests.faults.documents import rss
from tests.faults.yard import Outlet, Talk, Yard
from tests.fetch.asking import LostHost, feed, fetch, fetching
from tests.fetch.proxies import HttpProxy, SocksProxy
from watcher.errors import ShardLostError
from watcher.fetch import Fetcher
from watcher.fetch.request_urls import is_same_origin
from watcher.model.access import Access
from watcher.model.poll import Document, Failed, FetchResult

NEWS = answer(rss(2))
PAID = Access(
    username="desk",
    password="pä:ss",
    cookie="session=1; mode=full",
    headers=(("X-Key", "k3y"), ("accept-language", "pt"), ("ACCEPT", "text/xml"), ("Host", "elsewhere.example")),
    user_agent="Desk/1.0",
)
LOGIN = "Basic " + base64.b64encode("desk:pä:ss".encode()).decode()


def test_feed_is_asked_for_with_what_belongs_to_it(yard: Yard) -> None:
    outlet = Outlet(yard, says(NEWS))

    fetch(outlet.url, PAID)

    [asked] = outlet.asked
    assert {name: asked[name] for name in ("authorization", "cookie", "x-key", "accept-language", "user-agent")} == {
        "authorization": LOGIN,
        "cookie": "session=1; mode=full",
        "x-key": "k3y",
        "accept-language": "pt",
        "user-agent": "Desk/1.0",
    }
    assert asked["accept"] == "text/xml"
    assert asked["host"] == f"post.example:{outlet.port}"


def test_nothing_of_it_follows_a_redirect_to_another_origin(yard: Yard) -> None:
    end = Outlet(yard, says(NEWS), "cdn.example")
    outlet = Outlet(yard, says(answer(b"", "302 Found", Location=end.url)))

    fetch(outlet.url, PAID)

    assert not {"authorization", "cookie", "x-key", "accept-language"} & set(end.asked[0])
    assert end.asked[0]["user-agent"] == "Desk/1.0"


def test_all_of_it_follows_a_redirect_within_the_origin(yard: Yard) -> None:
    async def moves(talk: Talk) -> None:
        await talk.request()
        await talk.send(answer(b"", "301 Moved", Location="/new", Connection="close") if talk.path == "/feed" else NEWS)

    outlet = Outlet(yard, moves)

    fetch(outlet.url, PAID)

    assert [asked["authorization"] for asked in outlet.asked] == [LOGIN] * 2


def test_header_of_a_feed_stands_above_its_login(yard: Yard) -> None:
    outlet = Outlet(yard, says(NEWS))

    fetch(outlet.url, Access(headers=(("authorization", "Bearer t0ken"),), username="desk", password="x"))

    assert outlet.asked[0]["authorization"] == "Bearer t0ken"


@pytest.mark.parametrize(
    ("url", "own"),
    [
        ("https://post.example/a", True),
        ("https://post.example:443/a", True),
        ("http://post.example/a", False),
        ("https://post.example:8443/a", False),
        ("https://www.post.example/a", False),
        ("https://post.example.evil.example/", False),
        ("https://POST.example/a", True),
    ],
)
def test_origin(url: str, own: bool) -> None:
    assert is_same_origin(url, "https://post.example/feed") is own


def test_step_to_https_stays_within_the_origin() -> None:
    assert is_same_origin("https://post.example/feed", "http://post.example/feed")
    assert not is_same_origin("https://post.example/feed", "http://post.example:8080/feed")


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def authority_file(authority: trustme.CA, tmp_path: Path) -> str:
    path = tmp_path / "desk-ca.pem"
    authority.cert_pem.write_to_path(str(path))
    return str(path)


def secure(authority: trustme.CA) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("*.harbour.example").configure_cert(context)
    return context


@pytest.fixture
def outlet(yard: Yard, authority: trustme.CA) -> Outlet:
    """Serve a feed at `post.harbour.example`, with a certificate of an authority that nobody knows."""
    context = secure(authority)

    async def behave(talk: Talk) -> None:
        await talk.secured(context)
        await talk.request()
        other = f"https://other.harbour.example:{outlet.port}/feed"
        await talk.send(answer(b"", "302 Found", Location=other) if talk.path == "/away" else NEWS)

    outlet = Outlet(yard, behave)
    return outlet


def at(outlet: Outlet, host: str = "post.harbour.example", path: str = "/feed") -> str:
    return f"https://{host}:{outlet.port}{path}"


def test_certificate_of_an_unknown_authority_is_refused(outlet: Outlet) -> None:
    fetched = fetch(at(outlet))

    assert isinstance(fetched, Failed)
    assert fetched.kind == "tls"


def test_certificate_of_the_named_authority_is_believed(outlet: Outlet, authority_file: str) -> None:
    assert isinstance(fetch(at(outlet), Access(verify=authority_file)), Document)


def test_named_authority_does_not_vouch_for_another_name(outlet: Outlet, authority_file: str) -> None:
    fetched = fetch(at(outlet, "elsewhere.example"), Access(verify=authority_file))

    assert isinstance(fetched, Failed)
    assert fetched.kind == "tls"


@pytest.mark.parametrize("host", ["post.harbour.example", "elsewhere.example"])
def test_certificate_that_is_not_looked_at_may_be_any(outlet: Outlet, host: str) -> None:
    assert isinstance(fetch(at(outlet, host), Access(verify=False)), Document)


def test_certificates_of_other_hosts_are_looked_at_all_the_same(outlet: Outlet, authority_file: str) -> None:
    for verify in (False, authority_file):
        fetched = fetch(at(outlet, path="/away"), Access(verify=verify))

        assert isinstance(fetched, Failed)
        assert fetched.kind == "tls"


def test_connection_without_a_look_at_certificates_serves_no_other_feed(outlet: Outlet) -> None:
    async def work(fetcher: Fetcher) -> list[FetchResult]:
        return [await fetcher.feed(feed(at(outlet), access)) for access in (Access(verify=False), Access())]

    careless, careful = fetching(work)

    assert isinstance(careless, Document)
    assert isinstance(careful, Failed)


@pytest.mark.parametrize("content", [None, "no certificate"])
def test_authority_that_cannot_be_read_is_named(outlet: Outlet, tmp_path: Path, content: str | None) -> None:
    path = tmp_path / "ca.pem"
    if content is not None:
        path.write_text(content)

    fetched = fetch(at(outlet), Access(verify=str(path)))

    assert isinstance(fetched, Failed)
    assert "ca.pem cannot be read" in fetched.message


class ModernPress:
    """Speaks HTTP/2 where it is asked for, and nothing else; `asked` holds the headers of each request."""

    def __init__(self, yard: Yard, authority: trustme.CA, body: bytes, protocols: list[str]) -> None:
        self.asked: list[dict[str, str]] = []
        self._body = body
        self._context = secure(authority)
        self._context.set_alpn_protocols(protocols)
        self.port = yard.open(self._behave)
        self.url = f"https://post.harbour.example:{self.port}/feed?a=1"

    async def _behave(self, talk: Talk) -> None:
        await talk.secured(self._context)
        if talk.writer.get_extra_info("ssl_object").selected_alpn_protocol() != "h2":
            await talk.request()
            await talk.send(answer(b"use HTTP/2", "426 Upgrade Required"))
            return
        speaker = h2.connection.H2Connection(h2.config.H2Configuration(client_side=False))
        speaker.initiate_connection()
        waiting: dict[int, bytes] = {}
        while True:
            await talk.send(speaker.data_to_send())
            if not (received := await talk.reader.read(65_536)):
                return
            for event in speaker.receive_data(received):
                if isinstance(event, h2.events.RequestReceived):
                    self.asked.append({name.decode(): value.decode() for name, value in event.headers})
                    speaker.send_headers(event.stream_id, [(":status", "200"), ("etag", '"2"')])
                    waiting[event.stream_id] = self._body
            for stream, left in list(waiting.items()):
                while left and (room := min(speaker.local_flow_control_window(stream), 16_384, len(left))):
                    speaker.send_data(stream, left[:room])
                    left = waiting[stream] = left[room:]
                if not left:
                    speaker.end_stream(stream)
                    del waiting[stream]


@pytest.fixture
def modern(yard: Yard, authority: trustme.CA) -> ModernPress:
    return ModernPress(yard, authority, rss(4_000), ["h2", "http/1.1"])


def test_feed_that_is_served_in_http_2_alone_is_read(modern: ModernPress, authority_file: str) -> None:
    access = Access(verify=authority_file, http_version="2", username="desk", password="x")

    fetched = fetch(modern.url, access)

    assert isinstance(fetched, Document)
    assert (fetched.body, fetched.validators.etag) == (rss(4_000), '"2"')
    [asked] = modern.asked
    assert (asked[":authority"], asked[":path"]) == (f"post.harbour.example:{modern.port}", "/feed?a=1")
    assert asked["authorization"].startswith("Basic ")
    assert isinstance(fetch(modern.url, Access(verify=authority_file)), Failed)


def test_a_request_in_http_2_is_not_sent_whose_host_was_lost_while_it_connected(
    modern: ModernPress, authority_file: str
) -> None:
    access = Access(verify=authority_file, http_version="2")
    check = LostHost()

    with pytest.raises(ShardLostError):
        fetching(lambda fetcher: fetcher.feed(feed(modern.url, access), check=check))

    assert modern.asked == []
    assert isinstance(fetch(modern.url, access), Document)
    assert check.checks == 2


@pytest.mark.parametrize("kind", [HttpProxy, SocksProxy])
def test_http_2_passes_a_proxy(modern: ModernPress, yard: Yard, authority_file: str, kind: type) -> None:
    proxy = kind(yard)
    way = f"{'http' if kind is HttpProxy else 'socks5h'}://127.0.0.1:{proxy.port}"

    assert isinstance(fetch(modern.url, Access(verify=authority_file, http_version="2", proxy=way)), Document)
    assert len(proxy.asked) == 1


def test_server_without_http_2_is_asked_in_http_1(outlet: Outlet, authority_file: str) -> None:
    assert isinstance(fetch(at(outlet), Access(verify=authority_file, http_version="2")), Document)


def test_http_2_is_guarded_and_looks_at_certificates(modern: ModernPress) -> None:
    refused = fetch(modern.url, Access(verify=False, http_version="2"), allow=())
    untrusted = fetch(modern.url, Access(http_version="2"))

    assert isinstance(refused, Failed)
    assert isinstance(untrusted, Failed)
    assert (refused.kind, untrusted.kind) == ("refused", "tls")


def test_server_of_http_2_that_goes_away_is_a_failure(yard: Yard, authority: trustme.CA) -> None:
    context = secure(authority)
    context.set_alpn_protocols(["h2"])

    async def behave(talk: Talk) -> None:
        await talk.secured(context)
        await asyncio.sleep(0.05)

    port = yard.open(behave)

    fetched = fetch(f"https://post.harbour.example:{port}/", Access(verify=False, http_version="2"))

    assert isinstance(fetched, Failed)
    assert fetched.kind in {"protocol", "connect"}
