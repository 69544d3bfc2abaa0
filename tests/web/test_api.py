"""The API: the contract's filters and JSON, cursors, faults as problems."""

from __future__ import annotations

import time
from datetime import timedelta

import httpx
import pytest

from tests.contract.models import validate
from tests.web.site import World
from watcher.app.deadlines import REQUEST_TIME
from watcher.contract import topics
from watcher.contract.deliveries import DeliveryList
from watcher.contract.digests import DigestList
from watcher.contract.entries import EntryDetail, EntryList
from watcher.contract.feeds import FeedDetail, FeedList
from watcher.contract.hits import Hit, HitList
from watcher.contract.problems import Problem
from watcher.contract.status import Status
from watcher.contract.stories import Story, StoryList
from watcher.contract.topics import TopicDetail, TopicList
from watcher.errors import BusyError
from watcher.pipeline.digests import compose_now
from watcher.topics.archive_scan import ArchiveScan
from watcher.topics.query_test import search_archive
from watcher.web.deadlines import QueryParser


def test_hits_are_said_as_the_contract_says(client: httpx.Client) -> None:
    answer = client.get("/api/v1/hits").json()

    assert set(answer) == {"hits", "next_cursor", "searched_back_to"}
    [cyber, *eyes] = answer["hits"]
    assert [hit["topic"] for hit in eyes] == ["eyes", "eyes"]
    assert (cyber["topic"], cyber["entry"]["source"], cyber["entry"]["version"]) == ("cyber", "The Capital Ledger", 2)
    assert eyes[0]["story"]["size"] == 2
    evidence = eyes[0]["evidence"][0]
    assert eyes[0]["entry"]["title"][evidence["start"] : evidence["end"]] == evidence["text"] == "Five Eyes"


@pytest.mark.parametrize(
    ("params", "count"),
    [
        pytest.param({"topic": "eyes"}, 2, id="topic"),
        pytest.param([("topic", "eyes"), ("topic", "cyber")], 3, id="two topics"),
        pytest.param({"source": "the harbour post"}, 1, id="a source by name"),
        pytest.param({"source": "ledger.example"}, 2, id="a source by host"),
        pytest.param({"q": "title:cyber"}, 1, id="a search"),
        pytest.param({"search": "title:cyber"}, 1, id="the same by its other name"),
        pytest.param({"since": "2026-03-02T12:45Z"}, 2, id="since"),
        pytest.param({"until": "2026-03-02T12:45Z"}, 1, id="until"),
        pytest.param({"language": "en"}, 3, id="language"),
        pytest.param({"label": "none"}, 3, id="not judged"),
        pytest.param({"label": "relevant"}, 0, id="judged relevant"),
        pytest.param({"baseline": "true"}, 0, id="baseline"),
    ],
)
def test_filters_narrow_the_hits(client: httpx.Client, params: object, count: int) -> None:
    assert len(client.get("/api/v1/hits", params=params).json()["hits"]) == count  # type: ignore[arg-type]


def test_cursors_lead_through_all_hits_once(client: httpx.Client) -> None:
    seen, cursor = [], None
    while True:
        answer = client.get("/api/v1/hits", params={"limit": 1, **({"cursor": cursor} if cursor else {})})
        body = answer.json()
        seen += [hit["id"] for hit in body["hits"]]
        cursor = body["next_cursor"]
        assert ("next" in answer.links) == (cursor is not None)
        if cursor is None:
            break

    assert seen == sorted(set(seen), reverse=True)
    assert len(seen) == 3


@pytest.mark.parametrize(
    ("path", "status"),
    [
        pytest.param("/api/v1/hits?cursor=garbage", 400, id="a cursor that is none"),
        pytest.param("/api/v1/hits?cursor=ZW50cmllczo1", 400, id="a cursor of another list"),
        pytest.param("/api/v1/hits?topic=eye", 400, id="an unknown topic"),
        pytest.param("/api/v1/hits?since=soon", 400, id="a time that is none"),
        pytest.param("/api/v1/hits?limit=0", 422, id="a limit out of bounds"),
        pytest.param("/api/v1/hits?q=%00", 422, id="a search with NUL"),
        pytest.param("/api/v1/hits?story=99999999999999999999", 422, id="a number beyond all"),
        pytest.param("/api/v1/hits/999", 404, id="a hit that is not there"),
        pytest.param("/api/v1/stories/999", 404, id="a story that is not there"),
        pytest.param("/api/v1/topics/nobody", 404, id="a topic that is not there"),
        pytest.param("/api/v1/feeds/show?url=nowhere", 404, id="a feed that is not there"),
        pytest.param("/api/v1/nothing", 404, id="an address that is not there"),
    ],
)
def test_faults_are_problems(client: httpx.Client, path: str, status: int) -> None:
    answer = client.get(path)

    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    problem = validate(Problem, answer.json())
    assert problem["status"] == status
    assert problem["detail"]


