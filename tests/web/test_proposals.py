"""Proposals in the API and on the page: listed, judged with undo, and absent where nothing is proposed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.web.proposed import CARRYING, SENTENCE, TITLES, propose, world_with_proposals
from tests.web.site import World, world, world_with_news
from tests.web.test_gate import form_token
from watcher.store.meaning.judgements import load_judgements

API = "/api/v1/proposals"


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[World]:
    with world_with_proposals(tmp_path / "config") as made:
        yield made


@pytest.fixture
def client(desk: World) -> Iterator[httpx.Client]:
    with desk.client() as made:
        yield made


def test_a_proposal_is_answered_with_what_it_is_close_to_and_the_words_that_carry_it(client: httpx.Client) -> None:
    proposals = client.get(API).json()["proposals"]

    first = proposals[0]
    evidence = first["evidence"][0]
    assert {proposal["entry"]["title"] for proposal in proposals} == set(TITLES)
    assert (first["topic"], first["state"], first["model"], first["head_version"]) == (
        "eyes", "open", "tiny-1", "1f0c22d3a9b4",
    )  # fmt: skip
    assert (evidence["kind"], evidence["text"], evidence["field"]) == ("sentence", SENTENCE, "summary")
    assert first["entry"]["summary"][evidence["start"] : evidence["end"]] == CARRYING
    assert client.get(f"{API}/{first['id']}").json() == first


@pytest.mark.parametrize(
    ("params", "count"),
    [
        pytest.param({}, 2, id="all"),
        pytest.param({"topic": "eyes"}, 2, id="the topic"),
        pytest.param({"topic": "cyber"}, 0, id="another topic"),
        pytest.param({"state": "open"}, 2, id="open"),
        pytest.param({"state": ["accepted", "rejected"]}, 0, id="judged"),
        pytest.param({"since": "10m"}, 2, id="since"),
        pytest.param({"until": "10m"}, 0, id="until"),
        pytest.param({"q": "liaison"}, 1, id="a search"),
        pytest.param({"search": "title:liaison"}, 1, id="a search by its other name"),
    ],
)
def test_filters_narrow_the_proposals(client: httpx.Client, params: dict[str, object], count: int) -> None:
    answer = client.get(API, params=params)  # type: ignore[arg-type]

    assert answer.status_code == 200, answer.text
    assert len(answer.json()["proposals"]) == count


def test_cursors_lead_through_all_proposals_once(client: httpx.Client) -> None:
    first = client.get(API, params={"limit": 1})
    second = client.get(API, params={"limit": 1, "cursor": first.json()["next_cursor"]})

    ids = [answer.json()["proposals"][0]["id"] for answer in (first, second)]
    assert len(set(ids)) == 2
    assert 'rel="next"' in first.headers["Link"]
    assert second.json()["next_cursor"] is None


@pytest.mark.parametrize("params", [{"state": "odd"}, {"topic": "eye"}, {"q": "(a"}, {"cursor": "x"}, {"stat": "open"}])
def test_an_invalid_parameter_is_a_problem(client: httpx.Client, params: dict[str, str]) -> None:
    answer = client.get(API, params=params)

    assert answer.status_code in {400, 422}
    assert answer.headers["content-type"] == "application/problem+json"


def test_judged_relevant_a_proposal_becomes_a_hit_and_taking_it_back_reopens_it(client: httpx.Client) -> None:
    proposal = client.get(API).json()["proposals"][0]

    judged = client.put(f"{API}/{proposal['id']}/label", json={"label": "relevant"}).json()

    hits = client.get("/api/v1/hits", params={"found_by": "meaning"}).json()["hits"]
    assert judged == {
        "id": proposal["id"], "topic": "eyes", "label": "relevant", "state": "accepted", "hit": hits[0]["id"],
    }  # fmt: skip
    assert [(hit["entry"]["id"], hit["found_by"], hit["label"]) for hit in hits] == [
        (proposal["entry"]["id"], "meaning", "relevant")
    ]
    undone = client.put(f"{API}/{proposal['id']}/label", json={"label": None}).json()
    assert (undone["state"], undone["label"], undone["hit"]) == ("open", None, None)
    assert client.get("/api/v1/hits", params={"found_by": "meaning"}).json()["hits"] == []


def test_judged_not_relevant_a_proposal_teaches(desk: World, client: httpx.Client) -> None:
    proposal = client.get(API).json()["proposals"][0]

    judged = client.put(f"{API}/{proposal['id']}/label", json={"label": "irrelevant"}).json()

    assert (judged["state"], judged["hit"]) == ("rejected", None)
    with desk.app.database.read() as db:
        assert [str(judgement.verdict) for judgement in load_judgements(db, "eyes")] == ["irrelevant"]


def test_hits_are_those_by_words_unless_others_are_asked_for(client: httpx.Client) -> None:
    proposal = client.get(API).json()["proposals"][0]
    client.put(f"{API}/{proposal['id']}/label", json={"label": "relevant"})

    counts = {
        found_by: len(client.get("/api/v1/hits", params={"found_by": found_by} if found_by else {}).json()["hits"])
        for found_by in ("", "words", "meaning", "all")
    }

    assert counts == {"": 3, "words": 3, "meaning": 1, "all": 4}


def test_an_unknown_proposal_is_not_found(client: httpx.Client) -> None:
    assert client.get(f"{API}/999").status_code == 404
    assert client.put(f"{API}/999/label", json={"label": "relevant"}).status_code == 404


def test_the_page_lists_proposals_and_judges_by_form(client: httpx.Client) -> None:
    page = client.get("/proposals")
    proposal = client.get(API).json()["proposals"][0]
    form = {"csrf": form_token(page), "label": "relevant", "next": "/proposals?topic=eyes"}

    answer = client.post(f"/proposals/{proposal['id']}/label", data=form)

    assert all(title in page.text for title in TITLES)
    assert SENTENCE in page.text
    assert "2 of at most 5 a day" in page.text
    assert (answer.status_code, answer.headers["location"]) == (303, "/proposals?topic=eyes")
    assert client.get(f"{API}/{proposal['id']}").json()["state"] == "accepted"


def test_a_form_without_our_token_judges_no_proposal(client: httpx.Client) -> None:
    client.get("/proposals")
    proposal = client.get(API).json()["proposals"][0]

    for token in ("", "forged"):
        answer = client.post(f"/proposals/{proposal['id']}/label", data={"csrf": token, "label": "relevant"})
        assert answer.status_code == 403
    assert client.get(f"{API}/{proposal['id']}").json()["state"] == "open"


@pytest.mark.parametrize("path", ["/proposals?topic=nope", "/proposals?since=never", "/proposals?q=(a"])
def test_a_filter_that_makes_no_sense_is_answered_in_words(client: httpx.Client, path: str) -> None:
    answer = client.get(path)

    assert answer.status_code == 400
    assert 'role="alert"' in answer.text


def test_the_lists_navigation_and_topic_name_what_waits(client: httpx.Client) -> None:
    for path in ("/hits", "/hits?topic=eyes", "/topics/eyes"):
        page = client.get(path).text
        assert "Possibly related</h2>" in page, path
        assert all(title in page for title in TITLES), path
    assert '<span class="n">2</span>' in client.get("/overview").text


@pytest.mark.parametrize("path", ["/hits", "/topics/eyes", "/hits?topic=cyber", "/overview"])
def test_without_meaning_no_page_has_a_section_for_it(tmp_path: Path, path: str) -> None:
    with world_with_news(tmp_path / "plain") as made:
        with made.client() as plain:
            assert "Possibly related" not in plain.get(path).text.replace("possibly related", "")


def test_weak_hits_are_folded_and_counted(desk: World, client: httpx.Client) -> None:
    from watcher.store.meaning.relevance import set_relevance

    hit = client.get("/api/v1/hits", params={"topic": "cyber"}).json()["hits"][0]
    with desk.app.database.write() as db:
        set_relevance(db, {("cyber", hit["entry"]["id"]): 0.01})

    page = client.get("/hits").text

    fold = page.index("1 weak match: ")
    assert page.index(hit["entry"]["title"].split(" told")[1]) > fold
    assert client.get("/api/v1/hits", params={"topic": "cyber"}).json()["hits"][0]["relevance"] == 0.01


def test_the_order_by_score_uses_words_and_relevance(desk: World, client: httpx.Client) -> None:
    from watcher.store.meaning.relevance import set_relevance

    hits = client.get("/api/v1/hits", params={"order": "score"}).json()["hits"]
    last = hits[-1]
    with desk.app.database.write() as db:
        set_relevance(db, {(hit["topic"], hit["entry"]["id"]): 0.0 for hit in hits[:-1]})
        set_relevance(db, {(last["topic"], last["entry"]["id"]): 1.0})

    ranked: list[int] = []
    cursor = None
    while True:
        page = client.get(
            "/api/v1/hits", params={"order": "score", "limit": 1} | ({"cursor": cursor} if cursor else {})
        )
        ranked += [hit["id"] for hit in page.json()["hits"]]
        cursor = page.json()["next_cursor"]
        if cursor is None:
            break

    assert ranked[0] == last["id"]
    assert sorted(ranked) == sorted(hit["id"] for hit in hits)


def test_hostile_words_of_a_proposal_stay_words_in_every_page(tmp_path: Path) -> None:
    hostile = "<script>window.broken=1</script><img src=x onerror=alert(1)>"
    with world(tmp_path / "hostile") as made:
        made.news()
        propose(made, (hostile, f'"><b>{hostile}'), hostile)
        with made.client() as client:
            proposal = client.get(API).json()["proposals"][0]
            entry = proposal["entry"]["id"]
            for path in ("/proposals", "/hits", "/topics/eyes", f"/entries/{entry}", f"/entries/{entry}/similar"):
                answer = client.get(path)
                assert answer.status_code == 200, path
                assert "<script>window" not in answer.text, path
                assert "<img" not in answer.text, path
            feed = client.get("/topics/eyes.atom", params={"found_by": "all"}).text
            assert "<script>" not in feed
            assert "&amp;lt;script&amp;gt;" in feed


def test_a_topics_feed_holds_proposals_where_they_are_asked_for(client: httpx.Client) -> None:
    counts = {
        found_by: len(
            client.get("/topics/eyes.json", params={"found_by": found_by} if found_by else {}).json()["items"]
        )
        for found_by in ("", "words", "meaning", "all")
    }

    assert counts == {"": 2, "words": 2, "meaning": 2, "all": 4}
    tagged = client.get("/topics/eyes.json", params={"found_by": "meaning"}).json()["items"]
    assert all(item["tags"] == ["eyes", "possibly related"] for item in tagged)
    assert all(title in client.get("/topics/eyes.atom", params={"found_by": "meaning"}).text for title in TITLES)


def test_a_topic_shows_what_it_has_learned_from(client: httpx.Client) -> None:
    proposal = client.get(API).json()["proposals"][0]
    client.put(f"{API}/{proposal['id']}/label", json={"label": "irrelevant"})

    topic = client.get("/api/v1/topics/eyes").json()

    assert topic["about"] == [SENTENCE]
    assert topic["proposals"] == 5
    assert topic["judgements"] == {"relevant": 0, "irrelevant": 1}
    assert topic["head"] is None
    assert "Learned from 1 judgement: 0 relevant, 1 not." in client.get("/topics/eyes").text
