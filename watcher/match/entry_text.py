"""The words of an entry's fields and, computed only where they are needed, their positions in the text."""

from __future__ import annotations

from functools import cached_property
from urllib.parse import urlsplit

from watcher.match.fields import TEXT_FIELDS
from watcher.model.entry import StoredEntry
from watcher.text.tokenizer import (
    encode_folded,
    find_word_span,
    index_text,
    join_words,
    list_offsets,
    list_word_spans,
    part_words,
    split_written_words,
    tokens,
)

FIELD_BARRIER = "\x01"
"""A word that no text has: phrases end at the end of a field."""

MAX_LINEAR_LOOKUPS = 12
"""After so many words of a field were looked up, the positions of all are indexed."""

MAX_SINGLE_SPANS = 8
"""After so many places of a field were looked up, those of all its words are listed."""


class EntryText:
    """An entry's words by field, split once and shared by all queries that are matched against it."""

    def __init__(self, stored: StoredEntry) -> None:
        self.stored = stored
        self._words: dict[str, list[str]] = {}
        self._written_words: dict[str, list[str]] = {}
        self._spans: dict[str, list[tuple[int, int]]] = {}
        self._positions: dict[str, dict[str, list[int]]] = {}
        self._lookups: dict[str, int] = {}
        self._located: dict[str, tuple[int, str | None]] = {}
        self._folded: tuple[str, ...] | None = None

    def text(self, field: str) -> str:
        """Return a field as it is stored; tags come one a line."""
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
        """Return a field's folded words."""
        words = self._words.get(field)
        if words is None:
            words = self._words[field] = tokens(self.text(field)) if field != "tags" else self._split_tags()
        return words

    def _split_tags(self) -> list[str]:
        """Return the words of the tags, with a barrier between two tags that no phrase reaches across."""
        words: list[str] = []
        spans: list[tuple[int, int]] = []
        start = 0
        for tag in self.stored.entry.item.tags:
            words += tokens(tag) if not words else [FIELD_BARRIER, *tokens(tag)]
            if spans:
                spans.append((start, start))
            spans += [(start + begin, start + end) for begin, end in list_word_spans(tag)]
            start += len(tag) + 1
        self._spans["tags"] = spans
        return words

    def positions(self, field: str) -> dict[str, list[int]]:
        """Return the positions of each word of a field, counted in words from 0."""
        positions = self._positions.get(field)
        if positions is None:
            positions = {}
            for position, word in enumerate(self.words(field)):
                positions.setdefault(word, []).append(position)
            self._positions[field] = positions
        return positions

    def word_positions(self, field: str, word: str) -> list[int]:
        """Return the positions of a word in a field. For few words, looking through beats an index of all."""
        by_word = self._positions.get(field)
        lookups = self._lookups[field] = self._lookups.get(field, 0) + 1
        if by_word is None and lookups > MAX_LINEAR_LOOKUPS:
            by_word = self.positions(field)
        if by_word is not None:
            return by_word.get(word, [])
        words, positions, position = self.words(field), [], -1
        for _time in range(words.count(word)):
            position = words.index(word, position + 1)
            positions.append(position)
        return positions

    def character_span(self, field: str, first: int, last: int) -> tuple[int, int]:
        """Return where the words `first` to `last` (inclusive) begin and end in the field's text, in code points."""
        spans = self._spans.get(field)
        if spans is None:
            count, parted = self._located.get(field) or (0, None if field == "tags" else part_words(self.text(field)))
            if parted is not None and count < MAX_SINGLE_SPANS:
                self._located[field] = (count + 1, parted)
                return find_word_span(parted, first, last)
            spans = self._spans[field] = list_word_spans(self.text(field))
        return spans[first][0], spans[last][1]

    def list_folded_offsets(self, field: str) -> tuple[list[int], list[int]]:
        """Return how far the words of a field stand after where they are among its joined folded words, as
        `list_offsets` does; two empty lists where only a list of all words shows it (`locate_folded`)."""
        parted = part_words(self.text(field))
        return ([], []) if parted is None else list_offsets(parted)

    def locate_folded(self, field: str, start: int, end: int) -> tuple[int, int]:
        """Return where words begin and end in the text of a field whose joined folded words they begin and end at."""
        folded = join_words(self.text(field))[1] if self._folded is None else self._folded[TEXT_FIELDS.index(field)]
        first = folded.count(" ", 0, start)
        return self.character_span(field, first, first + folded.count(" ", start, end))

    def padded_texts(self) -> tuple[str, str]:
        """Return the words of title, summary and content in one string, as written and folded: a blank before and after
        each, and FIELD_BARRIER as a word between fields."""
        written, folded = zip(*(join_words(self.text(field)) for field in TEXT_FIELDS), strict=True)
        self._folded = folded
        between = f" {FIELD_BARRIER} "
        # A field without words leaves no blank of its own.
        return tuple(f" {between.join(texts)} ".replace("  ", " ") for texts in (written, folded))  # type: ignore[return-value]

    def format_index_text(self) -> str:
        """Return the entry's tokens as the archive's index has them: those of its text, its author and its tags."""
        item = self.stored.entry.item
        if self._folded is None:
            return index_text(item.title, item.summary, item.content, item.author, *item.tags)
        return encode_folded(*self._folded, *(" ".join(tokens(text)) for text in (item.author, *item.tags)))

    def written_word(self, field: str, position: int) -> str:
        """Return a word as it is written."""
        return self.written_words(field)[position]

    def written_words(self, field: str) -> list[str]:
        """Return a field's words as they are written."""
        words = self._written_words.get(field)
        if words is None:
            words = self._written_words[field] = split_written_words(self.text(field))
        return words

    @cached_property
    def host(self) -> str:
        try:
            return (urlsplit(self.stored.entry.item.url or "").hostname or "").lower()
        except ValueError:
            return ""

    def field_equals(self, field: str, value: str) -> bool:
        """Return whether `lang` or `domain` has this value: a language with its regions, a domain with its
        subdomains."""
        if field == "lang":
            language = (self.stored.entry.item.language or "").lower()
            return language == value or language.startswith(f"{value}-")
        return self.host == value or self.host.endswith(f".{value}")
