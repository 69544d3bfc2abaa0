"""Writes watcher/stories/places.txt: states and the cities that time zones are named for, in many languages.

    pip install babel && python -m tools.make_places

The names are those of the Unicode CLDR (unicode.org/cldr, Unicode License v3), as Babel carries them.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from pathlib import Path

from babel import Locale
from babel.core import get_global

from watcher.stories.places import MAX_UNSPACED_NAME, stem_place
from watcher.text.tokenizer import tokens

LANGUAGES = [
    "am",
    "ar",
    "az",
    "be",
    "bg",
    "bn",
    "bs",
    "ca",
    "cs",
    "cy",
    "da",
    "de",
    "el",
    "en",
    "es",
    "et",
    "eu",
    "fa",
    "fi",
    "fr",
    "ga",
    "gl",
    "gu",
    "he",
    "hi",
    "hr",
    "hu",
    "hy",
    "id",
    "is",
    "it",
    "ja",
    "ka",
    "kk",
    "km",
    "kn",
    "ko",
    "ky",
    "lo",
    "lt",
    "lv",
    "mk",
    "ml",
    "mn",
    "mr",
    "ms",
    "my",
    "nb",
    "ne",
    "nl",
    "pa",
    "pl",
    "ps",
    "pt",
    "ro",
    "ru",
    "si",
    "sk",
    "sl",
    "sq",
    "sr",
    "sv",
    "sw",
    "ta",
    "te",
    "th",
    "tr",
    "uk",
    "ur",
    "uz",
    "vi",
    "zh",
    "zh_Hant",
]
NOT_STATES = [
    "AC",
    "AS",
    "AI",
    "AN",
    "AQ",
    "AW",
    "AX",
    "BL",
    "BM",
    "BQ",
    "BV",
    "CC",
    "CK",
    "CP",
    "CW",
    "CX",
    "DG",
    "EA",
    "EU",
    "EZ",
    "FK",
    "FO",
    "GF",
    "GG",
    "GI",
    "GP",
    "GS",
    "GU",
    "HM",
    "IC",
    "IM",
    "IO",
    "JE",
    "KY",
    "MF",
    "MP",
    "MQ",
    "MS",
    "NC",
    "NF",
    "NU",
    "PF",
    "PM",
    "PN",
    "QO",
    "RE",
    "SH",
    "SJ",
    "SX",
    "TA",
    "TC",
    "TF",
    "TK",
    "UM",
    "UN",
    "VG",
    "VI",
    "WF",
    "XA",
    "XB",
    "YT",
    "ZZ",
    "JO",
    "TD",
    "OM",
]
"""Dependencies, and states whose English name is a person's or a word's: Jordan, Chad, Oman."""
FURTHER = {
    "US": "usa us u.s. eeuu ee.uu. сша abd eua ηπα ארה״ב אמריקה america américa amerika америка "
    "amerikan américain 美 米",
    "GB": "uk u.k. britain british britanniques britannico británico britische britten британ британия великобритании "
    "бритaнія inghilterra england лондон london londra londres londyn londýn λονδίνο لندن לונדון 倫敦 伦敦",
    "CN": "beijing peking pékin pekín pechino pequim пекин пекін pekin 北京 بكين בייג׳ינג",
    "IN": "delhi mumbai",
    "RU": "rosja rosji rosyjsk russe russes russische russo russa "
    "ruso rusa российск россии росії російськ rus rusya ruskí руск",
    "UA": "kiew kijów kyjev київ киев kiev kyiv kijev kyiv 基輔 基辅 キーウ",
    "FR": "french français française französ francés francese francuski французск",
    "DE": "german allemand deutsch alemán tedesco niemieck немецк німецьк",
    "ES": "spanish español espagnol spanisch spagnolo hiszpańsk",
    "IL": "israeli jerusalem",
    "PS": "gaza palestin",
    "KR": "seoul",
    "MA": "marrakech marrakesh marrakesz",
    "LY": "derna",
    "VE": "caracas",
    "SY": "damascus damas damasco damaskus",
}
GREAT_CITIES = [
    "Europe/Moscow",
    "America/New_York",
    "America/Los_Angeles",
    "America/Chicago",
    "Australia/Sydney",
    "Australia/Melbourne",
    "Asia/Shanghai",
    "America/Toronto",
    "America/Vancouver",
    "America/Sao_Paulo",
    "America/Mexico_City",
    "Asia/Jakarta",
    "Europe/Kiev",
    "Europe/Simferopol",
    "America/Buenos_Aires",
    "Europe/Berlin",
    "Asia/Gaza",
    "Asia/Hebron",
]
UNSPACED = re.compile("[\u3041-\u30ff\u3400-\u9fff]+")
ROOT = Path(__file__).parents[1]


def collect_places() -> dict[str, set[str]]:
    """Return the names by state (ISO 3166), in lower case."""
    places: dict[str, set[str]] = {state: set(words.split()) for state, words in FURTHER.items()}
    zones: dict[str, str] = dict(get_global("zone_territories"))
    zones_of_state = Counter(zones.values())
    zones = {zone: state for zone, state in zones.items() if zones_of_state[state] < 4 or zone in GREAT_CITIES}
    for language in LANGUAGES:
        locale = Locale.parse(language)
        states = {code for code in locale.territories if len(code) == 2 and code.isalpha()} - set(NOT_STATES)
        for state in states:
            places.setdefault(state, set()).add(locale.territories[state].lower())
        for zone, state in zones.items():
            city = dict(locale.time_zones.get(zone, {})).get("city") or zone.rpartition("/")[2].replace("_", " ")
            if state in states and "/" in zone:
                places[state].add(city.lower())
    return places


def format_line(state: str, names: set[str], taken: set[str]) -> str:
    """Return the line of one state; `taken` are the stems that earlier states have."""
    stems, phrases, unspaced = set(), set(), set()
    for name in (unicodedata.normalize("NFC", name) for name in names):
        words = tokens(name)
        if UNSPACED.fullmatch(name):
            if 2 <= len(name) <= MAX_UNSPACED_NAME:
                unspaced.add(name)
        elif len(words) == 1:
            stems |= {words[0], stem_place(words[0])}
        elif len(words) <= 3:
            phrases.add(" ".join(map(stem_place, words)))
    columns = [stems - taken, phrases - taken, unspaced - taken]
    for column in columns:
        taken |= column
    return "\t".join([state, *("|".join(sorted(column)) for column in columns)]) + "\n"


def main() -> None:
    """Write the table, one state a line."""
    taken: set[str] = {""}
    # States with more names come first: of two that share a stem, more is reported of the larger one.
    by_size = sorted(collect_places().items(), key=lambda place: (place[0] not in FURTHER, -len(place[1]), place[0]))
    lines = [format_line(state, names, taken) for state, names in by_size]
    (ROOT / "watcher" / "stories" / "places.txt").write_text("".join(lines), encoding="utf-8")


if __name__ == "__main__":
    main()
