"""The topic builder: what it finds while it is typed, boxes and text as one query, and saving."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest

from tests.plain_http import NO_AUTHORITIES
from tests.store.filled import bring, item
from tests.web.hostile import HOSTILE
from tests.web.site import HARBOUR, World
from tests.web.test_costly import nested
from tests.web.test_gate import form_token
from watcher.model.topic import Topic


def open_form(client: httpx.Client, path: str = "/workbench") -> dict[str, str]:
    """Return the fields of the builder as a browser without a script would send them back."""
    page = client.get(path)
    names = ("was", "opened", "seen_query", "seen_boxes")
    return {"csrf": form_token(page)} | {
        name: page.text.split(f'name="{name}" value="')[1].split('"')[0] for name in names
    }


def preview(client: httpx.Client, form: dict[str, str], **typed: str) -> dict[str, Any]:
    answer = client.post("/workbench/preview", data={**form, **typed})
    assert answer.status_code == 200
    previewed: dict[str, Any] = answer.json()
    return previewed


def get_topic(desk: World, topic_id: str) -> Topic:
    return next(topic for topic in desk.app.settings.topics if topic.id == topic_id)


def test_what_is_typed_is_found_with_its_stories_and_what_is_gained_and_lost(client: httpx.Client) -> None:
    form = open_form(client, "/workbench?topic=eyes")

    shown = preview(client, form, id="eyes", query="ottawa OR petrel*", since="7d", edited="query")

    assert shown["effect"] == "Gains 1, loses 1"
    assert "Storm <mark>petrels</mark> return" in shown["html"]
    assert "Five Eyes partners weigh limits" in shown["html"]
    assert shown["check"]["said"] == "Read as ottawa OR petrel*"
    assert shown["boxes"] == {"all_of": [], "any_of": ["ottawa", "petrel*"], "none_of": []}


def test_two_reports_of_an_event_are_one_story(client: httpx.Client) -> None:
    shown = preview(client, open_form(client), query='"five eyes"', edited="query")

    assert "<dt>Stories</dt><dd>1</dd>" in shown["html"]
    assert "<dt>Items</dt><dd>2</dd>" in shown["html"]
    assert "Gained" not in shown["html"]
    assert shown["effect"] == "Finds 2 items in the last 30 days"


def test_boxes_are_written_as_text_and_text_as_boxes(client: httpx.Client) -> None:
    form = open_form(client)

    boxed = preview(client, form, all_of="officials\r\n", any_of="five eyes\r\ncyber*", none_of="chess", edited="boxes")
    written = preview(client, form, query=boxed["query"], edited="query")
    wide = preview(client, form, query='(a OR b) AND (c NEAR/3 d OR "e f") NOT g NEAR/2 @spies', edited="query")

    assert boxed["query"] == 'officials AND ("five eyes" OR cyber*) NOT chess'
    assert written["boxes"] == {"all_of": ["officials"], "any_of": ["five eyes", "cyber*"], "none_of": ["chess"]}
    assert written["html"] == boxed["html"]
    assert wide["boxes"] is None


@pytest.mark.parametrize(
    ("typed", "message"),
    [
        ({"query": "(", "edited": "query"}, "1:"),
        ({"query": "", "none_of": "chess", "all_of": "", "any_of": "", "edited": "boxes"}, "at least one word"),
        ({"query": "fvey", "all_of": "cyber", "any_of": "", "none_of": ""}, "both changed"),
        ({"query": "x", "since": "yesterday-ish", "edited": "query"}, "yesterday-ish"),
    ],
)
def test_what_cannot_be_read_is_said_and_what_was_typed_stays(
    desk: World, client: httpx.Client, typed: dict[str, str], message: str
) -> None:
    form = open_form(client, "/workbench?topic=eyes") | {"id": "eyes", "about": ""}

    live = preview(client, form, **typed)
    saved = client.post("/workbench", data=form | typed | {"look": "try"})

    assert not live["check"]["ok"]
    assert message in f"{live['check'].get('line')}:{live['check']['said']}"
    assert live["effect"] == ""
    assert saved.status_code == 400
    assert all(f">{value}</textarea>" in saved.text for key, value in typed.items() if key in ("all_of", "none_of"))
    assert get_topic(desk, "eyes").query.strip() == "@spies"


def test_without_a_script_the_side_that_was_edited_counts(desk: World, client: httpx.Client) -> None:
    made = client.post("/workbench", data=open_form(client) | {
        "look": "save", "name": "Cyber <desk>", "query": "",
        "all_of": "cyber", "any_of": "order\norders", "none_of": "",
    })  # fmt: skip
    first = get_topic(desk, "cyber-desk")
    opened = open_form(client, "/workbench?topic=cyber-desk") | {"id": "cyber-desk", "look": "save"}
    boxes = {"all_of": "cyber", "any_of": "order\norders", "none_of": ""}
    client.post("/workbench", data=opened | boxes | {"query": "cyber AND order"})

    assert made.status_code == 303
    assert first.name == "Cyber <desk>"
    assert first.query.strip() == "cyber AND (order OR orders)"
    assert get_topic(desk, "cyber-desk").query.strip() == "cyber AND order"


def test_the_same_topic_is_made_by_boxes_and_by_text(desk: World, client: httpx.Client) -> None:
    text = 'officials AND ("five eyes" OR cyber*) NOT chess'
    sentence = "Allies share less."

    for name, words in (
        ("One", {"query": text}),
        ("Two", {"query": "", "all_of": "officials", "any_of": "five eyes\ncyber*", "none_of": "chess"}),
    ):
        client.post("/workbench", data=open_form(client) | words | {"name": name, "about": sentence, "look": "save"})

    first, two = get_topic(desk, "one"), get_topic(desk, "two")
    assert (first.query, first.about) == (two.query, two.about)
    assert first.query.strip() == text


def test_words_are_taken_from_sentences(client: httpx.Client) -> None:
    form = open_form(client) | {"look": "words", "about": "Cyber Command is told to stop.", "query": ""}

    page = client.post("/workbench", data=form).text

    assert "Cyber Command told to" in page.replace("<mark>", "").replace("</mark>", "")
    assert client.post("/workbench", data=form | {"about": "\n"}).status_code == 400


def test_a_topic_without_a_name_is_refused(client: httpx.Client) -> None:
    answer = client.post("/workbench", data=open_form(client) | {"query": "x", "look": "save"})

    assert answer.status_code == 400
    assert "A topic needs a name." in answer.text


def test_saving_what_was_not_changed_says_so_and_offers_no_undo(desk: World, client: httpx.Client) -> None:
    client.follow_redirects = True
    form = open_form(client, "/workbench?topic=eyes") | {"id": "eyes", "name": "Five Eyes", "look": "save"}
    changed = client.post("/workbench", data=form | {"query": "fvey"}).text
    form = open_form(client, "/workbench?topic=eyes") | {"id": "eyes", "name": "Five Eyes", "look": "save"}

    same = client.post("/workbench", data=form | {"query": "fvey\r\n"}).text

    assert "Changed the topic Five Eyes" in changed
    assert "Undo" in changed
    assert "Nothing changed." in same
    assert "/history/undo" not in same


def test_saving_brings_in_what_the_topic_would_have_found_and_offers_it_once(desk: World, client: httpx.Client) -> None:
    client.follow_redirects = True
    form = open_form(client) | {"name": "Birds", "query": "petrel*", "look": "save", "bring_in": "7"}

    page = client.post("/workbench", data=form).text

    assert "1 hit found in the stored items" in page
    assert "The next digest offers them once." in page
    assert "petrels</mark> return" in client.get("/hits?topic=birds").text
    token = {"csrf": form["csrf"], "name": "daily", "do": "send"}
    assert "Storm petrels return" in client.get("/digests/preview?name=daily").text
    first, second = (client.post("/digests/act", data=token).text for _ in range(2))
    assert "Storm petrels return" in first
    assert "Storm petrels return" not in second


@pytest.mark.parametrize("hostile", HOSTILE)
def test_hostile_news_and_hostile_typing_stay_words(desk: World, client: httpx.Client, hostile: str) -> None:
    bring(desk.app.database, [item(70, f"Gull {hostile}", f"gull {hostile}")], now=desk.clock(), feed=HARBOUR)
    form = open_form(client)

    shown = preview(client, form, query="gull*", edited="query")
    typed = preview(client, form, query=hostile, any_of=hostile, edited="query")
    page = client.post("/workbench", data=form | {
        "look": "try", "name": hostile, "query": "gull*", "about": hostile, "since": hostile, "id": hostile,
    }).text  # fmt: skip

    for html in (shown["html"], typed["html"], page):
        assert "<script>window" not in html
        assert not any(f"<{tag}" in html for tag in ("img", "iframe", "math", "b onmouseover", "svg onload"))
    assert "<dt>Items</dt><dd>1</dd>" in shown["html"]


def test_many_costly_previews_are_answered_in_time(desk: World) -> None:
    long = item(90, "A long one", content="aaa bbb ccc " * 15_000)
    bring(desk.app.database, [long], now=desk.clock(), matcher=desk.app.matcher, feed=HARBOUR)
    with desk.served() as address, httpx.Client(
        base_url=address, timeout=60, trust_env=False, verify=NO_AUTHORITIES, limits=httpx.Limits(max_connections=20)
    ) as client:  # fmt: skip
        form = open_form(client) | {"query": nested(40), "edited": "query"}

        def ask(_number: int) -> tuple[int, float]:
            begun = time.monotonic()
            return client.post("/workbench/preview", data=form).status_code, time.monotonic() - begun

        with ThreadPoolExecutor(12) as pool:
            answers = list(pool.map(ask, range(12)))

    assert {status for status, _took in answers} <= {200, 503}
    assert any(status == 503 for status, _took in answers)
    assert max(took for _status, took in answers) < 12
