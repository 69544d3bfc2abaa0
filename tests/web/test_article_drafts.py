"""Topics drafted from an article on the page: an address through the guard, or a text; nothing is saved unasked."""

from __future__ import annotations

import httpx
import pytest

from tests.web.hostile import HOSTILE
from tests.web.site import World
from tests.web.test_gate import form_token
from tests.web_server import Reply, Server
from watcher.fetch import Fetcher, FetchPolicy

ARTICLE = """\
Harbour Council approves the Northern Tunnel
The Harbour Council approved the Northern Tunnel on Tuesday. The Northern Tunnel will link the ferry terminal and the
airport. Mayor Ines Okafor said that the Northern Tunnel opens in four years. Engineers of Vessel Works had warned of
the clay under the Northern Tunnel. The Harbour Council expects costs of four billion.
"""


@pytest.fixture
def guarded(desk: World) -> World:
    desk.fetcher = Fetcher(FetchPolicy())
    return desk


def post(client: httpx.Client, **typed: str) -> httpx.Response:
    return client.post("/workbench/article", data={"csrf": form_token(client.get("/workbench/article")), **typed})


def test_an_article_is_fetched_and_its_draft_opens_in_the_builder(desk: World, press: Server) -> None:
    paragraphs = "".join(f"<p>{line}</p>" for line in ARTICLE.splitlines()[1:])
    head = f"<head><title>{ARTICLE.splitlines()[0]}</title></head>"
    page = f"<html>{head}<body><article>{paragraphs}</article></body></html>"
    press.pages["/article"] = Reply(page.encode(), headers={"Content-Type": "text/html"})
    desk.fetcher = Fetcher(FetchPolicy(allow=("127.0.0.0/8",)))
    before = desk.app.settings.topics

    with desk.client() as client:
        drafts = post(client, address=f"{press.url}/article")
        opened = client.post("/workbench", data={
            "csrf": form_token(drafts), "look": "draft", "edited": "query", "name": "The tunnel",
            "query": '"northern tunnel"', "about": "The council approved it.",
        })  # fmt: skip

    assert drafts.status_code == 200
    assert "Northern Tunnel" in drafts.text.split('id="drafts"')[1]
    assert "Use this draft" in drafts.text
    assert 'value="The tunnel"' in opened.text
    assert "The council approved it.</textarea>" in opened.text
    assert "&#34;northern tunnel&#34;</textarea>" in opened.text
    assert desk.app.settings.topics == before


def test_a_text_is_drafted_from_and_its_matches_are_counted(client: httpx.Client) -> None:
    drafts = post(client, text="Storm petrels return\n" + ARTICLE.replace("Northern Tunnel", "Storm Petrels"))

    assert "Storm Petrels" in drafts.text.split('id="drafts"')[1]
    assert "Finds 1 item of " in drafts.text


@pytest.mark.parametrize(
    "address",
    ["http://169.254.169.254/latest/meta-data/", "http://[::1]/", "http://localhost/", "file:///etc/passwd",
     "http://127.0.0.1:{port}/secret", "gopher://127.0.0.1/"],
)  # fmt: skip
def test_an_article_of_a_private_network_is_not_fetched(guarded: World, press: Server, address: str) -> None:
    press.pages["/secret"] = Reply(ARTICLE.encode(), headers={"Content-Type": "text/plain"})

    with guarded.client() as client:
        answer = post(client, address=address.format(port=press.url.rsplit(":", 1)[1]))

    assert answer.status_code == 400
    assert "Use this draft" not in answer.text
    assert "Northern Tunnel" not in answer.text
    assert not press.asked


@pytest.mark.parametrize(
    ("typed", "message"),
    [
        ({}, "Write either"),
        ({"address": "example.org", "text": "both"}, "Write either"),
        ({"address": "not an address at all"}, "not an address at all"),
        ({"text": "of the and"}, "Nothing stands out"),
    ],
)
def test_what_cannot_be_drafted_from_says_why(guarded: World, typed: dict[str, str], message: str) -> None:
    with guarded.client() as client:
        answer = post(client, **typed)

    assert message in answer.text
    assert answer.status_code == (200 if "Nothing" in message else 400)


@pytest.mark.parametrize("hostile", HOSTILE)
def test_a_hostile_article_stays_words(client: httpx.Client, hostile: str) -> None:
    text = f"Harbour Council {hostile}\n{ARTICLE.replace('Northern Tunnel', f'Northern Tunnel “{hostile}”')}"

    answer = post(client, text=text, address="")
    opened = client.post("/workbench", data={
        "csrf": form_token(answer), "look": "draft", "name": hostile, "query": hostile, "about": hostile,
    })  # fmt: skip

    for html in (answer.text, opened.text):
        assert "<script>window" not in html
        assert not any(f"<{tag}" in html for tag in ("img", "iframe", "math", "b onmouseover", "svg onload"))
