"""Inflections of a word, from simplemma's tables turned around; looked up when a query is read, never per entry."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from functools import cache, lru_cache

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


@lru_cache(maxsize=4096)
def forms_of(word: str, language: str = "en") -> frozenset[str]:
    """Give a word's inflections, folded, itself among them; raises KeyError for a language without a table.

    `shared~` gives what `share~` gives. A word the table does not know has only itself.
    """
    if language not in LANGUAGES:
        raise KeyError(language)
    lemma_of, forms = _tables(language)
    found = {word.lower()}
    for spelt in {word.lower(), word.capitalize()}:  # German writes its nouns large
        lemma = lemma_of.get(spelt, spelt)
        found |= {lemma, *forms.get(spelt, ()), *forms.get(lemma, ())}
    # As texts are split: the tables hold possessives and hyphenated forms, which are no words of a text.
    split = (tokens(each) for each in found)
    return frozenset(words[0] for words in split if len(words) == 1)


@cache
def _tables(language: str) -> tuple[Mapping[str, str], dict[str, list[str]]]:
    from simplemma.strategies.dictionaries.dictionary_factory import DefaultDictionaryFactory

    lemma_of = DefaultDictionaryFactory().get_dictionary(language)
    forms: dict[str, list[str]] = defaultdict(list)
    for form, lemma in lemma_of.items():
        if form != lemma:
            forms[lemma].append(form)
    return lemma_of, dict(forms)
