"""Slack messages: within every published limit, by our own reading of them and by the models of Slack's library."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given, settings
from slack_sdk.models.blocks import Block

from tests.digest.told import digest, hostile_hits, told
from tests.servers import slack_fault
from watcher.channels.slack.render import render_slack
from watcher.digest.links import Links
from watcher.model.digest import Digest
from watcher.model.digest_story import DigestHit
from watcher.model.topic import Evidence

LINKS = Links(base_url="https://watch.example", secret=b"key")


def sound(messages: list[dict[str, object]]) -> bool:
    for message in messages:
        assert slack_fault(message) is None, slack_fault(message)
        for block in Block.parse_all(message["blocks"]):  # type: ignore[arg-type]
            block.validate_json()
        assert message["blocks"]
    return True


def all_text(messages: list[dict[str, object]]) -> str:
    return str([message["blocks"] for message in messages])


@settings(max_examples=60, deadline=None)
@given(hostile_hits())
def test_no_news_makes_a_message_that_slack_refuses(hits: list[DigestHit]) -> None:
    shown = digest(hits, alarms=("<!here> & far more",), troubles=("<x> " * 200,), title="A <title> & more")

    assert sound(render_slack(shown, LINKS))
    assert "<!" not in all_text(render_slack(shown, LINKS))


def test_a_thousand_stories_end_after_ten_messages_and_say_that_there_is_more() -> None:
    messages = render_slack(digest([told(number, summary="words & more " * 30) for number in range(1000)]), LINKS)

    assert sound(messages)
    assert len(messages) == 10
    assert "There is more than Slack holds" in all_text(messages[-1:])
    assert [message["text"].endswith(f"({n}/10)") for n, message in enumerate(messages, 1)] == [True] * 10


def test_every_story_of_a_long_digest_is_in_one_message_or_another() -> None:
    messages = render_slack(digest([told(number) for number in range(120)]), LINKS)

    assert sound(messages)
    assert all(f"report {number}>" in all_text(messages) for number in range(120))


def test_evidence_is_bold_and_a_judgement_is_a_link() -> None:
    text = "They talk of intelligence sharing again."
    marks = (Evidence(field="summary", start=13, end=33, text="intelligence sharing", clause="c"),)

    shown = all_text(render_slack(digest([told(7, summary=text, evidence=marks)]), LINKS))

    assert "*intelligence sharing*" in shown
    assert "https://watch.example/label/7.r." in shown
    assert "/label/" not in all_text(render_slack(digest([told()]), replace(LINKS, secret=None)))


def test_silence_is_a_message_too() -> None:
    empty: Digest = digest([])

    messages = render_slack(empty, LINKS)

    assert sound(messages)
    assert "Nothing new since" in all_text(messages)
    assert "47 of 52 feeds" in all_text(messages)
