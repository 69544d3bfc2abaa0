"""The matcher's peers: other ways to find which of many saved queries match an item.

SQLite FTS5, tantivy and `re` know less than the topic language. Each is given a query that is as near as it can say and
never narrower, on words that are split for it beforehand; what it would take to check its candidates is not counted.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator, Sequence
from itertools import product
from typing import Any

import ahocorasick_rs

from bench.news import NOON
from watcher.match import EntryText, Query, TopicMatcher
from watcher.match.entry_text import FIELD_BARRIER
from watcher.match.syntax import (
    And,
    AtLeast,
    FieldEquals,
    FieldScope,
    First,
    Inflections,
    Literal,
    Near,
    Node,
    NotNear,
    Or,
    Phrase,
    Prefix,
)
from watcher.model.entry import StoredEntry


def padded(stored: StoredEntry) -> str:
    """Give an item's folded words in one string, a blank before and after each."""
    return EntryText(stored).padded_texts()[1]


class Prepared:
    """An item with the words that engines without a canonicaliser of their own are given."""

    def __init__(self, stored: StoredEntry) -> None:
        reading = EntryText(stored)
        self.stored = stored
        self.columns = tuple(" ".join(reading.words(field)) for field in ("title", "summary", "content"))
        self.padded = padded(stored)


class Engine:
    """A way to match: `step` is how many items it takes at once, `scaled` whether a few items have to do."""

    step = 1
    scaled = False

    def run(self, items: Sequence[Prepared]) -> int:
        """Match items and count what was found."""
        raise NotImplementedError


class BareScan(Engine):
    """The limit: one automaton over the same strings, on the canonical text, and nothing done with what it finds."""

    def __init__(self, patterns: Sequence[str], *, prepared: bool) -> None:
        self._automaton = ahocorasick_rs.AhoCorasick(
            patterns, implementation=ahocorasick_rs.Implementation.ContiguousNFA, store_patterns=False
        )
        self._prepared = prepared

    def run(self, items: Sequence[Prepared]) -> int:
        find = self._automaton.find_matches_as_indexes
        if self._prepared:
            return sum(len(find(item.padded, overlapping=True)) for item in items)
        return sum(len(find(padded(item.stored), overlapping=True)) for item in items)


class Ours(Engine):
    """The matcher: which topics match, or the hits with their spans, as the daemon stores them."""

    def __init__(self, matcher: TopicMatcher, *, spans: bool) -> None:
        self._matcher = matcher
        self._spans = spans

    def run(self, items: Sequence[Prepared]) -> int:
        if self._spans:
            return sum(len(self._matcher.match_entries((item.stored,), NOON)) for item in items)
        return sum(len(self._matcher.match_topic_ids(EntryText(item.stored))) for item in items)


class Fts5(Engine):
    """SQLite: a batch of items into an index in memory, then every query asked of it."""

    scaled = True

    def __init__(self, queries: Sequence[Query], step: int) -> None:
        self.step = step
        self._queries = [expression for query in queries if (expression := _fts5(query.root)) is not None]
        self._db = sqlite3.connect(":memory:", isolation_level=None)
        self._db.execute("CREATE VIRTUAL TABLE news USING fts5(title, summary, content, content='')")

    def run(self, items: Sequence[Prepared]) -> int:
        matches = 0
        for at in range(0, len(items), self.step):
            self._db.execute("BEGIN")
            self._db.execute("INSERT INTO news (news) VALUES ('delete-all')")
            self._db.executemany(
                "INSERT INTO news (rowid, title, summary, content) VALUES (?, ?, ?, ?)",
                [(number, *item.columns) for number, item in enumerate(items[at : at + self.step])],
            )
            for expression in self._queries:
                matches += len(self._db.execute("SELECT rowid FROM news WHERE news MATCH ?", (expression,)).fetchall())
            self._db.execute("COMMIT")
        return matches


class Tantivy(Engine):
    """Tantivy: the same, with queries built once."""

    scaled = True

    def __init__(self, queries: Sequence[Query], step: int) -> None:
        import tantivy

        self.step = step
        self._tantivy = tantivy
        builder = tantivy.SchemaBuilder()
        for field in ("title", "summary", "content"):
            builder.add_text_field(field, tokenizer_name="whitespace")
        self._schema = builder.build()
        self._queries = [expression for query in queries if (expression := self._said(query.root)) is not None]

    def run(self, items: Sequence[Prepared]) -> int:
        matches = 0
        for at in range(0, len(items), self.step):
            index = self._tantivy.Index(self._schema)
            writer = index.writer(heap_size=50_000_000, num_threads=1)
            for item in items[at : at + self.step]:
                title, summary, content = item.columns
                writer.add_document(self._tantivy.Document(title=title, summary=summary, content=content))
            writer.commit()
            index.reload()
            searcher = index.searcher()
            for expression in self._queries:
                matches += len(searcher.search(expression, limit=self.step, count=False).hits)
        return matches

    def _said(self, node: Node, fields: tuple[str, ...] = ("title", "summary", "content")) -> Any:
        query, occur = self._tantivy.Query, self._tantivy.Occur
        match node:
            case Phrase():
                return query.boolean_query(
                    [(occur.Should, self._phrase(spelt, field)) for field in fields for spelt in _spellings(node)]
                )
            case And(parts=parts, without=without):
                some = [(occur.Must, clause) for part in parts if (clause := self._said(part, fields)) is not None]
                plain = [part for part in without if _says_all(part)]
                return query.boolean_query(some + [(occur.MustNot, self._said(part, fields)) for part in plain])
            case Or(parts=parts):
                return query.boolean_query([(occur.Should, self._said(part, fields)) for part in parts])
            case Near(left=left, right=right):
                return self._said(And((left, right)), fields)
            case NotNear(left=part) | AtLeast(part=part) | First(part=part):
                return self._said(part, fields)
            case FieldScope(field=field, part=part):
                return self._said(part, (field,) if field != "text" else fields)
            case FieldEquals():
                return None

    def _phrase(self, spelt: tuple[str, ...], field: str) -> Any:
        query = self._tantivy.Query
        if spelt[-1].endswith("*"):
            last = query.regex_query(self._schema, field, spelt[-1][:-1] + ".*")
            if len(spelt) == 1:
                return last
            must = self._tantivy.Occur.Must
            return query.boolean_query([(must, last), (must, self._phrase(spelt[:-1], field))])
        if len(spelt) == 1:
            return query.term_query(self._schema, field, spelt[0])
        return query.phrase_query(self._schema, field, list(spelt))


