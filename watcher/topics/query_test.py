"""Tests a query before it goes live: on a text, on one entry, on the archive; and shows why it matches, or why not."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from watcher.match import Clause, EntryText, Query, QueryIndex, explain_match, match_entry
from watcher.match.evidence import extract_evidence
from watcher.match.syntax import Node, Or
from watcher.model.entry import Item, StoredEntry
from watcher.model.results import SearchResult
from watcher.model.topic import Evidence
from watcher.store.entries.search import count_entries_in_range
from watcher.text.language_detection import with_language
from watcher.topics.archive_scan import ArchiveScan, drop_content
from watcher.topics.examples import build_example_entry
from watcher.topics.named_query import NamedQuery
from watcher.topics.relaxation import list_relaxations

MAX_CLAUSE_CHARACTERS = 200
MAX_EXPANDED_OPTIONS = 3
"""Where no option of an OR matches, so many that come nearest are shown with their clauses, the others in a line."""
MAX_SHOWN_OPTIONS = 8
"""So many options of an OR that do not match are shown where none does."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClauseView:
    """A clause as a person looks at it: sets by name, what does not matter here left out and counted in `omitted`.

    `excluded` marks what is behind a NOT: there matching is what keeps an entry out.
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
    """Why a query matches an entry or does not; `nearest` are the single changes that would have let it in."""

    stored: StoredEntry
    matched: bool
    evidence: tuple[Evidence, ...]
    tree: ClauseView
    nearest: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ArchiveMatches:
    """What a query matches among `tested` entries: the newest matches, newest first, and how many there are.

    `searched_back_to` is set where it had to stop early: older entries were not looked at.
    """

    matches: tuple[SearchResult, ...]
    tested: int
    count: int
    searched_back_to: datetime | None = None


def build_entry(text: str, *, language: str | None = None) -> StoredEntry:
    """Return an entry made of a text: its first line is the title, the rest the content. Its language is detected."""
    title, _line, content = text.strip("\r\n").partition("\n")
    item = Item(title=title.rstrip("\r"), content=content.strip("\n"), language=language)
    return build_example_entry(with_language(item))


def explain_entry(named: NamedQuery, stored: StoredEntry, *, everything: bool = False) -> EntryExplanation:
    """Return, clause by clause, why a query matches an entry or not; `everything` leaves nothing out."""
    evidence = match_entry(named.query, stored)
    tree = build_clause_view(named, named.query.root, explain_match(named.query, stored), everything=everything)
    nearest = _list_nearest_changes(named, stored) if evidence is None else ()
    return EntryExplanation(
        stored=stored, matched=evidence is not None, evidence=evidence or (), tree=tree, nearest=nearest
    )


def search_archive(
    scan: ArchiveScan, query: Query, *, limit: int = 20, is_over: Callable[[], bool] = lambda: False
) -> ArchiveMatches:
    """Match a query against the archive: all matches are counted, the newest `limit` kept.

    Goes back from the newest entry, and stops early where `is_over` returns true.
    """
    proposed = scan.propose([query])
    matches: list[SearchResult] = []
    count = 0
    index = QueryIndex([query])
    for stored in scan.iter_entries(proposed.ids):
        entry = EntryText(stored)
        if len(matches) == limit:
            count += len(index.list_matching(entry))
        else:
            for _number, occurrences in index.find_matches(entry):
                count += 1
                matches.append(SearchResult(stored=drop_content(stored), evidence=extract_evidence(occurrences, entry)))
        if is_over():
            with scan.database.read() as db:
                tested = count_entries_in_range(db, stored.id - 1, proposed.below)
            return ArchiveMatches(
                matches=tuple(matches), tested=tested, count=count, searched_back_to=stored.first_seen_at
            )
    return ArchiveMatches(matches=tuple(matches), tested=proposed.tested, count=count)


def count_matches(scan: ArchiveScan, queries: Mapping[str, Query]) -> tuple[Mapping[str, int], int]:
    """Return how many entries of the archive each query matches, and how many entries there are."""
    names = list(queries)
    proposed = scan.propose(list(queries.values()))
    index = QueryIndex(list(queries.values()))
    counts: Counter[str] = Counter()
    for stored in scan.iter_entries(proposed.ids):
        counts.update(names[number] for number in index.list_matching(EntryText(stored)))
    return counts, proposed.tested


def build_clause_view(
    named: NamedQuery, node: Node, clause: Clause, *, excluded: bool = False, everything: bool = False
) -> ClauseView:
    """Return the view of a node's clause tree, with the names of its sets."""
    children = list(zip(node.children(), clause.children, strict=True))
    plain = len(children) - len(node.excluded_children())
    pairs = children if everything else _list_relevant(node, clause, children, excluded=excluded)
    # Of an OR without a match, the options nearest to one are shown in full, a few more in a line each.
    expanded = _list_expanded(node, clause)
    shown = [
        (number, part, child)
        for number, (part, child) in enumerate(pairs)
        if everything or number in expanded or _is_shown(named, node, clause, child, number)
    ]
    one_line = isinstance(node, Or) and not clause.matched and not everything
    return ClauseView(
        text=named.format_node(node, 100_000 if everything else MAX_CLAUSE_CHARACTERS),
        operator=clause.operator,
        matched=clause.matched,
        excluded=excluded,
        evidence=clause.evidence,
        note=clause.note,
        children=tuple(
            _build_line(named, part, child)
            if one_line and number not in expanded
            else build_clause_view(named, part, child, excluded=excluded or number >= plain, everything=everything)
            for number, part, child in shown
        ),
        omitted=len(pairs) - len(shown),
    )


