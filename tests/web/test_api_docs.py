"""The page of the API for people: every endpoint with examples, which the API accepts and its models describe."""

from __future__ import annotations

import json
import pkgutil
import re
import subprocess
import time
from collections.abc import Iterator
from html import unescape
from importlib import import_module
from typing import Any

import httpx
import pytest
from pydantic import BaseModel, TypeAdapter

from tests.contract.models import validate
from tests.web.site import World
from watcher import contract
from watcher.contract.configuration import ChannelEdit, FeedSearch, OwnDigestEdit
from watcher.contract.setup import SetupAnswers
from watcher.settings.packs import find_pack
from watcher.web import create_app
from watcher.web.api.account import NewToken, PasswordChange
from watcher.web.api.people import PersonUpdate
from watcher.web.api_examples import REQUESTS, add_examples
from watcher.web.pages.api_docs import list_endpoints

MODELS = {
    name: model
    for module in pkgutil.iter_modules(contract.__path__, "watcher.contract.")
    for name, model in vars(import_module(module.name)).items()
}
SENT_ELSEWHERE = {
    "POST /api/v1/setup": SetupAnswers,
    "POST /api/v1/setup/test": ChannelEdit,
    "POST /api/v1/feeds/discover": FeedSearch,
    "PATCH /api/v1/people/{name}": PersonUpdate,
    "PUT /api/v1/account/password": PasswordChange,
    "POST /api/v1/account/digests": OwnDigestEdit,
    "PATCH /api/v1/account/digests/{name}": OwnDigestEdit,
    "POST /api/v1/account/tokens": NewToken,
}
"""Requests that send or fetch something, or need an empty watcher or a person: they are held against their models."""


@pytest.fixture
def document(desk: World) -> dict[str, Any]:
    return create_app(desk.app, clock=desk.clock).openapi()


def list_operations(document: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            yield f"{method.upper()} {path}", operation


def test_every_body_and_every_answer_has_an_example(document: dict[str, Any]) -> None:
    without = []
    for name, operation in list_operations(document):
        bodies = [operation["requestBody"]] if "requestBody" in operation else []
        answers = [answer for status, answer in operation["responses"].items() if status.startswith("2")]
        for content in (described.get("content", {}).get("application/json") for described in (*bodies, *answers)):
            if content is not None and "example" not in content:
                without.append(name)

    assert without == []
    assert set(REQUESTS) <= {name for name, _operation in list_operations(document)}


def test_every_example_of_an_answer_is_what_its_model_says(document: dict[str, Any]) -> None:
    checked = 0
    for _name, operation in list_operations(document):
        status = next(status for status in operation["responses"] if status.startswith("2"))
        content = operation["responses"][status].get("content", {}).get("application/json")
        if content is None:
            continue
        schema = content["schema"].get("anyOf", [content["schema"]])[0]
        validate(MODELS[schema["$ref"].rpartition("/")[2]], content["example"])
        checked += 1

    assert checked > 40


@pytest.mark.parametrize("name", sorted(set(REQUESTS) - set(SENT_ELSEWHERE)))
def test_every_example_of_a_request_is_accepted(name: str, desk: World, client: httpx.Client) -> None:
    method, _space, path = name.partition(" ")
    names = {"topic_id": "eyes", "hit_id": 1, "proposal_id": 1, "story_id": 3, "note_id": 1, "view_id": 1}
    names["name"] = "daily" if "/digests/" in path else "files"
    params = {"url": "https://harbour.example/feed.xml"} if name == "PATCH /api/v1/feeds" else {}

    def send() -> httpx.Response:
        """Send the example."""
        sent, headers = REQUESTS[name], {"If-Match": "*"}
        return client.request(method, path.format(**names), json=sent, params=params, headers=headers)

    answer = send()
    # The forms of words are read from a file at the first query that asks for them.
    deadline = time.monotonic() + 60
    while answer.status_code == 503 and time.monotonic() < deadline:
        time.sleep(0.2)
        answer = send()

    # Nothing is proposed here, and no story has been split; what is sent is understood all the same.
    is_there = not any(f"/{part}/" in path for part in ("proposals", "stories", "notes", "views"))
    assert answer.status_code in ((200, 201) if is_there else (200, 404)), answer.text


@pytest.mark.parametrize(("name", "model"), SENT_ELSEWHERE.items())
def test_an_example_that_is_not_sent_here_is_what_its_model_says(name: str, model: Any) -> None:
    body = REQUESTS[name]

    validated = TypeAdapter(model).validate_python(body, strict=True)
    assert (validated.model_dump(exclude_unset=True) if isinstance(validated, BaseModel) else validated) == body
    assert [find_pack(pack).name for pack in body.get("packs", [])] == body.get("packs", [])


def test_the_page_shows_every_endpoint(document: dict[str, Any], client: httpx.Client) -> None:
    page = client.get("/api/docs")

    shown = re.findall(r'<span class="method \w+">(\w+)</span> <code>([^<]+)</code>', page.text)
    assert page.headers["content-type"].startswith("text/html")
    assert shown == [tuple(name.split(" ")) for name, _operation in list_operations(document)]
    assert "<script>" not in page.text
    assert re.findall(r'(?:src|href)="(?:https?:)?//', page.text) == []
    assert '<a href="/api/docs">API</a>' in client.get("/topics").text


def test_a_request_is_pasted_from_the_page(desk: World, client: httpx.Client) -> None:
    page = client.get("/api/docs").text
    requests = [
        unescape(text) for text in re.findall(r'<pre [^>]*aria-label="Request: GET [^>]*>(.*?)</pre>', page, re.S)
    ]
    topic = next(text for text in requests if text.rstrip("'").endswith("/api/v1/topics/eyes"))
    edit = next(unescape(text) for text in re.findall(r">(curl -X PATCH [^<]*/topics/eyes[^<]*)</pre>", page))

    for text in (topic, edit):
        done = subprocess.run(["bash", "-c", f"{text} -sS --noproxy '*'"], capture_output=True, text=True, timeout=30)
        assert json.loads(done.stdout)["id"] == "eyes", (done.stdout, done.stderr)
    assert desk.app.settings.topics[0].tags == ("transport",)


def test_a_token_is_named_where_one_is_needed(document: dict[str, Any]) -> None:
    add_examples(document)

    endpoints = [
        endpoint for _subject, endpoint in list_endpoints(document, "https://news.example/desk", needs_token=True)
    ]

    assert all('-H "Authorization: Bearer $WATCHER_TOKEN"' in endpoint.request for endpoint in endpoints)
    assert all("https://news.example/desk/api/v1/" in endpoint.request for endpoint in endpoints)