def test_an_unknown_topic_is_answered_with_the_nearest(client: httpx.Client) -> None:
    assert "did you mean 'eyes'" in client.get("/api/v1/hits?topic=eyess").json()["detail"]


def test_a_query_that_cannot_be_read_says_where(client: httpx.Client) -> None:
    problem = client.get("/api/v1/entries", params={"q": "spy AND\n (five"}).json()

    assert (problem["status"], problem["line"]) == (400, 2)
    assert problem["column"] > 0


def test_entries_hold_what_no_topic_matched(client: httpx.Client) -> None:
    answer = client.get("/api/v1/entries", params={"q": "petrel*"}).json()

    validate(EntryList, answer)
    assert [entry["entry"]["title"] for entry in answer["entries"]] == ["Storm petrels return"]
    assert answer["entries"][0]["evidence"][0]["text"] == "petrels"


def test_an_entry_shows_its_earlier_versions(client: httpx.Client) -> None:
    hit = client.get("/api/v1/hits?topic=cyber").json()["hits"][0]

    entry = client.get(f"/api/v1/entries/{hit['entry']['id']}").json()

    validate(EntryDetail, entry)
    assert [version["title"] for version in entry["versions"]] == ["Cyber Command told to stand down"]
    assert entry["title"] == "Cyber Command told to pause"


def test_a_judgement_is_recorded_and_taken_back(client: httpx.Client) -> None:
    hit_id = client.get("/api/v1/hits").json()["hits"][0]["id"]

    answer = client.put(f"/api/v1/hits/{hit_id}/label", json={"label": "relevant"})

    assert answer.json() == {"id": hit_id, "label": "relevant"}
    assert client.get(f"/api/v1/hits/{hit_id}").json()["label"] == "relevant"
    client.put(f"/api/v1/hits/{hit_id}/label", json={"label": "none"})
    assert client.get(f"/api/v1/hits/{hit_id}").json()["label"] is None


def test_a_topic_is_tried_on_a_text(client: httpx.Client) -> None:
    answer = client.post("/api/v1/topics/test", json={"topic": "cyber", "text": "Cyber Command lost at chess"}).json()

    validate(topics.TestedText, answer)
    assert answer["matched"] is False
    assert any(part["matched"] for part in answer["clauses"])


def test_a_query_is_tried_on_the_archive(client: httpx.Client) -> None:
    answer = client.post("/api/v1/topics/test", json={"query": "@spies", "since": "1d"}).json()

    validate(topics.TestedArchive, answer)
    assert (len(answer["matches"]), answer["tested"]) == (2, 5)


@pytest.mark.parametrize(
    ("body", "status"),
    [
        pytest.param({}, 400, id="neither query nor topic"),
        pytest.param({"query": "a", "topic": "eyes"}, 400, id="both"),
        pytest.param({"query": "("}, 400, id="a query that cannot be read"),
        pytest.param({"query": "  "}, 400, id="an empty query"),
        pytest.param({"topic": "nobody"}, 404, id="a topic that is not there"),
        pytest.param({"query": "a", "surprise": 1}, 422, id="an unknown key"),
        pytest.param({"query": "a\ud800"}, 422, id="half a character"),
    ],
)
def test_a_trial_that_makes_no_sense_is_a_problem(client: httpx.Client, body: dict[str, object], status: int) -> None:
    import json

    headers = {"content-type": "application/json"}
    answer = client.post("/api/v1/topics/test", content=json.dumps(body).encode(), headers=headers)

    assert answer.status_code == status
    validate(Problem, answer.json())


def test_a_topic_is_tried_as_it_was_compiled(desk: World, client: httpx.Client) -> None:
    (desk.folder / "topics.yaml").write_text("topics: [{id: eyes, query: 'petrel*'}]\n", "utf-8")
    desk.app.matcher.query("eyes")

    answer = client.post("/api/v1/topics/test", json={"topic": "eyes", "text": "The Five Eyes met."}).json()

    assert answer["matched"] is True
    assert answer["clauses"][0]["text"] == '"five eyes"'