def _list_relevant(
    node: Node, clause: Clause, children: list[tuple[Node, Clause]], *, excluded: bool
) -> list[tuple[Node, Clause]]:
    """Return the children that can have anything to do with how a clause came out."""
    if excluded and not clause.matched:
        return []  # an exclusion that does not match changed nothing
    if clause.matched:
        # NOT NEAR: each occurrence that is left has none of the others beside it, so that there is nothing to see.
        return children[: len(node.positive_children()) + len(node.excluded_children())]
    return children


def _is_shown(named: NamedQuery, node: Node, clause: Clause, child: Clause, number: int) -> bool:
    """Return whether a child helps to see how a clause came out: of an OR the options that match, else a few."""
    if id(node) in named.sets and not clause.matched:
        return bool(child.note)
    if not isinstance(node, Or) or child.matched:
        return True
    return not clause.matched and (number < MAX_SHOWN_OPTIONS or bool(child.note))


def _list_expanded(node: Node, clause: Clause) -> frozenset[int]:
    """Return the numbers of the options of an OR without a match that come nearest to one."""
    if not isinstance(node, Or) or clause.matched:
        return frozenset()
    shares = {number: _estimate_share(child) for number, child in enumerate(clause.children)}
    nearest = sorted((number for number in shares if shares[number]), key=lambda number: -shares[number])
    return frozenset(nearest[:MAX_EXPANDED_OPTIONS])


def _estimate_share(clause: Clause) -> float:
    """Return how much of a clause matches, from 0 to 1."""
    if clause.matched or not clause.children:
        return float(clause.matched)
    shares = [_estimate_share(child) for child in clause.children]
    return max(shares) if clause.operator == "OR" else 0.99 * sum(shares) / len(shares)


def _build_line(named: NamedQuery, node: Node, clause: Clause) -> ClauseView:
    return ClauseView(
        text=named.format_node(node, MAX_CLAUSE_CHARACTERS),
        operator=clause.operator,
        matched=clause.matched,
        evidence=clause.evidence,
        note=clause.note,
    )


def _list_nearest_changes(named: NamedQuery, stored: StoredEntry) -> tuple[str, ...]:
    relaxations = list_relaxations(named)
    entry = EntryText(stored)
    index = QueryIndex([relaxation.query for relaxation in relaxations])
    matches = sorted(index.find_matches(entry), key=lambda match: match[0])
    return tuple(dict.fromkeys(relaxations[number].describe(occurrences, entry) for number, occurrences in matches))
