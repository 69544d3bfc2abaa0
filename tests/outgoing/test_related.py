"""What only meaning found, and weak matches: in every form of a digest, at most the budget, never in an alert."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.web.proposed import CARRYING, SENTENCE, TITLES, world_with_proposals
from tests.web.site import World
from watcher.app.judgements import judge_hit
from watcher.channels.slack.render import render_slack
from watcher.contract.digests import encode_digest_content
from watcher.digest.feedback_links import sign_proposal_feedback, verify_feedback, verify_proposal_feedback
from watcher.digest.html import render_html
from watcher.digest.links import Links
from watcher.digest.markdown import render_markdown
from watcher.digest.plain import render_text
from watcher.model.digest import Digest
from watcher.pipeline.digests import DigestContext, compose_now, preview_digest
from watcher.store.hits.search import find_hits
from watcher.store.meaning.relevance import set_relevance

LINKS = Links(base_url="https://desk.example", secret=b"a key of thirty-two bytes, or so")
KEY = b"a key of thirty-two bytes, or so"


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[World]:
    with world_with_proposals(tmp_path / "config") as made:
        yield made


@pytest.fixture
def context(desk: World) -> DigestContext:
    return desk.app.press()


def preview(desk: World, context: DigestContext) -> Digest:
    with desk.app.database.read() as db:
        return preview_digest(db, context, "daily", desk.clock())


def test_a_digest_shows_what_is_proposed_in_every_form(desk: World, context: DigestContext) -> None:
    digest = preview(desk, context)

    html, text, markdown = render_html(digest, LINKS), render_text(digest, LINKS), render_markdown(digest, LINKS)
    slack = str(render_slack(digest, LINKS))
    for form in (html, text, markdown, slack):
        assert "Possibly related" in form
        for title in TITLES:
            assert title in form
    one_line = " ".join(text.split())
    assert SENTENCE in one_line
    assert CARRYING in one_line
    assert SENTENCE in html
    assert CARRYING in html
    for form in (html, text, markdown, slack):
        assert form.count("https://desk.example/label/p") == 4


def test_a_digest_as_data_holds_proposals_and_the_number_of_weak_matches(desk: World, context: DigestContext) -> None:
    content = encode_digest_content(preview(desk, context))

    assert {proposal["title"] for proposal in content["proposals"]} == set(TITLES)
    assert content["proposals"][0]["evidence"][0]["text"] == SENTENCE
    assert content["weak"] == 0


def test_a_digest_holds_at_most_the_budget_the_best_first(desk: World, context: DigestContext) -> None:
    topics = [replace(topic, proposals=1) for topic in context.topics]

    digest = preview(desk, replace(context, topics=topics))

    assert [proposal.title for proposal in digest.proposals] == [TITLES[0]]


def test_proposals_are_shown_once(desk: World, context: DigestContext) -> None:
    first = compose_now(desk.app.database, context, "daily", desk.clock())
    desk.clock.move(hours=1)
    second = compose_now(desk.app.database, context, "daily", desk.clock())

    assert first is not None
    assert second is not None
    assert (len(first.proposals), len(second.proposals)) == (2, 0)


def test_an_alert_holds_no_proposal_and_no_hit_that_a_person_made_of_one(desk: World, context: DigestContext) -> None:
    alert = replace(context.subscriptions[0], name="alert", schedule="immediate")

    with desk.app.database.read() as db:
        digest = preview_digest(db, replace(context, subscriptions=[alert]), "alert", desk.clock())

    assert digest.proposals == ()


def test_weak_matches_stand_at_the_end_and_are_counted(desk: World, context: DigestContext) -> None:
    with desk.app.database.write() as db:
        weak = find_hits(db, limit=9).items
        set_relevance(db, {(hit.topic_id, hit.stored.id): 0.01 for hit in weak if hit.topic_id == "cyber"})

    digest = preview(desk, context)

    assert len(digest.weak) == 1
    assert all(story.lead.topic_id != "cyber" for story in digest.stories)
    for form in (render_html(digest, LINKS), render_text(digest, LINKS), render_markdown(digest, LINKS)):
        assert form.index("1 weak match:") < form.index("Cyber Command told to pause")
    assert "1 weak match:" in str(render_slack(digest, LINKS))
    assert {hit.id for hit in weak} <= set(digest.hits)


def test_what_a_person_judged_relevant_is_not_weak(desk: World, context: DigestContext) -> None:
    with desk.app.database.write() as db:
        hit = next(hit for hit in find_hits(db, limit=9).items if hit.topic_id == "cyber")
        set_relevance(db, {("cyber", hit.stored.id): 0.01})
        judge_hit(db, hit.id, "relevant", desk.clock())

    assert preview(desk, context).weak == ()


def test_hostile_words_of_a_proposal_stay_words(desk: World, context: DigestContext) -> None:
    digest = preview(desk, context)
    hostile = replace(digest.proposals[0], title="<script>x</script>](y) *b* <@U1>", carrying="<img src=x onerror=y>")

    changed = replace(digest, proposals=(hostile,))

    html = render_html(changed, LINKS)
    assert "<script>" not in html
    assert "<img" not in html
    assert "<@U1>" not in str(render_slack(changed, LINKS))
    assert "](y)" not in render_markdown(changed, LINKS).replace("\\](y)", "")


def test_a_link_of_a_proposal_judges_no_hit() -> None:
    token = sign_proposal_feedback(KEY, 7, "relevant")

    assert verify_proposal_feedback(KEY, token) == (7, "relevant")
    assert verify_feedback(KEY, token) is None
    assert verify_feedback(KEY, token[1:]) is None
    assert verify_proposal_feedback(b"another key", token) is None


def test_a_link_of_a_proposal_asks_before_it_records(desk: World) -> None:
    with desk.client() as client:
        proposal = client.get("/api/v1/proposals").json()["proposals"][0]
        link = f"/label/{sign_proposal_feedback(desk.site.key, proposal['id'], 'irrelevant')}"

        shown = client.get(link)
        assert proposal["entry"]["title"] in shown.text
        assert client.get(f"/api/v1/proposals/{proposal['id']}").json()["state"] == "open"
        client.post(link)

        assert client.get(f"/api/v1/proposals/{proposal['id']}").json()["state"] == "rejected"
