"""An entry as the matcher sees it: the words of its fields, and, only when asked for, where they stand."""

from __future__ import annotations

from functools import cached_property
from urllib.parse import urlsplit

from watcher.match.syntax import TEXT_FIELDS, WORD_FIELDS
from watcher.model.entry import StoredEntry
from watcher.text.tokenizer import joined, places, surfaces, tokens

FIELD_NUMBERS = {name: number for number, name in enumerate(WORD_FIELDS)}

FIELD_BARRIER = "\x01"
"""A word that no text has: phrases end at the end of a field."""


MAX_LINEAR_LOOKUPS = 12
"""After so many words of a field were asked for, the places of all are noted."""


class EntryText:
    """An entry's words by field, made once and shared by all who ask about the entry."""

    def __init__(self, stored: StoredEntry) -> None:
        self.stored = stored
        self._words: dict[str, list[str]] = {}
        self._surfaces: dict[str, list[str]] = {}
        self._places: dict[str, list[tuple[int, int]]] = {}
        self._positions: dict[str, dict[str, list[int]]] = {}
        self._asked: dict[str, int] = {}

    def text(self, field: str) -> str:
        """Give a field as it is stored; tags come one a line."""
        entry = self.stored.entry
        match field:
            case "title":
                return entry.item.title
            case "summary":
                return entry.item.summary
            case "content":
                return entry.item.content
            case "author":
                return entry.item.author
            case "tags":
                return "\n".join(entry.item.tags)
            case "source":
                return entry.source
            case "feed":
                return entry.feed_url
            case "url":
                return entry.item.url or ""
            case _:
                return ""

    def words(self, field: str) -> list[str]:
        """Give a field's folded words."""
        found = self._words.get(field)
        if found is None:
            found = self._words[field] = tokens(self.text(field)) if field != "tags" else self._tag_words()
        return found

    def _tag_words(self) -> list[str]:
        """Give the words of the tags, with something between two that no phrase reaches across."""
        words: list[str] = []
        places_: list[tuple[int, int]] = []
        start = 0
        for tag in self.stored.entry.item.tags:
            words += tokens(tag) if not words else [FIELD_BARRIER, *tokens(tag)]
            if places_:
                places_.append((start, start))
            places_ += [(start + begin, start + end) for begin, end in places(tag)]
            start += len(tag) + 1
        self._places["tags"] = places_
        return words

    def positions(self, field: str) -> dict[str, list[int]]:
        """Give the places of each word of a field."""
        found = self._positions.get(field)
        if found is None:
            found = {}
            for index, word in enumerate(self.words(field)):
                found.setdefault(word, []).append(index)
            self._positions[field] = found
        return found

    def begins(self, field: str, word: str) -> list[int]:
        """Give the places of a word in a field. For few words, looking through beats an index of all."""
        found = self._positions.get(field)
        asked = self._asked[field] = self._asked.get(field, 0) + 1
        if found is None and asked > MAX_LINEAR_LOOKUPS:
            found = self.positions(field)
        if found is not None:
            return found.get(word, [])
        words, places_, at = self.words(field), [], -1
        for _time in range(words.count(word)):
            at = words.index(word, at + 1)
            places_.append(at)
        return places_

    def span(self, field: str, first: int, last: int) -> tuple[int, int]:
        """Tell where words `first` to `last` (inclusive) stand in the field's text."""
        where = self._where(field)
        return where[first][0], where[last][1]

    def padded(self) -> tuple[str, str]:
        """Give the words of title, summary and content in one string, as written and folded: a blank before and after
        each, and the FIELD_BARRIER as a word between fields."""
        written, folded = zip(*(joined(self.text(field)) for field in TEXT_FIELDS), strict=True)
        between = f" {FIELD_BARRIER} "
        # A field without words leaves no blank of its own.
        return tuple(f" {between.join(some)} ".replace("  ", " ") for some in (written, folded))  # type: ignore[return-value]

    def surface(self, field: str, index: int) -> str:
        """Give a word as it is written."""
        return self.surfaces(field)[index]

    def surfaces(self, field: str) -> list[str]:
        """Give a field's words as they are written."""
        found = self._surfaces.get(field)
        if found is None:
            found = self._surfaces[field] = surfaces(self.text(field))
        return found

    @cached_property
    def host(self) -> str:
        try:
            return (urlsplit(self.stored.entry.item.url or "").hostname or "").lower()
        except ValueError:
            return ""

    def whole(self, field: str, value: str) -> bool:
        """Tell whether a field that is compared whole has this value: a language with its regions, a domain with its
        subdomains."""
        if field == "lang":
            language = (self.stored.entry.item.language or "").lower()
            return language == value or language.startswith(f"{value}-")
        return self.host == value or self.host.endswith(f".{value}")

    def _where(self, field: str) -> list[tuple[int, int]]:
        found = self._places.get(field)
        if found is None:
            found = self._places[field] = places(self.text(field))
        return found
