"""The first-start page and its API: who may use them, what they fetch, and what they show of what was typed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.migrated import copy_migrated
from tests.web.site import Clock, World
from tests.web.test_gate import form_token
from tests.web_server import Reply, Server, rss
from watcher.app.bootstrap import open_app
from watcher.app.setup.starter import write_starter_configuration
from watcher.fetch import Fetcher

HOSTILE = '"><script>alert(1)</script>'


@contextmanager
def open_fresh(folder: Path, *, allow: str = "", environ: dict[str, str] | None = None) -> Iterator[World]:
    """Open a watcher that watches nothing yet; `allow` are networks that may be fetched besides public ones."""
    write_starter_configuration(folder, {})
    state = {"WATCHER_STATE": str(folder / "var"), **(environ or {})}
    if allow:
        state["WATCHER_FETCH__ALLOW"] = allow
    copy_migrated(folder / "var" / "watcher.db")
    app = open_app(folder, state)
    try:
        yield World(app, Clock(), folder, Fetcher(app.fetch_policy()))
    finally:
        app.close()


@pytest.fixture
def guarded(tmp_path: Path) -> Iterator[World]:
    """A watcher that fetches from public addresses alone."""
    with open_fresh(tmp_path / "config") as made:
        yield made


def submit(client: httpx.Client, do: str, **fields: Any) -> httpx.Response:
    """Press a button of the form as a browser does."""
    token = form_token(client.get("/setup"))
    return client.post("/setup", data={"csrf": token, "do": do, "schedule": "weekdays at 7:00", **fields})


def test_the_start_page_leads_to_the_set_up_while_nothing_is_watched(guarded: World) -> None:
    with guarded.client() as client:
        answer = client.get("/")

    assert (answer.status_code, answer.headers["location"]) == (303, "/setup")


def test_the_set_up_can_be_done_once(tmp_path: Path, press: Server) -> None:
    press.pages["/feed"] = Reply(body=rss(("1", "Ferry late")), headers={"Content-Type": "application/rss+xml"})
    answers = {"watch": [{"sentence": "Ferries are late or cancelled."}], "feeds": [press.url + "/feed"]}

    with open_fresh(tmp_path / "config", allow="127.0.0.0/8") as world, world.client() as client:
        first = client.post("/api/v1/setup", json=answers)
        second = client.post("/api/v1/setup", json=answers)
        page = client.get("/setup")
        done = client.get("/setup/done")
        sources = world.app.settings.sources

    assert first.status_code == 201, first.text
    assert second.status_code == 400
    assert page.headers["location"] == "/setup/done"
    assert "Your watch has begun" in done.text
    assert [source.url for source in sources] == [press.url + "/feed"]


def test_a_form_without_its_token_is_refused(guarded: World) -> None:
    with guarded.client() as client:
        client.get("/setup")
        answer = client.post("/setup", data={"do": "start", "watch": "Ferries are late.", "pack": "europe"})

    assert answer.status_code == 403
    assert guarded.app.settings.sources == ()


@pytest.mark.parametrize("path", ["/setup", "/api/v1/setup", "/api/v1/setup/test"])
def test_the_page_of_another_site_sets_nothing_up(guarded: World, path: str) -> None:
    with guarded.client() as client:
        answer = client.post(path, json={"packs": ["europe"]}, headers={"Origin": "https://evil.example"})

    assert answer.status_code == 403


def test_with_a_password_the_set_up_needs_a_login(tmp_path: Path) -> None:
    environ = {"WATCHER_WEB__PASSWORD": "correct horse battery"}
    with open_fresh(tmp_path / "config", environ=environ) as world, world.client() as client:
        page = client.get("/setup", headers={"Accept": "text/html"})
        api = client.post("/api/v1/setup", json={"packs": ["europe"]})

    assert (page.status_code, page.headers["location"].split("?")[0]) == (303, "/login")
    assert api.status_code == 401


def test_sites_and_articles_of_private_networks_are_not_fetched(guarded: World, press: Server) -> None:
    press.pages["/"] = Reply(body=b"<html><body>inside</body></html>")
    addresses = [press.url, "http://169.254.169.254/latest/meta-data/", "http://[::1]/", "http://localhost/"]

    with guarded.client() as client:
        page = submit(client, "find", sites="\n".join(addresses))
        words = submit(client, "words", watch=press.url + "/")
        hook = {"name": "hook", "kind": "webhook", "options": {"url": press.url + "/hook"}}
        test = client.post("/api/v1/setup/test", json=hook)
        saved = client.post("/api/v1/setup", json={"watch": [{"article": press.url}], "packs": ["europe"]})

    assert press.asked == []
    assert (page.status_code, words.status_code) == (200, 400)
    assert page.text.count('role="alert"') == len(addresses)
    assert test.json()["results"][0]["fault"]
    assert saved.status_code >= 400
    assert guarded.app.settings.sources == ()


def test_hostile_answers_and_titles_stay_text(tmp_path: Path, press: Server) -> None:
    title = "News &amp;lt;script&amp;gt;alert(2)&amp;lt;/script&amp;gt;"
    body = (
        f'<?xml version="1.0"?><rss version="2.0"><channel><title>{title}</title><item><title>A</title><guid>1</guid>'
    )
    press.pages["/feed"] = Reply(
        body=(body + "</item></channel></rss>").encode(), headers={"Content-Type": "application/rss+xml"}
    )
    fields = dict.fromkeys(("watch", "words", "title", "schedule", "timezone", "email-to", "email-host"), HOSTILE)

    with open_fresh(tmp_path / "config", allow="127.0.0.0/8") as world, world.client() as client:
        pages = [
            submit(client, do, **fields, sites=f"{press.url}/feed\n{HOSTILE}", feed=HOSTILE, kind="email", pack=HOSTILE)
            for do in ("find", "words", "test-email", "start", "check")
        ]

    assert f"{press.url}/feed, 1 item" in pages[0].text
    for page in pages:
        assert page.status_code in (200, 400, 404)
        assert "<script>alert" not in page.text


def test_what_is_secret_is_kept_and_not_sent_back(guarded: World) -> None:
    secrets = {"email-password": "hunter2-hunter2", "slack-webhook_url": "https://hooks.example/T0/B0/secret-part"}

    with guarded.client() as client:
        first = submit(client, "check", **secrets, kind=["email", "slack"], **{"email-host": "mail.example"})
        second = submit(client, "check", kind=["email", "slack"], **{"email-host": "mail.example"})
        moved = submit(client, "check", kind=["email", "slack"], **{"email-host": "evil.example"})

    for page in (first, second, moved):
        assert "hunter2" not in page.text
        assert "secret-part" not in page.text
    assert second.text.count("It is kept, and not shown.") == 2
    assert moved.text.count("It is kept, and not shown.") == 1


def test_answers_that_are_not_known_are_refused(guarded: World) -> None:
    with guarded.client() as client:
        mistyped = client.post("/api/v1/setup", json={"pakcs": ["europe"]})
        unknown = client.post("/api/v1/setup", json={"packs": ["europ"], "watch": [{"sentence": "Ferries are late."}]})
        late = client.post(
            "/api/v1/setup",
            json={
                "packs": ["defence"],
                "channels": [{"name": "files", "kind": "file", "options": {"folder": "digests"}}],
                "digest": {"schedule": "now and then"},
            },
        )

    assert (mistyped.status_code, unknown.status_code, late.status_code) == (422, 404, 400)
    assert "europe" in unknown.text
    assert "now and then" in late.text
    assert guarded.app.settings.sources == ()
