"""Names and numbers of reports, and the keys by which they are one in several languages."""

from __future__ import annotations

import pytest

from watcher.stories.names import build_name_key, extract_name_keys, extract_names, is_title_case
from watcher.stories.numbers import extract_numbers


@pytest.mark.parametrize(
    "spellings",
    [
        ("Dragomirov", "Драгомиров", "Δραγκομίροφ", "დრაგომიროვ"),
        ("Karimzade", "Каримзаде", "كريمزاده", "Καριμζαντέ"),
        ("Tremlett", "Тремлетт", "טרמלט"),
        ("Benedek", "Бенедек", "بنيديك"),
    ],
)
def test_one_name_has_one_key_in_every_alphabet(spellings: tuple[str, ...]) -> None:
    keys = {build_name_key(spelling).rstrip("f") for spelling in spellings}

    assert len({key[:4] for key in keys}) == 1


def test_short_words_have_no_key() -> None:
    assert build_name_key("Oslo") == ""
    assert build_name_key("") == ""


def test_names_are_runs_of_capitals_inside_sentences() -> None:
    names = extract_names(
        "Ferry aground off Sandholm", "Captain Ada Brenneke called for tugs. Nobody was hurt, said the owner, Norlinie."
    )

    assert [name.text for name in names] == ["Sandholm", "Ada Brenneke", "Norlinie"]


def test_title_case_headline_has_no_certain_names() -> None:
    assert is_title_case("Minister Calls Early Vote After Budget Fails")
    assert not is_title_case("Minister calls early vote after budget fails in Sandholm")
    assert extract_names("Minister Calls Early Vote After Budget Fails", "") == ()
    assert build_name_key("Budget") in extract_name_keys("Minister Calls Early Vote After Budget Fails", "").possible


def test_alphabet_without_capitals_has_possible_names_alone() -> None:
    keys = extract_name_keys("وصل دراغوميروف إلى العاصمة", "")

    assert not keys.certain
    assert build_name_key("دراغوميروف") in keys.possible


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("5 tys. ofiar", "5000"),
        ("5.000 Menschen", "5000"),
        ("5 000 personnes", "5000"),
        ("5 хиляди души", "5000"),
        ("10万人", "100000"),
        ("٢٨ قتيلا", "28"),
        ("magnitude 7,4", "7.4"),
        ("magnitude 7.4", "7.4"),
        ("1.5 million people", "1.5e+06"),
        ("1,5 Mio. Euro", "1.5e+06"),
        ("40 %", "p40"),
        ("40 Prozent", "p40"),
        ("the 32nd member", "o32"),
        ("32-м членом", "o32"),
        ("32. üyesi oldu", "o32"),
        ("the third time", "o3"),
        ("w trzeci dzień", "o3"),
    ],
)
def test_one_number_has_one_key_in_every_language(text: str, key: str) -> None:
    assert key in {number.key for number in extract_numbers(text)}


def test_years_and_times_are_no_numbers_of_a_report() -> None:
    assert extract_numbers("In 2026, at 12:30") == ()
