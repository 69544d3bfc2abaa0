"""The language of an item: its own word, the configuration's, what its text shows, and what its feed declares."""

from __future__ import annotations

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from watcher.model.entry import Item
from watcher.text.language_detection import MAX_DETECTED_LENGTH, choose_item_language, choose_language, detect_language

ENGLISH = "The harbour authority closed the northern pier on Tuesday after divers found cracks below the waterline."
GERMAN = "Die Hafenbehörde hat am Dienstag die Nordmole gesperrt, nachdem Taucher Risse unter Wasser gefunden hatten."
FRENCH = (
    "Les autorités du port ont fermé mardi la jetée nord après la découverte de fissures sous la ligne de flottaison."
)
NORWEGIAN = "Havnemyndighetene stengte tirsdag den nordre moloen etter at dykkere fant sprekker under vannlinjen."


@pytest.mark.parametrize(
    ("text", "language"),
    [
        (ENGLISH, "en"),
        (GERMAN, "de"),
        (FRENCH, "fr"),
        ("Las autoridades del puerto cerraron el martes el muelle norte tras hallar grietas.", "es"),
        ("As autoridades do porto fecharam na terça-feira o molhe norte depois de acharem fissuras.", "pt"),
        ("Władze portu zamknęły we wtorek północne molo po wykryciu pęknięć pod linią wody.", "pl"),
        ("Власти порта закрыли во вторник северный причал из-за трещин под водой.", "ru"),
        ("Влада порту закрила у вівторок північний причал через тріщини під водою.", "uk"),
        ("أغلقت سلطات الميناء الرصيف الشمالي يوم الثلاثاء بعد العثور على شقوق", "ar"),
        ("港口當局週二關閉北碼頭，潛水員發現裂縫。", "zh"),
        ("港湾当局は火曜日、北側の桟橋を閉鎖した。", "ja"),
        ("항만 당국은 화요일 북쪽 부두를 폐쇄했다.", "ko"),
        ("बंदरगाह प्रशासन ने मंगलवार को उत्तरी घाट बंद कर दिया।", "hi"),
        ("การท่าเรือปิดท่าเทียบเรือด้านเหนือเมื่อวันอังคาร", "th"),
        (ENGLISH.upper(), "en"),
        (GERMAN.upper(), "de"),
        (f"https://post.example/fr/le-port-est-ferme {GERMAN}", "de"),
        ("地震速報", "zh"),
    ],
)
def test_language_is_detected(text: str, language: str) -> None:
    detected = detect_language(text)

    assert detected is not None
    assert detected.language == language


@pytest.mark.parametrize(
    ("declared", "configured", "feed", "text", "language"),
    [
        pytest.param("sv", "de", "fr", ENGLISH, "sv", id="the item's own word"),
        pytest.param(None, "de", "fr", ENGLISH, "de", id="the configuration's"),
        pytest.param(None, None, None, ENGLISH, "en", id="the text"),
        pytest.param(None, None, "en-GB", ENGLISH, "en-GB", id="the feed's region"),
        pytest.param(None, None, "en", FRENCH, "fr", id="a feed that declares a wrong language"),
        pytest.param(None, None, "en", "Власти порта закрыли причал", "ru", id="another script, however short"),
        pytest.param(None, None, "de", "Live: Black Friday", "de", id="too short to overrule the feed"),
        pytest.param(None, None, "nb", NORWEGIAN, "nb", id="one of a family that is hardly told apart"),
        pytest.param(None, None, "fr", "12:30 – 14/7", "fr", id="no letters"),
        pytest.param(None, None, None, "12:30", None, id="no letters and nothing declared"),
        pytest.param(None, None, None, "Ferry", "en", id="one word and nothing declared"),
    ],
)
def test_who_decides_the_language(
    declared: str | None, configured: str | None, feed: str | None, text: str, language: str | None
) -> None:
    chosen = choose_language(declared, configured, feed, text)

    assert chosen == language or (text == "Ferry" and chosen is not None)


def test_stop_words_of_the_declared_language_settle_it() -> None:
    english = "They were told that the harbour would open again, and how the divers had found their way."

    assert choose_language(None, None, "en-GB", english) == "en-GB"
    assert choose_language(None, None, "de", english) == "en"
    assert choose_language(None, None, "fr", GERMAN) == "de"


def test_title_summary_and_content_are_looked_at_together() -> None:
    item = Item(title="Hafen", content=GERMAN)

    assert choose_item_language(item, None, "en") == "de"


def test_only_the_beginning_of_a_text_counts() -> None:
    assert choose_language(None, None, None, ENGLISH * 10 + FRENCH * 10_000) == "en"
    assert choose_language(None, None, None, "\n" * (3 * MAX_DETECTED_LENGTH)) is None


@given(st.text(max_size=300))
@settings(deadline=None, max_examples=200)
def test_no_text_breaks_the_detector(text: str) -> None:
    assert choose_language(None, None, "en", text)


def test_threads_share_the_detector() -> None:
    texts = [ENGLISH, GERMAN, FRENCH] * 200

    with ThreadPoolExecutor(4) as pool:
        languages = list(pool.map(lambda text: choose_language(None, None, None, text), texts))

    assert languages == ["en", "de", "fr"] * 200


def test_nothing_is_downloaded() -> None:
    code = (
        "import socket, sys\n"
        "def refuse(*_args, **_named): raise OSError('no network in this test')\n"
        "socket.socket.connect = socket.getaddrinfo = refuse\n"
        "from watcher.text.language_detection import detect_language\n"
        f"print(detect_language({GERMAN!r}).language, 'requests' in sys.modules)\n"
    )

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout.split() == ["de", "False"]
