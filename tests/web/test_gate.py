"""The gate: names, logins, tokens, form tokens, headers."""

from __future__ import annotations

import re
import socket
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.web.site import World, world_with_news
from watcher.digest.feedback_links import sign_feedback
from watcher.digest.unsubscribe_links import sign_unsubscribe
from watcher.model.digest import Unsubscription
from watcher.settings import signing_key
from watcher.store.digests.unsubscribes import list_unsubscribed_recipients
from watcher.web import create_app, make_server
from watcher.web.auth.throttle import FREE_TRIES

PASSWORD, TOKEN = "correct horse battery", "machine-made-token-123"
LOCKED = f"password: {PASSWORD}, token: {TOKEN}, base_url: 'https://news.example.org'"


@pytest.fixture
def locked(tmp_path: Path) -> Iterator[World]:
    with world_with_news(tmp_path / "config", web=LOCKED) as made:
        yield made


@pytest.fixture
def stranger(locked: World) -> Iterator[httpx.Client]:
    with locked.client() as made:
        yield made


def form_token(page: httpx.Response) -> str:
    match = re.search(r'name="csrf" (?:content|value)="([^"]+)"', page.text)
    assert match is not None
    return match[1]


def log_in(client: httpx.Client, password: str = PASSWORD) -> httpx.Response:
    page = client.get("/login")
    client.cookies.clear()
    cookie = page.headers["set-cookie"].split(";")[0]
    answer = client.post("/login", data={"csrf": form_token(page), "password": password}, headers={"cookie": cookie})
    if "set-cookie" in answer.headers:
        client.headers["cookie"] = answer.headers["set-cookie"].split(";")[0]
    return answer


@pytest.mark.parametrize("path", ["/hits", "/", "/feeds", "/hits/1", "/overview"])
def test_pages_lead_a_stranger_to_the_login(stranger: httpx.Client, path: str) -> None:
    answer = stranger.get(path, headers={"accept": "text/html"})

    assert (answer.status_code, answer.headers["location"].split("?")[0]) == (303, "/login")


@pytest.mark.parametrize("path", ["/api/v1/hits", "/metrics", "/events", "/topics/eyes.atom", "/api/openapi.json"])
def test_programs_are_told_to_prove_themselves(stranger: httpx.Client, path: str) -> None:
    answer = stranger.get(path)

    assert answer.status_code == 401
    assert answer.headers["content-type"] == "application/problem+json"
    assert "Bearer" in answer.headers["www-authenticate"]


@pytest.mark.parametrize("path", ["/healthz", "/readyz", "/static/app.css"])
def test_health_and_style_are_for_everybody(stranger: httpx.Client, path: str) -> None:
    assert stranger.get(path).status_code == 200


def test_the_token_opens_the_api(stranger: httpx.Client) -> None:
    assert stranger.get("/api/v1/hits", headers={"authorization": f"Bearer {TOKEN}"}).status_code == 200
    assert stranger.get("/topics/eyes.atom", auth=("reader", TOKEN)).status_code == 200
    assert stranger.get("/topics/eyes.atom", auth=("reader", PASSWORD)).status_code == 200
    assert stranger.get("/api/v1/hits", headers={"authorization": f"Bearer {PASSWORD}"}).status_code == 401


def test_the_password_opens_the_page_and_logging_out_closes_it_for_good(stranger: httpx.Client) -> None:
    answer = log_in(stranger)
    assert (answer.status_code, answer.headers["location"]) == (303, "/")
    assert all(word in answer.headers["set-cookie"] for word in ("HttpOnly", "SameSite=Lax", "Secure"))
    page = stranger.get("/hits")
    assert page.status_code == 200
    kept = stranger.headers["cookie"]

    stranger.post("/logout", data={"csrf": form_token(page)})

    assert stranger.get("/hits", headers={"cookie": kept}).status_code == 303


