"""What two reports share and what differs between them, in several languages and scripts."""

from __future__ import annotations

import numpy as np
import pytest

from watcher.meaning.story_space import build_space, measure_closeness
from watcher.meaning.vectors import Rows, normalize
from watcher.stories.acts import find_acts
from watcher.stories.days import find_weekdays
from watcher.stories.numbers import extract_numbers
from watcher.stories.pair import Closeness, Veto, build_traits, compare_reports, find_veto, score_pair
from watcher.stories.places import find_states

NEAR = Closeness(cosine=0.7, excess=0.9)


@pytest.mark.parametrize(
    "title",
    [
        "Harbour master arrested over missing fuel",
        "Hafenmeister wegen fehlenden Treibstoffs festgenommen",
        "Начальник порта задержан из-за топлива",
        "Начальника порту затримали через пальне",
        "Kapitan portu zatrzymany w sprawie paliwa",
        "اعتقال مدير الميناء بسبب الوقود",
        "港湾長を逮捕 燃料不明で",
    ],
)
def test_arrest_is_one_act_in_every_language(title: str) -> None:
    assert "arrest" in find_acts(title).acts
    assert "verdict" not in find_acts(title).acts


def test_reaction_is_another_side_than_what_happened() -> None:
    assert find_acts("Minister slams strike vote of the ferry crews").sides == {"reaction"}
    assert find_acts("Ferry crews vote to go on strike").sides == frozenset()


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("The ferry sank on Tuesday night.", 1),
        ("Die Fähre sank am Dienstag.", 1),
        ("Паром затонул во вторник.", 1),
        ("Le ferry a coulé mercredi soir.", 2),
        ("Prom zatonął w czwartek.", 3),
        ("Prom zatonął w środę.", 2),
        ("PROM ZATONĄŁ W SOBOTĘ", 5),
        ("W poniedziałku mowa o promie.", 0),
        ("Паром затонул в среду.", 2),
        ("Пором затонув у п'ятницю.", 4),
        ("Пором затонув у пʼятницю.", 4),
        ("Пором затонув у середу.", 2),
        ("Trajekt se potopil ve středu.", 2),
        ("Trajekt je potonuo u srijedu.", 2),
        ("Фериботът потъна в сряда.", 2),
        ("Keltas nuskendo trečiadienį.", 2),
        ("Kompen elsüllyedt szerdán.", 2),
    ],
)
def test_day_of_the_week_is_read_in_its_inflections(text: str, day: int) -> None:
    assert find_weekdays(text) == {day}


@pytest.mark.parametrize(
    "text", ["Серед поранених є діти", "На этой неделе", "Среди пассажиров", "Środek portu", "Четверо пассажиров"]
)
def test_word_that_looks_like_a_day_is_none(text: str) -> None:
    assert find_weekdays(text) == frozenset()


@pytest.mark.parametrize(
    ("written", "key"),
    [
        ("İKİNCİ grev", "o2"),
        ("TROISIÈME SEISME", "o3"),
        ("Troisieme seisme", "o3"),
        ("ЧЕТВЁРТЫЙ ПОЖАР", "o4"),
        ("ctvrty pozar", "o4"),
        ("PIĄTA fala", "o5"),
        ("Δευτερη απεργια", "o2"),
        ("DRITTES Beben", "o3"),
    ],
)
def test_ordinal_is_one_in_capitals_and_without_accents(written: str, key: str) -> None:
    assert [number.key for number in extract_numbers(written)] == [key]


@pytest.mark.parametrize(
    "text",
    [
        "Congress votes on a bill about children",
        "El congreso guarda silencio",
        "Tell us about the service",
        "Silicon servers and mail",
        "Daniel George manages the island",
        "Los indicados ganan atención",
        "Une équipe vient en septembre",
        "Samolot na wyspie, bez winy",
    ],
)
def test_ordinary_word_is_no_state(text: str) -> None:
    assert find_states(text) == frozenset()


@pytest.mark.parametrize(
    ("text", "states"),
    [
        ("The US and Chilean navies", {"US", "CL"}),
        ("U.S. ferry off Cuba", {"US", "CU"}),
        ("Congolese minister in Mali", {"CG", "ML"}),
        ("Island schließt den Hafen", {"IS"}),
        ("Icelandic ferry in Lima", {"IS", "PE"}),
        ("Ferry rosyjski w Chinach", {"RU", "CN"}),
        ("Çin limanı kapattı", {"CN"}),
    ],
)
def test_state_is_read_beside_words_that_look_like_one(text: str, states: set[str]) -> None:
    assert find_states(text) == states


@pytest.mark.parametrize(
    ("text", "state"),
    [
        ("Norway closes two ports", "NO"),
        ("Norwegen schließt zwei Häfen", "NO"),
        ("В Норвегии закрыты два порта", "NO"),
        ("ノルウェーが二つの港を閉鎖", "NO"),
        ("挪威关闭两个港口", "NO"),
        ("النرويج تغلق ميناءين", "NO"),
    ],
)
def test_state_is_one_in_every_script(text: str, state: str) -> None:
    assert state in find_states(text)


@pytest.mark.parametrize(
    ("text", "other", "veto"),
    [
        ("Third quake shakes Sandholm", "Fourth quake shakes Sandholm", Veto.ORDINAL),
        ("Drittes Beben in Sandholm, dritte Warnung", "Четвертое землетрясение в Сандхольме", Veto.ORDINAL),
        ("Captain arrested after the collision", "Captain found guilty over the collision", Veto.ACT),
        ("Who was the captain of the ferry?", "Ferry captain honoured by the king", Veto.SIDE),
        ("Ferry runs aground on Monday", "Ferry runs aground on Thursday", Veto.DAY),
    ],
)
def test_what_differs_forbids_one_event_both_ways(text: str, other: str, veto: Veto) -> None:
    some, others = build_traits(f"{text}\n", "en"), build_traits(f"{other}\n", "de")

    assert find_veto(compare_reports(some, others, NEAR)) is veto
    assert find_veto(compare_reports(others, some, NEAR)) is veto


def test_reports_of_one_event_in_two_languages_are_near_and_those_of_two_are_not() -> None:
    english = build_traits("Ferry with 214 people runs aground off Norway\n", "en")
    german = build_traits("Fähre mit 214 Menschen läuft vor Norwegen auf Grund\n", "de")
    danish = build_traits("Fähre mit 88 Menschen läuft vor Dänemark auf Grund\n", "de")
    closeness = Closeness(cosine=0.4, excess=0.3)

    assert score_pair(english, german, closeness).log_odds > 0
    assert score_pair(english, danish, closeness).log_odds < score_pair(english, german, closeness).log_odds - 2


def test_language_alone_brings_no_vectors_together() -> None:
    """All texts of a language lean to one side; without that, what a text is about decides."""
    chance = np.random.default_rng(3)
    subjects = chance.standard_normal((40, 64))
    lean = 4 * normalize(chance.standard_normal((2, 64)))
    rows: Rows = normalize(np.concatenate([subjects + lean[0] * 4, subjects + lean[1] * 4]))
    languages = ["en"] * 40 + ["uk"] * 40

    placed = build_space(rows, languages).place(rows, languages)

    same_event = [measure_closeness(placed[number], placed[number + 40])[1] for number in range(40)]
    same_language = [measure_closeness(placed[number], placed[number + 1])[1] for number in range(39)]
    assert np.mean(rows[0] @ rows[1:40].T) > np.mean(rows[0] @ rows[40])
    assert min(same_event) > max(same_language)
