"""Inflections of a word."""

from __future__ import annotations

import pytest

from watcher.match.forms import LANGUAGES, forms_of
from watcher.text.canon import tokens


@pytest.mark.parametrize("word", ["nation", "america", "partner", "well-known", "state"])
def test_every_form_is_a_word_as_texts_are_split(word: str) -> None:
    for form in forms_of(word):
        assert tokens(form) == [form]


def test_an_inflection_brings_its_kin() -> None:
    assert forms_of("share") == forms_of("shared") == {"share", "shares", "shared", "sharing"}


def test_a_language_without_a_table_is_refused() -> None:
    assert "xx" not in LANGUAGES
    with pytest.raises(KeyError):
        forms_of("word", "xx")
