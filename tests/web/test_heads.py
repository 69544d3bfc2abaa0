"""HEAD wherever GET is: the same headers, no body."""

from __future__ import annotations

import httpx
import pytest

from tests.web.site import World
from tests.web.visitors import connect, read_until_closed
from watcher.pipeline.digests import compose_now

PATHS = (
    "/", "/hits", "/hits/1", "/stories", "/archive", "/topics", "/topics/eyes", "/feeds", "/digests", "/digests/1",
    "/digests/1/mail", "/deliveries", "/overview", "/workbench", "/workbench/article",
    "/login", "/healthz", "/readyz", "/metrics",
    "/topics/eyes.atom", "/topics/eyes.json", "/digests.atom", "/hits.atom", "/hits.csv", "/hits.md", "/feeds.opml",
    "/static/app.css", "/static/app.js", "/api/openapi.json", "/api/v1/hits", "/api/v1/hits/1", "/api/v1/entries/1",
    "/api/v1/status", "/query/check?q=a", "/nowhere", "/api/v1/hits/999", "/api/v1/hits?limit=0",
)  # fmt: skip
OWN = {"date", "set-cookie"}
# What says how long ago something was is drawn anew; the length of such a page may differ.
VARYING = {"/metrics", "/readyz"}


@pytest.mark.parametrize("path", PATHS)
def test_head_has_the_headers_of_get(desk: World, client: httpx.Client, path: str) -> None:
    compose_now(desk.app.database, desk.app.press(), "daily", desk.clock())
    client.get("/login")

    got, head = client.get(path), client.head(path)

    assert head.status_code == got.status_code
    assert head.content == b""
    names = set(got.headers) - OWN - ({"content-length"} if path in VARYING else set())
    assert {name: head.headers.get(name) for name in names} == {name: got.headers[name] for name in names}


def test_nothing_follows_the_headers_on_the_wire(desk: World) -> None:
    with desk.served() as address, connect(address) as sock:
        sock.sendall(b"HEAD /hits HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
        sock.sendall(b"HEAD /topics/eyes.atom HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n")
        answer = read_until_closed(sock) or b""

    assert answer.count(b"HTTP/1.1 200 OK") == 2
    assert b"<" not in answer


def test_what_is_only_posted_has_no_head(client: httpx.Client) -> None:
    answer = client.head("/api/v1/hits/1/label")

    assert (answer.status_code, answer.headers["allow"]) == (405, "PUT")
