"""The page below a path, behind a real nginx with TLS that cuts the path off or passes it on."""

from __future__ import annotations

import html
import os
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urljoin, urlsplit

import httpx
import pytest
from starlette.routing import BaseRoute, Match

from tests.ports import find_free_port
from tests.web.nginx import is_installed, nginx
from tests.web.site import World, world
from tests.web.test_gate import PASSWORD, TOKEN, form_token
from watcher.model.digest import Unsubscription
from watcher.pipeline.digests import compose_now
from watcher.settings.schema import OWN_PATHS
from watcher.web import create_app
from watcher.web.auth.paths import get_path_prefix

PREFIX = "/desk/news"
LINK = re.compile(r'(href|src|action|data-href|data-list|data-story)="(/[^"]*)"')


@dataclass(frozen=True, kw_only=True)
class Proxied:
    """A world behind nginx: its outer address, and a browser that has logged in there."""

    made: World
    base: str
    browser: httpx.Client


@pytest.fixture(scope="module", params=["cut off", "passed on"])
def proxied(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Proxied]:
    if not is_installed():
        missing = "no nginx: apt-get install nginx-light"
        if os.environ.get("WATCHER_TESTS_MAY_SKIP") == "no":
            pytest.fail(missing)
        pytest.skip(missing)
    folder: Path = tmp_path_factory.mktemp("subpath")
    port = find_free_port()
    base = f"https://localhost:{port}{PREFIX}"
    web = f"password: {PASSWORD}, token: {TOKEN}, base_url: '{base}', trusted_proxies: 127.0.0.1"
    with world(folder / "config", web=web) as made:
        made.news()
        compose_now(made.app.database, made.app.press(), "daily", made.clock())
        with made.served() as inner:
            upstream = inner + ("/" if request.param == "cut off" else "")
            location = PREFIX + ("/" if request.param == "cut off" else "")
            with nginx(folder / "nginx", port, location=location, upstream=upstream) as trusting:
                with httpx.Client(verify=trusting, trust_env=False, timeout=20) as browser:
                    yield Proxied(made=made, base=base, browser=browser)


def get(proxied: Proxied, path: str, **more: object) -> httpx.Response:
    return proxied.browser.get(proxied.base + path, **more)  # type: ignore[arg-type]


@pytest.fixture
def inside(proxied: Proxied) -> Proxied:
    """Log in as a browser does, and be led where it was going."""
    asked = get(proxied, "/feeds")
    if asked.status_code == 200:
        return proxied
    assert urlsplit(asked.headers["location"]).path == f"{PREFIX}/login"
    page = proxied.browser.get(urljoin(proxied.base, asked.headers["location"]))
    going = re.search(r'name="next" value="([^"]*)"', page.text)
    assert going is not None
    action = re.search(r'<form[^>]*action="([^"]*/login)"', page.text)
    assert action is not None
    filled = {"csrf": form_token(page), "password": PASSWORD, "next": going[1]}
    answer = proxied.browser.post(urljoin(proxied.base, action[1]), data=filled)
    assert (answer.status_code, answer.headers["location"]) == (303, f"{PREFIX}/feeds")
    assert f"Path={PREFIX};" in answer.headers["set-cookie"]
    assert "Secure" in answer.headers["set-cookie"]
    return proxied


def test_every_link_of_every_page_leads_somewhere_below(inside: Proxied) -> None:
    seen: set[str] = set()
    asked = Counter[str]()
    left = [f"{PREFIX}/"]
    pages = 0
    while left and pages < 150:
        path = left.pop()
        # A list has an address for every filter: a few of each are enough.
        kind = re.sub(r"\d+", "1", path.partition("?")[0])
        if path in seen or (path != kind and asked[kind] >= 4):
            continue
        seen.add(path)
        asked[kind] += 1
        pages += 1
        answer = inside.browser.get(urljoin(inside.base, path), headers={"accept": "text/html"})
        assert answer.status_code < 400, path
        if answer.is_redirect:
            left.append(answer.headers["location"])
        if answer.headers.get("content-type", "").startswith("text/html"):
            for kind, link in LINK.findall(answer.text):
                assert link.startswith(PREFIX + "/"), (path, link)
                left += [html.unescape(link)] if kind != "action" else []

    assert pages > 40
    assert {f"{PREFIX}/hits", f"{PREFIX}/overview", f"{PREFIX}/topics/eyes.atom"} <= seen
    assert any(path.startswith(f"{PREFIX}/static/app.css") for path in seen)