def test_a_query_that_takes_too_long_on_a_text_stops(client: httpx.Client) -> None:
    query = "aaa"
    for _level in range(20):
        query = f"({query}) NEAR/3 bbb"
    text = "aaa bbb " * 25_000

    begun = time.monotonic()
    answer = client.post("/api/v1/topics/test", json={"query": query, "text": text, "summary": text})

    assert answer.status_code == 413
    assert "too long" in validate(Problem, answer.json())["detail"]
    assert time.monotonic() - begun < 3 * REQUEST_TIME.total_seconds()


def test_the_archive_is_searched_for_as_long_as_there_is_time(desk: World) -> None:
    query = desk.app.matcher.query("eyes")

    search = search_archive(ArchiveScan(desk.app.database), query, is_over=lambda: True)

    assert (search.count, search.searched_back_to is not None) == (1, True)
    assert search.tested < search_archive(ArchiveScan(desk.app.database), query).tested


def test_whoever_asks_while_inflections_are_looked_up_is_told_to_ask_again() -> None:
    parser = QueryParser()

    with pytest.raises(BusyError):
        parser.parse("haus~de", {}, timedelta())

    for _try in range(500):
        try:
            assert "hauses" in str(parser.parse("haus~de", {}, timedelta(seconds=1)).query)
            break
        except BusyError:
            continue
    else:
        pytest.fail("the inflections were never there")


@pytest.mark.parametrize(
    ("path", "model"),
    [
        pytest.param("/api/v1/hits", HitList, id="hits"),
        pytest.param("/api/v1/hits/1", Hit, id="a hit"),
        pytest.param("/api/v1/entries", EntryList, id="entries"),
        pytest.param("/api/v1/stories", StoryList, id="stories"),
        pytest.param("/api/v1/stories/1", Story, id="a story"),
        pytest.param("/api/v1/topics", TopicList, id="topics"),
        pytest.param("/api/v1/topics/eyes", TopicDetail, id="a topic"),
        pytest.param("/api/v1/feeds", FeedList, id="feeds"),
        pytest.param("/api/v1/feeds/show?url=https://ledger.example/feed.xml", FeedDetail, id="a feed"),
        pytest.param("/api/v1/digests", DigestList, id="digests"),
        pytest.param("/api/v1/deliveries", DeliveryList, id="deliveries"),
        pytest.param("/api/v1/status", Status, id="status"),
    ],
)
def test_answers_are_what_the_document_says(client: httpx.Client, path: str, model: type) -> None:
    answer = client.get(path)

    assert answer.status_code == 200
    validate(model, answer.json())


@pytest.mark.parametrize(
    ("path", "allowed"),
    [
        pytest.param("/api/v1/channels", "GET, HEAD, POST", id="two routes at one address"),
        pytest.param("/api/v1/hits/1/label", "PUT", id="a judgement"),
        pytest.param("/api/v1/hits", "GET, HEAD", id="a list"),
    ],
)
def test_a_method_that_is_not_allowed_is_told_those_that_are(client: httpx.Client, path: str, allowed: str) -> None:
    answer = client.delete(path)

    assert (answer.status_code, answer.headers["allow"]) == (405, allowed)


def test_a_topic_is_a_feed_of_its_hits(client: httpx.Client) -> None:
    atom = client.get("/topics/eyes.atom")
    feed = client.get("/topics/eyes.json").json()

    assert atom.headers["content-type"].startswith("application/atom+xml")
    assert "<mark>" in atom.text.replace("&lt;", "<").replace("&gt;", ">")
    assert len(feed["items"]) == 2
    assert client.get("/topics/eyes.atom", headers={"if-none-match": atom.headers["etag"]}).status_code == 304
    assert client.get("/topics/nobody.atom").status_code == 404


def test_metrics_are_named_and_typed(client: httpx.Client) -> None:
    text = client.get("/metrics").text

    assert 'watcher_hits_total{topic="eyes"} 2.0' in text
    assert 'watcher_feeds{health="fresh"} 2.0' in text
    assert "# TYPE watcher_poll_lag_seconds gauge" in text


def test_digests_are_a_feed_of_their_own(desk: World, client: httpx.Client) -> None:
    name = desk.app.settings.subscriptions[0].name
    made = compose_now(desk.app.database, desk.app.press(), name, desk.clock())
    atom = client.get("/digests.atom")

    assert made is not None
    assert f"<id>urn:news-watcher:digests:{made.id}</id>" in atom.text
    assert "Five Eyes" in atom.text
    assert client.get("/digests.atom", headers={"if-none-match": atom.headers["etag"]}).status_code == 304
