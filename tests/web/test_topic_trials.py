"""The API tries topics before they are saved: previews of a query, and drafts from an article."""

from __future__ import annotations

import httpx
import pytest

from tests.web.site import World
from tests.web.test_article_drafts import ARTICLE
from tests.web_server import Reply, Server
from watcher.client import Client
from watcher.fetch import Fetcher, FetchPolicy


def test_a_query_is_previewed_with_its_stories_and_what_it_gains_and_loses(desk: World) -> None:
    with desk.served() as address, Client(address) as client:
        preview = client.preview_topic('"five eyes" OR petrel*', topic="eyes")
        boxed = client.preview_topic(boxes={"all_of": [], "any_of": ["five eyes", "petrel*"], "none_of": []})

    assert sorted(len(story["entries"]) for story in preview["stories"]) == [1, 2]
    assert (preview["count"], preview["kept"], preview["gained_count"], preview["lost_count"]) == (3, 2, 1, 0)
    assert [change["entry"]["title"] for change in preview["gained"]] == ["Storm petrels return"]
    assert boxed["query"] == preview["query"]
    assert boxed["stories"] == preview["stories"]
    assert (boxed["gained"], boxed["kept"]) == ([], 0)


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("preview", {"query": "("}, 400),
        ("preview", {}, 400),
        ("preview", {"query": "a", "boxes": {"any_of": ["a"]}}, 400),
        ("preview", {"boxes": {"none_of": ["a"]}}, 400),
        ("preview", {"query": "a", "topic": "no-such"}, 404),
        ("preview", {"query": "a", "since": "soon"}, 400),
        ("preview", {"query": "a", "limit": 0}, 422),
        ("preview", {"query": "a", "more": 1}, 422),
        ("draft", {}, 400),
        ("draft", {"article": "example.org", "text": "both"}, 400),
        ("draft", {"article": "file:///etc/passwd"}, 400),
        ("draft", {"text": "\u0000"}, 422),
    ],
)
def test_what_cannot_be_tried_is_a_problem(
    client: httpx.Client, path: str, body: dict[str, object], status: int
) -> None:
    answer = client.post(f"/api/v1/topics/{path}", json=body)

    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"


def test_topics_are_drafted_from_a_text_and_from_an_address(desk: World, press: Server) -> None:
    press.pages["/article"] = Reply(ARTICLE.encode(), headers={"Content-Type": "text/plain"})
    desk.fetcher = Fetcher(FetchPolicy(allow=("127.0.0.0/8",)))

    with desk.served() as address, Client(address) as client:
        from_text = client.draft_topics(text=ARTICLE)
        from_address = client.draft_topics(article=f"{press.url}/article")

    assert from_text["title"] == "Harbour Council approves the Northern Tunnel"
    assert [topic["query"] for topic in from_text["topics"]] == [topic["query"] for topic in from_address["topics"]]
    assert any("Northern Tunnel" in topic["name"] for topic in from_text["topics"])
    assert all(topic["tested"] for topic in from_text["topics"])


@pytest.mark.parametrize("address", ["http://169.254.169.254/latest/", "http://[::1]/", "http://127.0.0.1:{port}/s"])
def test_an_article_of_a_private_network_is_not_fetched(desk: World, press: Server, address: str) -> None:
    press.pages["/s"] = Reply(ARTICLE.encode(), headers={"Content-Type": "text/plain"})
    desk.fetcher = Fetcher(FetchPolicy())

    with desk.client() as client:
        article = address.format(port=press.url.rsplit(":", 1)[1])
        answer = client.post("/api/v1/topics/draft", json={"article": article})

    assert answer.status_code == 400
    assert not press.asked


def test_the_page_of_another_site_tries_nothing(client: httpx.Client) -> None:
    for path, body in (("preview", {"query": "a"}), ("draft", {"text": ARTICLE})):
        answer = client.post(f"/api/v1/topics/{path}", json=body, headers={"origin": "https://evil.example"})

        assert answer.status_code == 403
