"""Inflections of a word, from simplemma's tables turned around; looked up when a query is read, never per entry."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping

from watcher.text.tokenizer import tokens

INFLECTED_LANGUAGES = frozenset(
    [
        "ast",
        "bg",
        "ca",
        "cs",
        "cy",
        "da",
        "de",
        "el",
        "en",
        "enm",
        "es",
        "et",
        "fa",
        "fi",
        "fr",
        "ga",
        "gd",
        "gl",
        "gv",
        "hbs",
        "hi",
        "hu",
        "hy",
        "id",
        "is",
        "it",
        "ka",
        "la",
        "lb",
        "lt",
        "lv",
        "mk",
        "ms",
        "nb",
        "nl",
        "nn",
        "pl",
        "pt",
        "ro",
        "ru",
        "se",
        "sk",
        "sl",
        "sq",
        "sv",
        "sw",
        "tl",
        "tr",
        "uk",
    ]
)


# Not the scope or the sign before a word: `title:share~`.
_WANTED = re.compile(r"([^\s()\"'/{}:=\u2019\u201c-\u201e\u00ab\u00bb~-]+)~([a-z]{2,3})?")
_known: dict[tuple[str, str], frozenset[str]] = {}
_MOST_KNOWN = 50_000


def get_inflections(word: str, language: str = "en") -> frozenset[str]:
    """Give a word's inflections, folded, itself among them; raises KeyError for a language without a table.

    `shared~` gives what `share~` gives. A word the table does not know has only itself. Reading a table takes a moment,
    some take seconds: whoever asks for several words has them looked up together before.
    """
    if language not in INFLECTED_LANGUAGES:
        raise KeyError(language)
    found = _known.get((word, language))
    return found if found is not None else _learn([word], language)[word]


def load_inflections(wanted: Iterable[tuple[str, str]]) -> None:
    """Look up words, each with its language: all of a language in one walk through its table.

    What was looked up stays known; the tables, of which some take 600 MB, do not stay.
    """
    new: dict[str, dict[str, None]] = {}
    for word, language in wanted:
        if (word, language) not in _known:
            new.setdefault(language, {})[word] = None
    for language, words in new.items():
        if language in INFLECTED_LANGUAGES:
            _learn(words, language)


def load_query_inflections(texts: Iterable[str]) -> None:
    """Look up the inflections that many queries ask for before they are read one by one."""
    load_inflections(
        (word, language or "en") for text in texts if "~" in text for word, language in _WANTED.findall(text)
    )


def _learn(words: Collection[str], language: str) -> Mapping[str, frozenset[str]]:
    lemma_of = _table(language)
    found: dict[str, set[str]] = {}
    lemmas: dict[str, list[str]] = {}
    for word in words:
        found[word] = {word.lower()}
        for spelt in {word.lower(), word.capitalize()}:  # German writes its nouns large
            lemma = lemma_of.get(spelt, spelt)
            found[word].add(lemma)
            for each in {spelt, lemma}:
                lemmas.setdefault(each, []).append(word)
    for form, lemma in lemma_of.items():
        if lemma in lemmas and form != lemma:
            for word in lemmas[lemma]:
                found[word].add(form)
    learnt: dict[str, frozenset[str]] = {}
    for word, forms in found.items():
        # As texts are split: the tables hold possessives and hyphenated forms, which are no words of a text.
        split = (tokens(each) for each in forms)
        learnt[word] = frozenset(words[0] for words in split if len(words) == 1)
    if len(_known) > _MOST_KNOWN:
        _known.clear()
    _known.update(((word, language), forms) for word, forms in learnt.items())
    return learnt


def _table(language: str) -> Mapping[str, str]:
    from simplemma.strategies.dictionaries.dictionary_factory import DefaultDictionaryFactory

    # A factory that remembers tables is a circle, which would keep the last one until the collector comes by.
    return DefaultDictionaryFactory(cache_max_size=0).get_dictionary(language)
