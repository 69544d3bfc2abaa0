"""Links for unsubscribing and for judging: ours, whole, and nobody else's."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watcher.digest.feedback_links import sign_feedback, verify_feedback
from watcher.digest.links import Links
from watcher.digest.unsubscribe_links import sign_unsubscribe, verify_unsubscribe
from watcher.model.digest import Unsubscription

KEY = b"a key that nobody else has"
READER = Unsubscription(subscription="daily", channel="mail", recipient="a@desk.example")


@given(st.text(max_size=40), st.text(max_size=40), st.text(max_size=200))
def test_a_link_for_leaving_says_who_leaves_what(name: str, channel: str, recipient: str) -> None:
    leaving = Unsubscription(subscription=name, channel=channel, recipient=recipient)

    token = sign_unsubscribe(KEY, leaving)

    assert verify_unsubscribe(KEY, token) == leaving
    assert re.fullmatch(r"[A-Za-z0-9_.-]+", token)


@given(st.data())
def test_a_link_that_was_changed_anywhere_is_nobodys(data: st.DataObject) -> None:
    token = data.draw(st.sampled_from([sign_unsubscribe(KEY, READER), sign_feedback(KEY, 17, "relevant")]))
    place = data.draw(st.integers(0, len(token) - 1))
    letter = data.draw(st.sampled_from("AZaz09_-.").filter(lambda c: c != token[place]))
    changed = token[:place] + letter + token[place + 1 :]

    assert verify_unsubscribe(KEY, changed) is None
    assert verify_feedback(KEY, changed) is None


def test_a_link_for_judging_is_none_for_leaving_and_the_other_way_round() -> None:
    assert verify_unsubscribe(KEY, sign_feedback(KEY, 1, "relevant")) is None
    assert verify_feedback(KEY, sign_unsubscribe(KEY, READER)) is None


@pytest.mark.parametrize("token", ["", ".", "x", "e30.AAAAAAAAAAAAAAAAAAAAAA", "9" * 5000, "1.r." + "ä" * 22])
def test_what_is_no_link_of_ours_is_refused(token: str) -> None:
    assert verify_unsubscribe(KEY, token) is None
    assert verify_feedback(KEY, token) is None


def test_another_key_makes_other_links() -> None:
    assert verify_unsubscribe(b"another key", sign_unsubscribe(KEY, READER)) is None
    assert verify_feedback(b"another key", sign_feedback(KEY, 1, "relevant")) is None


def test_without_a_page_or_a_key_there_are_no_signed_links() -> None:
    bare = Links(base_url="https://watch.example")

    assert bare.leave(READER) is None
    assert bare.label(1, "relevant") is None
    assert (
        replace(bare, secret=KEY).leave(READER) == f"https://watch.example/unsubscribe/{sign_unsubscribe(KEY, READER)}"
    )
    assert Links(secret=KEY).leave(READER) is None
    assert "key" not in repr(Links(base_url="x", secret=KEY))


def test_a_judgement_that_there_is_not_is_refused() -> None:
    with pytest.raises(ValueError, match="maybe"):
        sign_feedback(KEY, 1, "maybe")