class OneRe(Engine):
    """One compiled pattern for each topic, tried on the canonical text: what most scripts do."""

    scaled = True

    def __init__(self, queries: Sequence[Query]) -> None:
        self._patterns = [re.compile(_re(query.root)) for query in queries]

    def run(self, items: Sequence[Prepared]) -> int:
        return sum(pattern.match(item.padded) is not None for item in items for pattern in self._patterns)


def _spellings(leaf: Phrase) -> Iterator[tuple[str, ...]]:
    """Give the ways to write a leaf, a * at its end for a beginning."""
    options: list[tuple[str, ...]] = []
    for part in leaf.parts:
        match part:
            case Literal(word=word):
                options.append((word,))
            case Inflections(forms=forms):
                options.append(tuple(sorted(forms)))
            case Prefix(start=start):
                options.append((f"{start}*",))
                break
            case _:
                options.append((re.split(r"[*?]", part.pattern)[0] + "*",))
                break
    return product(*options)


def _says_all(node: Node) -> bool:
    """Tell whether a peer can say exactly this, so that it may exclude by it."""
    if isinstance(node, Or):
        return all(_says_all(part) for part in node.parts)
    return isinstance(node, Phrase) and not node.exact and all(isinstance(p, Literal | Inflections) for p in node.parts)


def _fts5(node: Node) -> str | None:
    match node:
        case Phrase():
            spellings = [_quoted(spelt) for spelt in _spellings(node)]
            return spellings[0] if len(spellings) == 1 else f"({' OR '.join(spellings)})"
        case And(parts=parts, without=without):
            some = " AND ".join(clause for part in parts if (clause := _fts5(part)) is not None)
            plain = [clause for part in without if _says_all(part) and (clause := _fts5(part)) is not None]
            return f"({some})" + "".join(f" NOT {clause}" for clause in plain)
        case Or(parts=parts):
            return f"({' OR '.join(str(_fts5(part)) for part in parts)})"
        case Near(left=left, right=right, gap=gap):
            pairs = list(product(_plain(left), _plain(right)))
            if not pairs or len(pairs) > 30:
                return _fts5(And((left, right)))
            return f"({' OR '.join(f'NEAR({a} {b}, {gap})' for a, b in pairs)})"
        case NotNear(left=part) | AtLeast(part=part) | First(part=part):
            return _fts5(part)
        case FieldScope(field=field, part=part):
            return f"{{{field}}} : {_fts5(part)}" if field != "text" else _fts5(part)
        case FieldEquals():
            return None


def _plain(node: Node) -> list[str]:
    """Give the phrases of a word or of an OR of words; nothing for anything else."""
    some = node.parts if isinstance(node, Or) else (node,)
    if not all(isinstance(part, Phrase) for part in some):
        return []
    return [_quoted(spelt) for part in some if isinstance(part, Phrase) for spelt in _spellings(part)]


def _quoted(spelt: tuple[str, ...]) -> str:
    *words, last = spelt
    return f'"{" ".join([*words, last.removesuffix("*")])}"' + ("*" if last.endswith("*") else "")


def _re(node: Node, start: str = r"(?s:.*?)") -> str:
    """Say a node as what has to be ahead of the beginning of the text."""
    match node:
        case Phrase() | Near():
            return f"(?={start} {_stretch(node)} )"
        case And(parts=parts, without=without):
            some = "".join(_re(part, start) for part in parts)
            return some + "".join(f"(?!{_re(part, start)})" for part in without if _says_all(part))
        case Or(parts=parts):
            if all(isinstance(part, Phrase) for part in parts):
                return f"(?={start} {_stretch(node)} )"
            return f"(?:{'|'.join(_re(part, start) for part in parts)})"
        case NotNear(left=part) | AtLeast(part=part) | First(part=part):
            return _re(part, start)
        case FieldScope(field=field, part=part):
            return _re(part, rf"[^{FIELD_BARRIER}]*?") if field == "title" else _re(part, start)
        case FieldEquals():
            return ""


def _stretch(node: Node) -> str:
    match node:
        case Phrase():
            spelt = [re.escape(" ".join(words)).replace(r"\*", r"\w*") for words in _spellings(node)]
            return f"(?:{'|'.join(spelt)})"
        case Or(parts=parts):
            return f"(?:{'|'.join(_stretch(part) for part in parts)})"
        case Near(left=left, right=right, gap=gap, ordered=ordered):
            a, b = _stretch(left), _stretch(right)
            between = rf"(?: [^ {FIELD_BARRIER}]+){{0,{gap}}} "
            return f"(?:{a}{between}{b})" if ordered else f"(?:{a}{between}{b}|{b}{between}{a})"
        case _:
            return r"\w+"
