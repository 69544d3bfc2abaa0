"""Inflections of a word, from simplemma's tables turned around; looked up when a query is read, never per entry."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

from watcher.text.canon import tokens

LANGUAGES = frozenset(
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


_WANTED = re.compile(r"([^\s()\"'/{}\u2019\u201c-\u201e\u00ab\u00bb~-]+)~([a-z]{2,3})?")
_known: dict[tuple[str, str], frozenset[str]] = {}
_MOST_KNOWN = 50_000
_held: dict[str, Mapping[str, str]] = {}
"""The table that was read last. Some take 200 MB, so that only one is held, and none for long."""


def forms_of(word: str, language: str = "en") -> frozenset[str]:
    """Give a word's inflections, folded, itself among them; raises KeyError for a language without a table.

    `shared~` gives what `share~` gives. A word the table does not know has only itself.
    """
    if language not in LANGUAGES:
        raise KeyError(language)
    if (word, language) not in _known:
        _learn([word], language)
    return _known[word, language]


def prepare(texts: Iterable[str]) -> None:
    """Look up the inflections that queries ask for, all of a language in one walk through its table."""
    wanted: dict[str, set[str]] = {}
    for text in texts:
        for word, language in _WANTED.findall(text) if "~" in text else ():
            wanted.setdefault(language or "en", set()).add(word)
    for language, words in wanted.items():
        if language in LANGUAGES and (new := [word for word in words if (word, language) not in _known]):
            _learn(new, language)


def forget_tables() -> None:
    """Let go of the table that was read last; what was looked up stays known."""
    _held.clear()


def _learn(words: Sequence[str], language: str) -> None:
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
    if len(_known) > _MOST_KNOWN:
        _known.clear()
    for word, forms in found.items():
        # As texts are split: the tables hold possessives and hyphenated forms, which are no words of a text.
        split = (tokens(each) for each in forms)
        _known[word, language] = frozenset(words[0] for words in split if len(words) == 1)


def _table(language: str) -> Mapping[str, str]:
    from simplemma.strategies.dictionaries.dictionary_factory import DefaultDictionaryFactory

    if language not in _held:
        table = DefaultDictionaryFactory(cache_max_size=1).get_dictionary(language)
        _held.clear()
        _held[language] = table
    return _held[language]
