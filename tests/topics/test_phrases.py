"""What stands out in a text."""

from __future__ import annotations

import pytest

from watcher.topics.keyphrases import Term, extract_terms


def kinds(title: str, text: str) -> dict[str, str]:
    return {term.text: term.kind for term in extract_terms(title, text)}


def counts(title: str, text: str) -> dict[str, int]:
    return {term.text: term.count for term in extract_terms(title, text)}


def test_a_name_is_large_for_its_own_sake() -> None:
    kind_of = kinds(
        "", "Officials met Anna Example in Oslo. Former officials met her. The talks went on, said Ms Example."
    )

    assert kind_of == {"Anna Example": "name", "Oslo": "name", "Example": "name"}


def test_a_word_that_only_begins_a_sentence_is_no_name() -> None:
    kind_of = kinds("", "Ships sank. Many ships left Harbour Town. Storms came.")

    assert kind_of == {"Harbour Town": "name"}


def test_common_words_belong_to_a_name_but_do_not_begin_one() -> None:
    kind_of = kinds("", "It is said that New Zealand and the United Arab Emirates met The Five Eyes on Monday in May.")

    assert set(kind_of) == {"New Zealand", "United Arab Emirates", "Five Eyes"}


def test_a_link_joins_the_words_of_a_name_but_not_two_names() -> None:
    count_of = counts(
        "", "Anna Sample of Harbour Watch visited the Bank of Norway. Harbour Watch left, and Norway too."
    )

    assert count_of == {"Anna Sample": 1, "Harbour Watch": 2, "Bank of Norway": 1, "Norway": 1}


def test_acronyms_lose_their_dots_and_keep_their_case() -> None:
    kind_of = kinds("", "The U.S. and NATO agree, and so does the U.S. navy, it told us.")

    assert kind_of == {"US": "acronym", "NATO": "acronym"}


def test_a_dotted_acronym_ends_no_sentence() -> None:
    [term] = [term for term in extract_terms("", "The U.S. navy sails. The navy waits.") if term.text == "US"]

    assert term.sentences == {1}


@pytest.mark.parametrize(
    ("text", "term"),
    [
        pytest.param("They call it a “cyber détente” now.", "cyber détente", id="English"),
        pytest.param("Man nennt es „hybride Angriffe“ heute.", "hybride Angriffe", id="German"),
        pytest.param("Альянс «Пять глаз» молчит.", "Пять глаз", id="Russian"),
        pytest.param("他们称之为「网络司令部」。", "网络司令部", id="Chinese"),
    ],
)
def test_quoted_terms_stand_out_in_any_quotes(text: str, term: str) -> None:
    assert kinds("", text)[term] == "quoted"


def test_quoted_speech_is_no_term() -> None:
    kind_of = kinds("", "“We are very concerned,” she said. “These discussions are already taking place today.”")

    assert "quoted" not in kind_of.values()


def test_a_phrase_stands_out_when_it_comes_again() -> None:
    count_of = counts("", "An oil spill again. They saw the oil spill. Later a gas leak.")

    assert count_of == {"oil spill": 2}


def test_a_headline_in_title_case_gives_no_names_of_its_own_but_confirms_those_of_the_text() -> None:
    terms = {
        t.text: t for t in extract_terms("Storm Hits Harbour Town During Night", "A storm hit Harbour Town at night.")
    }

    assert set(terms) == {"Harbour Town"}
    assert 0 in terms["Harbour Town"].sentences


def test_a_language_that_writes_nouns_large_needs_more_than_a_large_letter() -> None:
    text = (
        "Die Behörde prüft den Schaden am Kabel. Der Hafen und das Schiff liegen still. Die Regierung sieht den Vorfall"
        " als Angriff. Das Ministerium nennt die Sache einen Anschlag auf das Netz. Die Fähre fährt nach Rostock."
        " Der Kapitän sah das Kabel nicht. In Rostock wartet der Zoll. Auch Rostock bleibt offen."
        " Die Polizei befragt die Besatzung, und die Versicherung zahlt den Schaden an der Ladung."
    )

    kind_of = kinds("", text)

    assert kind_of["Rostock"] == "name"
    assert not {"Behörde", "Schiff", "Polizei", "Ladung"} & set(kind_of)


def test_text_without_capitals_or_blanks_has_phrases_too() -> None:
    chinese = counts("", "五眼联盟讨论。昨日五眼联盟发言，五眼联盟很忙。")
    arabic = counts("", "قال تحالف العيون الخمس. ثم اجتمع تحالف العيون الخمس.")

    assert chinese["五眼联盟"] == 3
    assert arabic["تحالف العيون الخمس"] == 2


def test_the_weightiest_come_first_and_the_headline_weighs() -> None:
    terms = extract_terms("Ferry sinks off Port Example", "Elsewhere, Other Town slept. A boat from Port Example came.")

    assert [term.text for term in terms if len(term.words) == 2][:2] == ["Port Example", "Other Town"]


@pytest.mark.parametrize("text", ["", "   \n", "!!! ??? …", "😀 😀", "123 456 123 456", "«»„“", "A", "的的的的的"])
def test_texts_that_say_nothing_have_nothing_that_stands_out(text: str) -> None:
    assert [term for term in extract_terms("", text) if isinstance(term, Term) and term.count > 9] == []
    assert extract_terms(text, "") == () or text == "A"


def test_a_very_long_text_takes_no_longer_than_it_should() -> None:
    assert extract_terms("", "Aa Bb " * 200_000)