def test_a_form_leads_back_below(inside: Proxied) -> None:
    page = get(inside, "/hits?topic=cyber")
    going = re.search(r'action="([^"]*/label)".*?name="next" value="([^"]*)"', page.text, re.DOTALL)
    assert going is not None

    filled = {"csrf": form_token(page), "label": "relevant", "next": going[2].replace("&amp;", "&")}
    answer = inside.browser.post(urljoin(inside.base, going[1]), data=filled)

    assert (answer.status_code, answer.headers["location"]) == (303, f"{PREFIX}/hits?topic=cyber")


def test_links_of_mails_lead_there(proxied: Proxied) -> None:
    links = proxied.made.app.press().links
    leave = links.leave(Unsubscription(subscription="daily", channel="files", recipient="a@desk.example"))
    judge = links.label(1, "relevant")
    assert leave is not None
    assert judge is not None

    for link in (leave, judge):
        page = proxied.browser.get(link)
        assert page.status_code == 200
        asked = re.search(r'<main.*?<form method="post"(?: action="([^"]*)")?', page.text, re.DOTALL)
        assert asked is not None
        assert proxied.browser.post(urljoin(link, asked[1] or "")).status_code == 200


def test_feeds_and_the_api_name_outer_addresses(proxied: Proxied) -> None:
    proof = {"authorization": f"Bearer {TOKEN}"}
    atom = get(proxied, "/topics/eyes.atom", headers=proof)
    listed = get(proxied, "/api/v1/hits?limit=1", headers=proof)
    document = get(proxied, "/api/openapi.json", headers=proof).json()

    assert f'href="{proxied.base}/topics/eyes.atom"' in atom.text
    assert f"<{PREFIX}/api/v1/hits?" in listed.headers["link"]
    assert document["servers"] == [{"url": PREFIX}]
    assert get(proxied, "/api/v1/hits?surprise=1", headers=proof).status_code == 422


def test_new_hits_stream_through(inside: Proxied) -> None:
    with inside.browser.stream("GET", f"{inside.base}/events?after=0") as answer:
        assert answer.headers["content-type"].startswith("text/event-stream")
        for line in answer.iter_lines():
            if line.startswith("data:"):
                break
        else:
            pytest.fail("no hit came")


def test_visitors_behind_the_proxy_are_told_apart(proxied: Proxied) -> None:
    wrong = {"authorization": "Bearer wrong", "x-forwarded-for": "203.0.113.7"}
    statuses = [get(proxied, "/api/v1/status", headers=wrong).status_code for _ in range(8)]

    assert statuses[-1] == 429
    assert proxied.browser.head(f"{proxied.base}/healthz").status_code == 200


def test_own_paths_are_those_of_the_routes(desk: World) -> None:
    routes = create_app(desk.app, clock=desk.clock).router.routes
    # Those of included routers come without their prefix: what is served as it stands is a page's.
    served = [path for path in _paths(routes) if _is_served(routes, re.sub(r"{[^}]*}", "1", path))]

    assert len(served) > 40
    assert {path.strip("/").partition("/")[0] for path in served} - {""} <= OWN_PATHS


def _is_served(routes: list[BaseRoute], path: str) -> bool:
    asked = {"type": "http", "path": path, "headers": [], "query_string": b""}
    methods = ("GET", "POST")
    return any(route.matches({**asked, "method": method})[0] is Match.FULL for route in routes for method in methods)


def _paths(routes: list[BaseRoute]) -> Iterator[str]:
    for route in routes:
        if path := getattr(route, "path", ""):
            yield path
        inner = getattr(route, "original_router", None)
        if inner is not None:
            yield from _paths(inner.routes)


@pytest.mark.parametrize(
    ("base", "fault"),
    [
        ("https://news.example/feeds", "begins with /feeds"),
        ("https://news.example/api/x/", "begins with /api"),
        ("https://news.example/x?y=1", "must end with its path"),
        ("https://me@news.example/x", "user name"),
    ],
)
def test_a_base_address_that_cannot_be_served_is_a_fault(tmp_path: Path, base: str, fault: str) -> None:
    from watcher.errors import ConfigError

    with pytest.raises(ConfigError, match=fault), world(tmp_path / "config", web=f"base_url: '{base}'"):
        pass


@pytest.mark.parametrize(
    ("base", "prefix"),
    [(None, ""), ("https://a.example", ""), ("https://a.example/", ""), ("https://a.example/b/c/", "/b/c")],
)
def test_the_prefix_is_the_path_of_the_base_address(base: str | None, prefix: str) -> None:
    assert get_path_prefix(base) == prefix