def test_a_session_cookie_that_was_changed_is_nobody(stranger: httpx.Client) -> None:
    log_in(stranger)
    name, _, value = stranger.headers["cookie"].partition("=")
    forged = re.sub(r"\.1\.", ".1.x", value)

    assert stranger.get("/hits", headers={"cookie": f"{name}={forged}"}).status_code == 303
    begun = stranger.get("/login", headers={"cookie": ""}).headers["set-cookie"].split(";")[0]
    assert stranger.get("/hits", headers={"cookie": begun.replace(".0.", ".1.")}).status_code == 303


def test_guessing_is_slowed_down_and_time_forgives(locked: World, stranger: httpx.Client) -> None:
    for _try in range(FREE_TRIES):
        assert log_in(stranger, "wrong").status_code == 403

    slowed = log_in(stranger)

    assert slowed.status_code == 429
    assert int(slowed.headers["retry-after"]) >= 1
    locked.clock.move(minutes=20)
    assert log_in(stranger).status_code == 303


def test_tokens_are_not_guessed_quickly_either(stranger: httpx.Client) -> None:
    codes = [stranger.get("/api/v1/hits", headers={"authorization": f"Bearer {n}"}).status_code for n in range(8)]

    assert codes[:FREE_TRIES] == [401] * FREE_TRIES
    assert codes[-1] == 429


@pytest.mark.parametrize(
    "place",
    [
        "//evil.example",
        "https://evil.example",
        "/\\evil.example",
        "javascript:alert(1)",
        "/feeds/../..//evil.example",
        "/%2e%2e/other",
        "/./x",
        "/a\\..\\x",
    ],
)
def test_a_login_leads_to_no_other_site(stranger: httpx.Client, place: str) -> None:
    page = stranger.get("/login", params={"next": place})
    cookie = page.headers["set-cookie"].split(";")[0]
    filled = {"csrf": form_token(page), "password": PASSWORD, "next": place}

    answer = stranger.post("/login", data=filled, headers={"cookie": cookie})

    assert answer.headers["location"] == "/"


@pytest.mark.parametrize(
    ("host", "status"),
    [
        pytest.param("127.0.0.1:9", 200, id="an address"),
        pytest.param("[::1]:8080", 200, id="another address"),
        pytest.param("localhost:8080", 200, id="loopback by name"),
        pytest.param("evil.example", 421, id="a name of others"),
        pytest.param("127.0.0.1.evil.example", 421, id="a name like an address"),
        pytest.param("localhost.evil.example", 421, id="a name like loopback"),
        pytest.param("[evil", 421, id="no name at all"),
    ],
)
def test_only_own_names_are_answered(client: httpx.Client, host: str, status: int) -> None:
    assert client.get("/api/v1/status", headers={"host": host}).status_code == status


def test_the_base_address_is_an_own_name(stranger: httpx.Client) -> None:
    headers = {"host": "news.example.org", "authorization": f"Bearer {TOKEN}"}

    assert stranger.get("/api/v1/status", headers=headers).status_code == 200


@pytest.mark.parametrize(
    "headers",
    [
        pytest.param({"origin": "https://evil.example"}, id="another origin"),
        pytest.param({"origin": "null"}, id="an opaque origin"),
        pytest.param({"sec-fetch-site": "cross-site"}, id="another site"),
        pytest.param({"sec-fetch-site": "same-site"}, id="a sibling"),
    ],
)
def test_another_sites_page_changes_nothing(client: httpx.Client, headers: dict[str, str]) -> None:
    answer = client.put("/api/v1/hits/1/label", json={"label": "relevant"}, headers=headers)

    assert answer.status_code == 403
    assert client.get("/api/v1/hits/1").json()["label"] is None


