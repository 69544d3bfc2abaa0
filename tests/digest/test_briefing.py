"""A digest that briefs: each story once, the most important first, with who was first, who copied and what is new."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from tests.digest.told import COVERAGE, HOUR, NOON, digest, told
from watcher.channels.slack.render import render_slack
from watcher.contract.digests import encode_digest_content
from watcher.digest.compose import compose_digest
from watcher.digest.format_helpers import format_subject
from watcher.digest.html import render_html
from watcher.digest.markdown import render_markdown
from watcher.digest.plain import render_text
from watcher.model.digest import Digest, ImportanceWeights, Subscription
from watcher.model.digest_story import DigestHit, StoryHistory, StoryStatus
from watcher.model.event import EventReport
from watcher.model.topic import Topic
from watcher.stories import summarise_event

TOPICS = (Topic(id="eyes", name="Five Eyes", query=""), Topic(id="grid", name="Grid", query=""))
MONDAY_SLOT = NOON - timedelta(hours=5)


def report(entry_id: int, outlet: str, **how: object) -> EventReport:
    given: dict[str, object] = {
        "entry_id": entry_id, "title": f"Five Eyes partners meet, report {entry_id}", "outlet": outlet,
        "language": "en", "first_seen_at": NOON - HOUR,
    }  # fmt: skip
    return EventReport(**(given | how))  # type: ignore[arg-type]


def compose(hits: list[DigestHit], histories: dict[int, StoryHistory] | None = None, **how: object) -> Digest:
    given: dict[str, object] = {"name": "daily", "schedule": "0 7 * * *", "channels": ("mail",), "title": "The day"}
    before = how.pop("held_before", ())
    subscription = Subscription(**(given | how))  # type: ignore[arg-type]
    return compose_digest(
        subscription, NOON, hits, TOPICS, COVERAGE, (NOON - 24 * HOUR, NOON), histories=histories or {},
        held_before=before,  # type: ignore[arg-type]
    )  # fmt: skip


def history(*reports: EventReport, **how: object) -> StoryHistory:
    return StoryHistory(facts=summarise_event(reports, languages=("en",)), **how)  # type: ignore[arg-type]


def test_a_story_with_two_topics_stands_once_and_counts_once_everywhere() -> None:
    hits = [told(1, topic_id="eyes", story_id=1), told(2, entry_id=1, topic_id="grid", story_id=1)]

    composed = compose([*hits, told(3, story_id=3, title="Grid operator warns of a long night")])

    assert composed.story_count == 2
    assert [label.name for label in composed.stories[0].labels] == ["Five Eyes", "Grid"]
    assert format_subject(composed).endswith(", and 1 more")
    assert render_html(composed).count('class="row"') == 2
    assert "2 stories from 2 reports" in render_text(composed)
    assert "2 stories from 2 reports" in str(render_slack(composed))
    data = encode_digest_content(composed)
    assert (len(data["stories"]), data["story_count"]) == (2, 2)
    assert [[story["story"] for story in topic["stories"]] for topic in data["topics"]] == [[1, 3], [1]]


def test_each_topic_of_a_story_is_judged_on_a_hit_of_its_own() -> None:
    [story] = compose([told(1, story_id=1), told(2, entry_id=1, topic_id="grid", story_id=1)]).stories

    assert [(label.topic_id, label.hit_id) for label in story.labels] == [("eyes", 1), ("grid", 2)]


def test_many_independent_outlets_stand_before_one_with_a_better_match() -> None:
    wide = [told(n, story_id=1, source=f"Outlet {n}", score=0.5) for n in range(1, 5)]

    composed = compose([told(9, story_id=9, score=0.95), *wide])

    assert [story.id for story in composed.stories] == [1, 9]
    explained = [story["importance"]["explanation"] for story in encode_digest_content(composed)["stories"]]
    assert explained[0].startswith("4 independent outlets, ")
    assert "matches its topic strongly" in explained[1]


def test_the_five_most_important_say_why_in_text_and_slack_as_in_json() -> None:
    composed = compose([told(n, story_id=n, source=f"Outlet {n}", score=n / 10) for n in range(1, 8)])

    explained = [story["importance"]["explanation"] for story in encode_digest_content(composed)["stories"]]
    text, slack = " ".join(render_text(composed).split()), str(render_slack(composed))
    assert all(explained)
    assert text.count("Importance: ") == slack.count("Importance: ") == 5
    for why in explained[:5]:
        assert f"Importance: {why}" in text
        assert f"Importance: {why}" in slack
    assert "Importance" not in render_text(compose([told(1), told(2)]))


def test_weights_of_importance_are_the_subscription_s() -> None:
    wide = [told(n, story_id=1, source=f"Outlet {n}", score=0.2) for n in range(1, 5)]
    by_match = ImportanceWeights(outlets=0, novelty=0, match=1, freshness=0)

    composed = compose([told(9, story_id=9, score=0.95), *wide], importance=by_match)

    assert [story.id for story in composed.stories] == [9, 1]


def test_a_feed_that_weighs_more_lifts_its_story() -> None:
    histories = {2: history(report(2, "Wire"), source_weight=5.0)}

    composed = compose([told(1, story_id=1), told(2, story_id=2, source="Wire")], histories)

    assert [story.id for story in composed.stories] == [2, 1]


def test_the_first_publisher_counts_by_publication_and_copies_stand_apart() -> None:
    reports = [
        report(1, "Northern Post", published_at=NOON - 2 * HOUR),
        report(2, "Harbour Times", published_at=NOON - 6 * HOUR),
        report(3, "Wire", published_at=NOON - HOUR, copy=True),
    ]

    [story] = compose([told(1, story_id=1)], {1: history(*reports)}).stories

    assert story.facts.first.outlet == "Harbour Times"
    assert (story.independent_outlets, story.facts.copies) == (2, 1)
    for written in (render_text(compose([told(1, story_id=1)], {1: history(*reports)})),):
        assert "First: Harbour Times, 06:00. Then Northern Post 10:00. 1 copy." in written


def test_a_story_that_was_reported_continues_and_says_since_when_and_what_is_new() -> None:
    known = report(1, "Northern Post", text="The partners met in Ottawa on Monday to talk about radar data.",
                   first_seen_at=NOON - 9 * HOUR)  # fmt: skip
    new = report(2, "Wire", text="A second meeting was called for 14 March at short notice by Canberra.")
    histories = {1: history(known, new, reported_at=MONDAY_SLOT - 24 * HOUR, reported_in=7)}

    composed = compose([told(2, story_id=1, source="Wire"), told(3, story_id=1, source="Post")], histories)
    with_lead = compose([told(3, story_id=1, entry_id=3), told(2, story_id=1, source="Wire", score=0.1)], histories)

    [story] = composed.stories
    assert story.status is StoryStatus.CONTINUES
    assert "[Continues from Sunday’s digest]" in render_text(composed)
    assert "What is new:" in render_text(with_lead)
    assert "A second meeting was called" in render_html(with_lead)


def test_a_story_that_only_gained_copies_is_not_sent_again_and_its_hits_are_done_with() -> None:
    reports = [report(1, "Northern Post"), report(2, "Wire", copy=True)]
    histories = {1: history(*reports, reported_at=MONDAY_SLOT, reported_in=7)}

    composed = compose([told(2, story_id=1, source="Wire")], histories)

    assert (composed.story_count, composed.silent, composed.hits) == (0, 1, (2,))
    assert "1 earlier story only gained copies." in render_text(composed)


def test_a_copy_in_a_story_that_was_never_reported_is_reported() -> None:
    histories = {1: history(report(1, "Northern Post"), report(2, "Wire", copy=True))}

    assert compose([told(2, story_id=1, source="Wire")], histories).story_count == 1


def test_the_headline_is_in_the_reader_s_language_with_the_lead_beneath() -> None:
    foreign = told(1, story_id=1, title="Пять глаз: партнёры договорились", language="ru", score=0.9)
    histories = {
        1: history(
            report(1, "Вечерняя", title="Пять глаз: партнёры договорились", language="ru"),
            report(2, "Wire", title="Five Eyes partners agree", url="https://wire.example/2"),
        )
    }

    composed = compose([foreign, told(2, story_id=1, title="Five Eyes partners agree", score=0.1)], histories)

    assert composed.stories[0].headline.title == "Five Eyes partners agree"
    assert format_subject(composed) == "The day: Five Eyes partners agree"
    for written in (render_html(composed), render_text(composed), render_markdown(composed)):
        assert "Пять глаз: партнёры договорились" in written


def test_the_first_digest_offers_what_the_feeds_held_before_without_making_it_a_member() -> None:
    before = [told(n, baseline=True, title=f"Five Eyes history, part {n}") for n in range(1, 15)]

    composed = compose([told(50)], held_before=before)

    assert (composed.story_count, composed.hits) == (1, (50,))
    assert (len(composed.held_before), composed.held_before_count) == (10, 14)
    assert "Before watching began (the 10 most important of 14 stories)" in render_text(composed)
    assert "Before watching began" in render_html(composed)
    assert "Before watching began" in str(render_slack(composed))


@pytest.mark.parametrize(
    ("published", "shown"),
    [
        pytest.param(NOON - HOUR, "11:00.", id="at once"),
        pytest.param(NOON - 9 * HOUR, "03:00, seen 11:00.", id="seen much later"),
        pytest.param(NOON - 30 * HOUR, "Sun 06:00, seen 11:00.", id="of the day before"),
        pytest.param(NOON + 9 * HOUR, "11:00.", id="in the future"),
        pytest.param(None, "11:00.", id="unknown"),
    ],
)
def test_times_are_those_of_publication_where_they_are_plausible(published: object, shown: str) -> None:
    composed = digest([told(1, published_at=published)])

    assert f"First: Northern Post, {shown}" in render_text(composed)


def test_few_stories_are_their_own_brief() -> None:
    assert "In brief" not in render_text(digest([told(1), told(2)]))
    assert "In brief" in render_text(digest([told(n) for n in range(3)]))


def test_slack_opens_with_one_message_that_holds_the_brief() -> None:
    messages = render_slack(digest([told(n) for n in range(12)]))

    assert "In brief" in str(messages[0]["blocks"])
    assert "47 of 52 feeds" in str(messages[0]["blocks"])
    assert len(messages[0]["blocks"]) <= 12
    assert "report 7" not in str(messages[0]["blocks"])
    assert "report 7" in str([message["blocks"] for message in messages[1:]])


def test_an_edited_headline_shows_what_changed_word_by_word() -> None:
    hit = told(1, title="Ottawa will host the meeting", edited=True, former_title="London will host the meeting")

    page = render_html(digest([replace(hit, evidence=())]))

    assert "<del>London</del>" in page
    assert ">Ottawa</ins>" in page
