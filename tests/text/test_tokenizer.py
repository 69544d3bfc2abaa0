"""Laws of the canonicaliser: one way to split and fold words, wherever they come from."""

from __future__ import annotations

from bisect import bisect_right

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from watcher.text import normalize
from watcher.text.any_script import list_any_words
from watcher.text.latin import LETTERS, part_latin_words
from watcher.text.normalize import USUAL_MARKS, fold, replace_usual_marks
from watcher.text.tokenizer import (
    encode,
    find_word_span,
    index_text,
    join_words,
    list_offsets,
    list_word_spans,
    part_words,
    split_written_words,
    tokens,
)

PIECES = [
    "U.S.", "us", "it's", "п’ять", "п'ять", 'ארה"ב', "&amp;", "&#39;s", "a.b.c", "é", "e\u0301", "\u00ad", "\u200b",
    "情報", "ไทย", "й", "ё", "'s", "’s", "_", "-", "/", " ", "\n", "“", "”", "N.A.T.O.", "½", "ﬁ", "한국", "العَرَبية",
    "हिन्दी", "1.5", "U.K.'s", "&nbsp;", "&lt", "S", "`s", "…", "Straße", "İ", "ｶﾞ", "・", "\x01", "\ud83d\ude00", "🙂",
]  # fmt: skip
TEXTS = st.one_of(st.lists(st.sampled_from(PIECES), max_size=10).map("".join), st.text(max_size=60))


@settings(max_examples=500, deadline=None)
@given(TEXTS)
def test_tokens_surfaces_and_places_speak_of_the_same_words(text: str) -> None:
    words = tokens(text)

    assert [fold(word) for word in split_written_words(text)] == words
    assert len(list_word_spans(text)) == len(words)
    assert join_words(text) == (" ".join(split_written_words(text)), " ".join(words))


@settings(max_examples=500, deadline=None)
@given(TEXTS)
def test_places_come_in_order_and_lie_in_the_text(text: str) -> None:
    end = 0
    for begin, stop in list_word_spans(text):
        assert end <= begin < stop <= len(text) or (begin, stop) == (begin, end)
        end = stop


@settings(max_examples=500, deadline=None)
@given(TEXTS | st.text(st.sampled_from("abS.'`’ -\n&"), max_size=30), st.data())
def test_the_place_of_some_words_is_that_of_all_listed(text: str, data: st.DataObject) -> None:
    spans, parted = list_word_spans(text), part_words(text)
    if parted is None:
        return
    first = data.draw(st.integers(0, len(spans)))
    last = data.draw(st.integers(first, len(spans)))

    if last < len(spans):
        assert find_word_span(parted, first, last) == (spans[first][0], spans[last][1])
    else:
        with pytest.raises(IndexError):
            find_word_span(parted, first, last)


@settings(max_examples=500, deadline=None)
@given(TEXTS)
def test_words_are_never_empty_and_have_no_blanks(text: str) -> None:
    assert all(word and not any(letter.isspace() for letter in word) for word in tokens(text))


@settings(max_examples=300, deadline=None)
@given(TEXTS)
def test_folding_again_changes_nothing(text: str) -> None:
    words = tokens(text)

    assert tokens(" ".join(words)) == [again for word in words for again in tokens(word)]


@settings(max_examples=300, deadline=None)
@given(TEXTS, st.integers(1, 4))
def test_index_tokens_are_ascii_and_keep_beginnings(text: str, length: int) -> None:
    assert index_text(text).isascii()
    for word in tokens(text):
        assert encode(word).startswith(encode(word[:length]))


LATIN_PIECES = [
    *LETTERS, *(mark for mark, _plain in USUAL_MARKS), *"abSs0.'_,-\n\x00\x01\x1c\x7f\x85", "U.S.", "É.U.", "'s", "€",
    "AT&T", "&eacute;", "\u0301", "½", "🙂", "฿", "ж", "\u2028",
]  # fmt: skip


@settings(max_examples=1_000, deadline=None)
@given(TEXTS | st.lists(st.sampled_from(LATIN_PIECES), max_size=14).map("".join))
def test_tables_split_and_fold_as_the_patterns_over_all_scripts_do(text: str) -> None:
    words = list_any_words(replace_usual_marks(text))

    assert tokens(text) == [fold(word) for word, _start, _end in words]
    assert split_written_words(text) == [word for word, _start, _end in words]
    assert list_word_spans(text) == [(start, end) for _word, start, end in words]


@settings(max_examples=1_000, deadline=None)
@given(TEXTS | st.lists(st.sampled_from(LATIN_PIECES), max_size=14).map("".join))
def test_offsets_lead_from_joined_words_to_their_places_in_the_text(text: str) -> None:
    parted = part_words(text)
    if parted is None:
        return
    places, offsets = list_offsets(parted)

    located, start = [], 0
    for word in tokens(text):
        end = start + len(word)
        located.append(tuple(place + offsets[bisect_right(places, place) - 1] for place in (start, end)))
        start = end + 1

    assert located == list_word_spans(text)


@pytest.mark.parametrize("letter", LETTERS)
def test_each_latin_letter_is_split_by_tables(letter: str) -> None:
    assert part_latin_words(f"a{letter}b {letter}") is not None
    assert tokens(f"a{letter}B {letter}") == [fold(f"a{letter}B"), fold(letter)]


@pytest.mark.parametrize("text", ["Ünal ж", "é 情報", "e\u0301té", "co\u00adopération", "½ é"])
def test_what_tables_have_not_is_left_to_patterns(text: str) -> None:
    assert part_latin_words(text) is None


def test_words_as_long_as_documents_are_not_remembered() -> None:
    long = "ж" * 300_000
    before = sum(map(len, normalize._cache))

    assert index_text(long) == "q00436" * 300_000
    assert sum(map(len, normalize._cache)) - before < 1_000