@pytest.mark.parametrize(
    ("path", "data"),
    [
        ("/hits/1/label", {"label": "relevant"}),
        ("/workbench", {"look": "save", "id": "x", "query": "x"}),
        ("/workbench/preview", {"query": "x"}),
        ("/workbench/article", {"text": "x"}),
        ("/feeds/add", {"feed": "https://new.example/rss"}),
        ("/feeds/remove", {"url": "https://harbour.example/feed.xml"}),
        ("/feeds/resume", {"url": "https://harbour.example/feed.xml"}),
        ("/feeds/import", {"opml": "<opml/>"}),
        ("/deliveries/1/retry", {}),
    ],
)
@pytest.mark.parametrize("token", ["", "x" * 32])
def test_a_form_without_our_token_does_nothing(
    desk: World, client: httpx.Client, path: str, data: dict[str, str], token: str
) -> None:
    before = {file.name: file.read_bytes() for file in desk.folder.glob("*.yaml")}

    answer = client.post(path, data=data | {"csrf": token})

    assert answer.status_code == 403
    assert {file.name: file.read_bytes() for file in desk.folder.glob("*.yaml")} == before
    assert client.get("/api/v1/hits/1").json()["label"] is None


def test_one_visitors_form_token_is_no_good_to_another(client: httpx.Client) -> None:
    theirs = form_token(client.get("/hits"))
    client.cookies.clear()
    client.get("/hits")

    assert client.post("/hits/1/label", data={"label": "relevant", "csrf": theirs}).status_code == 403


@pytest.mark.parametrize("path", ["/hits", "/nope", "/api/v1/hits", "/healthz", "/static/app.js", "/hits?q=("])
def test_every_answer_is_fenced_in(client: httpx.Client, path: str) -> None:
    headers = client.get(path).headers

    policy = headers["content-security-policy"]
    assert "unsafe" not in policy
    assert "default-src 'none'" in policy
    assert headers["x-content-type-options"] == "nosniff"


def test_pages_hold_no_script_or_style_of_their_own(client: httpx.Client) -> None:
    for path in (
        "/hits",
        "/stories/1",
        "/hits/1",
        "/topics",
        "/feeds",
        "/digests",
        "/overview",
        "/workbench",
        "/login",
    ):
        text = client.get(path).text
        assert not re.search(r"<script(?![^>]* src=)|<style|\sstyle=|\son\w+=", text), path


def test_a_labels_link_asks_before_it_records(desk: World, client: httpx.Client) -> None:
    token = sign_feedback(signing_key(desk.app.settings), 1, "irrelevant")

    assert "not relevant" in client.get(f"/label/{token}").text
    assert client.get("/api/v1/hits/1").json()["label"] is None
    assert client.post(f"/label/{token}").status_code == 200
    assert client.get("/api/v1/hits/1").json()["label"] == "irrelevant"
    assert client.get(f"/label/{token[:-1]}x").status_code == 404


def test_unsubscribing_takes_one_post_and_no_login(locked: World, stranger: httpx.Client) -> None:
    leaving = Unsubscription(subscription="daily", channel="files", recipient="desk@example.org")
    token = sign_unsubscribe(signing_key(locked.app.settings), leaving)

    assert stranger.get(f"/unsubscribe/{token}").status_code == 200
    with locked.app.database.read() as db:
        assert list_unsubscribed_recipients(db, "daily") == frozenset()
    headers = {"origin": "https://mail.example"}
    answer = stranger.post(f"/unsubscribe/{token}", data={"List-Unsubscribe": "One-Click"}, headers=headers)

    assert answer.status_code == 200
    with locked.app.database.read() as db:
        assert list_unsubscribed_recipients(db, "daily") == {("files", "desk@example.org")}
    assert stranger.post("/unsubscribe/forged.token").status_code == 404


def test_an_answer_in_pieces_waits_for_no_acknowledgement(desk: World) -> None:
    server = make_server(create_app(desk.app, clock=desk.clock), "127.0.0.1", 0)
    [listening] = [part for part in vars(server).values() if isinstance(part, socket.socket)]

    with listening, socket.create_connection(("127.0.0.1", server.port)) as asking:
        accepted, _address = listening.accept()
        with accepted:
            assert accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
        assert asking.fileno() >= 0
