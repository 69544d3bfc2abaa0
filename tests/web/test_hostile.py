"""Hostile feeds polled for real, and all that leaves because of them: mails, Slack's messages, feeds, exports."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import httpx
import pytest
from lxml import etree, html

from tests.outgoing.world import channel, mail, senders
from tests.plain_http import NO_AUTHORITIES
from tests.servers import MailServer, SlackServer
from tests.web.hostile import HOSTILE, hostile_feed
from tests.web.site import NOON, World, world
from tests.web_server import Reply, Server
from watcher.demo.sandbox import poll_outlets
from watcher.pipeline.delivery import deliver_waiting
from watcher.pipeline.digests import compose_now
from watcher.store.hits.search import find_hits

CARRIERS = {"script", "iframe", "img", "svg", "math", "object", "embed", "form", "base", "link"}


@dataclass(frozen=True, kw_only=True)
class Left:
    """What left: the mails and Slack's messages, and the watcher that they came from."""

    made: World
    mails: list[EmailMessage]
    slack: list[dict[str, Any]]


@pytest.fixture(scope="module")
def left(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Left]:
    folder: Path = tmp_path_factory.mktemp("hostile") / "config"
    with Server() as press, MailServer() as post, SlackServer() as slack, world(folder) as made:
        press.pages["/feed"] = Reply(hostile_feed(), headers={"Content-Type": "application/rss+xml"})
        (folder / "feeds.yaml").write_text(f"feeds: [{{url: '{press.url}/feed'}}]\n", "utf-8")
        made.app.reload()
        made.app.sync(made.clock())
        assert asyncio.run(poll_outlets(made.app)).hits >= len(HOSTILE)
        with made.app.database.read() as db:
            newest = find_hits(db, limit=1).items[0].hit.matched_at
        made.clock.now = max(NOON, newest) + timedelta(minutes=5)
        _send(made, post, slack)
        yield Left(made=made, mails=post.messages, slack=slack.messages)


def _send(made: World, post: MailServer, slack: SlackServer) -> None:
    channels = {
        "mail": mail(post.port),
        "hook": channel("hook", "slack", webhook_url=slack.webhook),
    }
    [daily] = made.app.settings.subscriptions
    ready = replace(
        made.app.press(), channels=channels, subscriptions=(replace(daily, channels=tuple(channels), max_stories=1000),)
    )
    assert compose_now(made.app.database, ready, "daily", made.clock()) is not None

    async def go() -> None:
        async with httpx.AsyncClient(timeout=5, verify=NO_AUTHORITIES) as client:
            done = await deliver_waiting(
                made.app.database, channels, senders(client, made.clock), made.clock, jitter=lambda: 1.0
            )
            assert done.sent >= 2

    asyncio.run(go())


def test_a_mail_holds_no_markup_but_ours(left: Left) -> None:
    [message] = left.mails
    body = message.get_body(("html",))
    assert body is not None
    tree = html.fromstring(body.get_content())

    items = "".join(tree.text_content().split())
    assert all(part in items for part in ("<script>window.broken=1</script>", "onerror=window.broken=1", "{{7*7}}"))
    assert not CARRIERS & {element.tag for element in tree.iter() if isinstance(element.tag, str)}
    assert not [name for element in tree.iter() for name in element.attrib if name.lower().startswith("on")]
    assert all(link.startswith(("http://", "https://", "#")) for link in tree.xpath("//@href"))


def test_a_mail_has_the_headers_that_we_gave_it(left: Left) -> None:
    [message] = left.mails

    assert message["Bcc"] is None
    assert message["To"] == "a@desk.example"
    assert len(str(message["Subject"]).splitlines()) == 1
    text = message.get_body(("plain",))
    assert text is not None
    assert not [line for line in text.get_content().splitlines() if line.startswith("Bcc:")]


def test_a_slack_message_calls_nobody_and_links_only_where_we_say(left: Left) -> None:
    payload = json.dumps([[message.get("text", ""), message["blocks"]] for message in left.slack], ensure_ascii=False)

    assert "&lt;!channel&gt;" in payload
    marks = re.findall(r"<([^>]*)>", payload)
    assert marks
    assert all(mark.startswith(("http://", "https://")) for mark in marks), marks
    assert not [mark for mark in marks if mark.endswith("|your bank")]


@pytest.mark.parametrize("path", ["/topics/eyes.atom", "/hits.atom", "/digests.atom"])
def test_a_feed_of_hostile_news_is_well_formed_and_its_html_is_ours(left: Left, path: str) -> None:
    with left.made.client() as client:
        feed = etree.fromstring(client.get(path).content)

    inner = [node.text for node in feed.iter() if node.get("type") == "html" and node.text]
    assert inner
    for node in inner:
        tree = html.fromstring(f"<div>{node}</div>")
        assert not CARRIERS & {element.tag for element in tree.iter() if isinstance(element.tag, str)}
        assert not [name for element in tree.iter() for name in element.attrib if name.lower().startswith("on")]
    assert all(link.startswith(("http://", "https://")) for link in feed.xpath("//@href"))


@pytest.mark.parametrize("path", ["/hits.md", "/hits.csv", "/hits.jsonl", "/api/v1/hits", "/topics/eyes.json"])
def test_what_is_taken_along_is_served_as_what_it_is(left: Left, path: str) -> None:
    with left.made.client() as client:
        answer = client.get(path)

    assert answer.status_code == 200
    assert not answer.headers["content-type"].startswith("text/html")
    assert answer.headers["x-content-type-options"] == "nosniff"
    if path.endswith(".md"):
        assert not re.search(r"(?<!\\)\]\(https://evil", answer.text)
        assert "<script" not in answer.text.replace("\\<script", "")
