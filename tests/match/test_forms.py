"""Inflections of a word."""

from __future__ import annotations

import gc

import pytest

from watcher.match import inflections, parse_query
from watcher.match.inflections import INFLECTED_LANGUAGES, get_inflections
from watcher.text.tokenizer import tokens


@pytest.mark.parametrize("word", ["nation", "america", "partner", "well-known", "state"])
def test_every_form_is_a_word_as_texts_are_split(word: str) -> None:
    for form in get_inflections(word):
        assert tokens(form) == [form]


def test_an_inflection_brings_its_kin() -> None:
    assert get_inflections("share") == get_inflections("shared") == {"share", "shares", "shared", "sharing"}


def test_a_language_without_a_table_is_refused() -> None:
    assert "xx" not in INFLECTED_LANGUAGES
    with pytest.raises(KeyError):
        get_inflections("word", "xx")


def test_the_words_of_a_query_are_looked_up_in_one_walk_and_the_table_let_go() -> None:
    words = [f"{a}{b}{c}" for a in "bcdfg" for b in "aeiou" for c in "lmnrst"]
    parse_query(" OR ".join(f"{word}~gv" for word in words))

    tables = [table for table in gc.get_objects() if type(table).__name__ == "MappingStrToByteString"]

    assert all((word, "gv") in inflections._known for word in words)
    assert not tables


def test_words_behind_a_scope_or_a_sign_are_looked_up_with_all_others() -> None:
    inflections.load_query_inflections(["title:dogsbody~ AND (text:(rowlock~) OR =dovecote~)"])

    assert {("dogsbody", "en"), ("rowlock", "en"), ("dovecote", "en")} <= inflections._known.keys()
