"""Tries a query before it goes live: on a text, on one entry, on the archive; and says why, or why not."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from watcher.match import Clause, EntryText, Query, QueryIndex, explain_match, match_entry
from watcher.match.evidence import extract_evidence as shown
from watcher.match.syntax import And, Node, NotNear, Or, parts_of
from watcher.model.entry import Item, StoredEntry
from watcher.model.results import SearchResult
from watcher.model.topic import Evidence
from watcher.store.database import Database
from watcher.store.entries.search import count_entries_in_range
from watcher.text.language_detection import with_language
from watcher.topics.archive_scan import ProgressCallback, drop_content, iter_entries, propose_entries
from watcher.topics.examples import build_example_entry
from watcher.topics.named_query import NamedQuery
from watcher.topics.relaxation import list_relaxations

MAX_EXPANDED_OPTIONS = 3
"""Where no option of an OR holds, so many that come nearest are taken apart; the others are a line each."""
MAX_SHOWN_OPTIONS = 8
"""So many options of an OR that do not hold are shown where none does."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClauseView:
    """A clause as a person looks at it: sets by name, what does not matter here left out and counted in `omitted`.

    `excluded` marks what stands behind a NOT: there holding is what keeps an entry out.
    """

    text: str
    operator: str
    matched: bool
    excluded: bool = False
    evidence: tuple[Evidence, ...] = ()
    note: str = ""
    children: tuple[ClauseView, ...] = ()
    omitted: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryExplanation:
    """Why an entry belongs to a query or does not; `nearest` are the single changes that would have let it in."""

    stored: StoredEntry
    matched: bool
    evidence: tuple[Evidence, ...]
    tree: ClauseView
    nearest: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ArchiveMatches:
    """What a query matches among `tested` entries: the newest matches, newest first, and how many there are.

    `searched_back_to` is set where it had to stop early: what came before was not looked at.
    """

    matches: tuple[SearchResult, ...]
    tested: int
    count: int
    searched_back_to: datetime | None = None


def build_entry(text: str, *, language: str | None = None) -> StoredEntry:
    """Make an entry of a text: its first line is the title, the rest the content. Its language is detected."""
    title, _line, content = text.strip("\r\n").partition("\n")
    item = Item(title=title.rstrip("\r"), content=content.strip("\n"), language=language)
    return build_example_entry(with_language(item))


def explain_entry(named: NamedQuery, stored: StoredEntry, *, everything: bool = False) -> EntryExplanation:
    """Say, clause by clause, why a query matches an entry or not; `everything` leaves nothing out."""
    evidence = match_entry(named.query, stored)
    tree = build_clause_view(named, named.query.root, explain_match(named.query, stored), everything=everything)
    nearest = _nearest(named, stored) if evidence is None else ()
    return EntryExplanation(
        stored=stored, matched=evidence is not None, evidence=evidence or (), tree=tree, nearest=nearest
    )


def search_archive(
    database: Database,
    query: Query,
    *,
    since: datetime | None = None,
    until: datetime | None = None,
    limit: int = 20,
    heard: ProgressCallback | None = None,
    enough: Callable[[], bool] = lambda: False,
) -> ArchiveMatches:
    """Match a query against the entries first seen in [since, until): all are counted, the newest `limit` kept.

    Goes back from the newest, and stops where `enough` says so.
    """
    walked = propose_entries(database, [query], since=since, until=until)
    found: list[SearchResult] = []
    count = 0
    index = QueryIndex([query])
    for stored in iter_entries(database, walked.ids, heard):
        reading = EntryText(stored)
        if len(found) == limit:
            count += len(index.numbers(reading))
        else:
            for _number, places in index.matching(reading):
                count += 1
                found.append(SearchResult(stored=drop_content(stored), evidence=shown(places, reading)))
        if enough():
            with database.read() as db:
                tested = count_entries_in_range(db, stored.id - 1, walked.below)
            return ArchiveMatches(
                matches=tuple(found), tested=tested, count=count, searched_back_to=stored.first_seen_at
            )
    return ArchiveMatches(matches=tuple(found), tested=walked.tested, count=count)


def count_matches(
    database: Database, queries: Mapping[str, Query], *, since: datetime | None = None
) -> tuple[Mapping[str, int], int]:
    """Count how many entries first seen since a moment each of some queries matches, and how many there are."""
    names, asked = list(queries), list(queries.values())
    walked = propose_entries(database, asked, since=since)
    index = QueryIndex(asked)
    matched: Counter[str] = Counter()
    for stored in iter_entries(database, walked.ids):
        matched.update(names[number] for number in index.numbers(EntryText(stored)))
    return matched, walked.tested


def build_clause_view(
    named: NamedQuery, node: Node, clause: Clause, *, excluded: bool = False, everything: bool = False
) -> ClauseView:
    """Show a clause tree of this node, with the names of its sets."""
    quiet = excluded and not clause.matched and not everything
    pairs = [] if quiet else list(zip(parts_of(node), clause.children, strict=True))
    if isinstance(node, NotNear) and clause.matched and not everything:
        pairs = pairs[:1]  # each occurrence that is left has none of the others beside it
    plain = len(node.parts) if isinstance(node, And) else len(pairs)
    close = _close(node, clause)
    some = [
        (number, part, child)
        for number, (part, child) in enumerate(pairs)
        if everything or number in close or _matters(named, node, clause, child, number)
    ]
    lines = isinstance(node, Or) and not clause.matched and not everything
    return ClauseView(
        text=named.say(node, 100_000 if everything else 200),
        operator=clause.operator,
        matched=clause.matched,
        excluded=excluded,
        evidence=clause.evidence,
        note=clause.note,
        children=tuple(
            _line(named, part, child)
            if lines and number not in close
            else build_clause_view(named, part, child, excluded=excluded or number >= plain, everything=everything)
            for number, part, child in some
        ),
        omitted=len(pairs) - len(some),
    )


def _matters(named: NamedQuery, node: Node, clause: Clause, child: Clause, number: int) -> bool:
    """Tell whether a part helps to see why its whole holds or not: of an OR the options that hold, else a few."""
    if id(node) in named.sets and not clause.matched:
        return bool(child.note)
    if not isinstance(node, Or) or child.matched:
        return True
    return not clause.matched and (number < MAX_SHOWN_OPTIONS or bool(child.note))


def _close(node: Node, clause: Clause) -> frozenset[int]:
    """Tell which options of an OR that does not hold come nearest to holding."""
    if not isinstance(node, Or) or clause.matched:
        return frozenset()
    reach = {number: _reach(child) for number, child in enumerate(clause.children)}
    return frozenset(sorted((n for n in reach if reach[n]), key=lambda number: -reach[number])[:MAX_EXPANDED_OPTIONS])


def _reach(clause: Clause) -> float:
    """Tell how much of a clause holds, from 0 to 1."""
    if clause.matched or not clause.children:
        return float(clause.matched)
    parts = [_reach(child) for child in clause.children]
    return max(parts) if clause.operator == "OR" else 0.99 * sum(parts) / len(parts)


def _line(named: NamedQuery, node: Node, clause: Clause) -> ClauseView:
    return ClauseView(
        text=named.say(node, 200),
        operator=clause.operator,
        matched=clause.matched,
        evidence=clause.evidence,
        note=clause.note,
    )


def _nearest(named: NamedQuery, stored: StoredEntry) -> tuple[str, ...]:
    ways = list_relaxations(named)
    reading = EntryText(stored)
    found = sorted(QueryIndex([way.query for way in ways]).matching(reading), key=lambda pair: pair[0])
    return tuple(dict.fromkeys(ways[number].name(places, reading) for number, places in found))
