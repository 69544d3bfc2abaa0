"""The text that stands for an entry is bounded, and its sentences lie where they say, in any script."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from watcher.meaning.passage import build_passage
from watcher.text.sentences import find_sentences

SPLITS = {
    "Ministers met. They agreed on nothing.": ["Ministers met.", "They agreed on nothing."],
    "U.S. officials met Gen. Smith at 3.5 p.m. on Monday. Nobody came.": [
        "U.S. officials met Gen. Smith at 3.5 p.m. on Monday.", "Nobody came.",
    ],
    "He asked: “Why?” Nobody knew…  Then it rained!": ["He asked: “Why?”", "Nobody knew…", "Then it rained!"],
    "部长会面。没有结果！为什么？": ["部长会面。", "没有结果！", "为什么？"],
    "اجتمع الوزراء. لماذا؟ لا أحد يعلم.": ["اجتمع الوزراء.", "لماذا؟", "لا أحد يعلم."],
    "मंत्री मिले। कुछ नहीं हुआ।": ["मंत्री मिले।", "कुछ नहीं हुआ।"],
    "Headline without an end\nAnd a second line": ["Headline without an end", "And a second line"],
    "": [],
    " \n ": [],
}  # fmt: skip


@pytest.mark.parametrize("text", SPLITS)
def test_sentences_are_split_where_a_reader_would(text: str) -> None:
    assert [sentence.text for sentence in find_sentences(text)] == SPLITS[text]


@settings(deadline=None)
@given(st.text(alphabet=st.sampled_from('aB .!?…。؟।\n"”)А中'), max_size=60))
def test_sentences_lie_where_they_say_in_order_and_lose_no_word(text: str) -> None:
    sentences = find_sentences(text)

    assert all(text[sentence.start : sentence.end] == sentence.text for sentence in sentences)
    assert all(first.end <= second.start for first, second in pairwise(sentences))
    assert "".join("".join(sentence.text.split()) for sentence in sentences) == "".join(text.split())


def test_passage_is_the_title_and_the_start_of_the_summary() -> None:
    assert build_passage("A  title ", "A summary", "Content") == "A title\nA summary"
    assert build_passage("A title", "  ", "Content") == "A title\nContent"
    assert build_passage("A title", "") == "A title"
    assert build_passage("A title", "A title") == "A title"
    assert build_passage("", "Only a summary") == "Only a summary"
    assert build_passage("T", "word " * 1_000) == "T\n" + ("word " * 60)
