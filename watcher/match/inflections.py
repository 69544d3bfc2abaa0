"""Inflections of a word, from simplemma's tables turned around; looked up when a query is parsed, never per entry."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping

from watcher.text.tokenizer import tokens

_LANGUAGE_CODES = (
    "ast bg ca cs cy da de el en enm es et fa fi fr ga gd gl gv hbs hi hu hy id is it ka la lb lt lv mk ms nb nl nn pl"
    " pt ro ru se sk sl sq sv sw tl tr uk"
)
INFLECTED_LANGUAGES = frozenset(_LANGUAGE_CODES.split())
"""The languages that simplemma has a table for."""

# Not the scope or the sign before a word: `title:share~`.
_INFLECTED_WORD = re.compile(r"([^\s()\"'/{}:=\u2019\u201c-\u201e\u00ab\u00bb~-]+)~([a-z]{2,3})?")
_known: dict[tuple[str, str], frozenset[str]] = {}
_MAX_KNOWN_WORDS = 50_000


def get_inflections(word: str, language: str = "en") -> frozenset[str]:
    """Return a word's inflections, folded, itself among them; raises KeyError for a language without a table.

    `shared~` has those of `share~`. A word that the table does not know has only itself. Loading a table takes a moment
    for some languages and seconds for others: callers that need several words load them together (`load_inflections`).
    """
    if language not in INFLECTED_LANGUAGES:
        raise KeyError(language)
    forms = _known.get((word, language))
    return forms if forms is not None else _load([word], language)[word]


def load_inflections(words: Iterable[tuple[str, str]]) -> None:
    """Load the inflections of words, each with its language: all of a language in one walk through its table.

    What was loaded stays known; the tables, of which some take 600 MB, do not stay.
    """
    unknown: dict[str, dict[str, None]] = {}
    for word, language in words:
        if (word, language) not in _known:
            unknown.setdefault(language, {})[word] = None
    for language, of_language in unknown.items():
        if language in INFLECTED_LANGUAGES:
            _load(of_language, language)


def load_query_inflections(texts: Iterable[str]) -> None:
    """Load the inflections that many queries need before they are parsed one by one."""
    load_inflections(
        (word, language or "en") for text in texts if "~" in text for word, language in _INFLECTED_WORD.findall(text)
    )


def _load(words: Collection[str], language: str) -> Mapping[str, frozenset[str]]:
    """Return the inflections of some words and keep them: every form in the table that has one of their lemmas."""
    lemma_of = _load_table(language)
    forms_of: dict[str, set[str]] = {}
    words_of_lemma: dict[str, list[str]] = {}
    for word in words:
        forms_of[word] = {word.lower()}
        for spelling in {word.lower(), word.capitalize()}:  # German nouns have a capital letter
            lemma = lemma_of.get(spelling, spelling)
            forms_of[word].add(lemma)
            for key in {spelling, lemma}:
                words_of_lemma.setdefault(key, []).append(word)
    for form, lemma in lemma_of.items():
        if lemma in words_of_lemma and form != lemma:
            for word in words_of_lemma[lemma]:
                forms_of[word].add(form)
    loaded: dict[str, frozenset[str]] = {}
    for word, forms in forms_of.items():
        # As texts are split: the tables hold possessives and hyphenated forms, which are no words of a text.
        split = (tokens(form) for form in forms)
        loaded[word] = frozenset(words[0] for words in split if len(words) == 1)
    if len(_known) > _MAX_KNOWN_WORDS:
        _known.clear()
    _known.update(((word, language), forms) for word, forms in loaded.items())
    return loaded


def _load_table(language: str) -> Mapping[str, str]:
    from simplemma.strategies.dictionaries.dictionary_factory import DefaultDictionaryFactory

    # A factory that caches tables is part of a reference cycle, which would keep the last one until a collection.
    return DefaultDictionaryFactory(cache_max_size=0).get_dictionary(language)
