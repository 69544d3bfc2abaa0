"""What one scan found in one entry: which strings occur and, only for what is asked, where the leaves of queries stand.

A stretch is where a leaf's words stand in the padded text, as the scan gives it: the number of a pattern, the blank
before the first word, and the place after the blank that follows the last. Between two stretches there are as many
words as blanks, so nearness needs no numbering of words.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate
from operator import itemgetter
from typing import TypeAlias

from watcher.match.budget import get_current_check
from watcher.match.entry_text import FIELD_BARRIER, EntryText
from watcher.match.evaluate import LinearFinder, OccurrenceCache, matches_word
from watcher.match.syntax import TEXT_FIELDS, Literal, Node, Or, Phrase, Prefix

Span: TypeAlias = tuple[int, int, int]
_TEXT = frozenset(TEXT_FIELDS)
MAX_LISTED_PATTERNS = 12
"""A group of more patterns than this is asked which of them occur rather than each in turn."""


@dataclass(frozen=True, slots=True)
class LeafPatterns:
    """The patterns that betray a leaf; `certain` where finding one is finding the leaf, `open` where it ends inside a
    word, `spelt` where it is all of the leaf's words."""

    patterns: tuple[int, ...]
    certain: bool
    open: bool
    spelt: bool


@dataclass(frozen=True, slots=True)
class OrOptions:
    """The options of an OR, numbered: words by the patterns that betray them, and the rest."""

    betrayed: Mapping[int, tuple[tuple[int, Phrase], ...]]
    others: tuple[tuple[int, Node], ...]


class ScanResult:
    """The strings that one entry holds; a Finder for the leaves of an index's queries."""

    def __init__(
        self,
        reading: EntryText,
        written: str,
        text: str,
        found: list[tuple[int, int, int]],
        signs: Mapping[int, LeafPatterns],
        options: Mapping[int, OrOptions],
    ) -> None:
        self.reading = reading
        self.text = text
        self._written = written
        self.held = set(map(_number, found))
        self._found = found
        self.lists: Mapping[int, list[Span]] = {}
        """Where each pattern that is expected to be asked for stands, in order; those that occur."""
        self.known: OccurrenceCache = {}
        self.check = get_current_check()
        self._signs = signs
        self._options = options
        self._placed: dict[int, list[int]] = {}
        self._surfaces: list[str] | None = None
        self._numbered: tuple[list[int], int, int] | None = None
        self._elsewhere: LinearFinder | None = None

    def stretches(self, leaf: Phrase) -> Sequence[Span]:
        """Give where a leaf stands in the padded text, in order."""
        return self.standing(leaf, self._signs[id(leaf)])

    def standing(self, leaf: Phrase, signs: LeafPatterns) -> Sequence[Span]:
        """Give where a leaf stands, for those who know its signs."""
        some = self.gather(signs.patterns)
        if signs.certain:
            return some if not signs.open else [(n, start, self.text.find(" ", end) + 1) for n, start, end in some]
        if signs.spelt:
            return [stretch for stretch in some if self._is_written(leaf, stretch[1], stretch[2] - 1)]
        found = []
        for number, start, _end in some:
            end = self._reaches(leaf, start)
            if end:
                found.append((number, start, end))
        return found

    def expect(self, groups: Iterable[Collection[int]]) -> None:
        """Say of which patterns the places may be asked for: nobody asks where most of what was found stands."""
        wanted: set[int] = set()
        for group in groups:
            wanted.update(group if len(group) <= MAX_LISTED_PATTERNS else self.held.intersection(group))
        lists: defaultdict[int, list[Span]] = defaultdict(list)
        for match in [match for match in self._found if match[0] in wanted]:
            lists[match[0]].append(match)
        self.lists = dict(lists)

    def gather(self, patterns: Iterable[int]) -> Sequence[Span]:
        """Give where some patterns stand, in order."""
        known = self.lists
        lists = [known[number] for number in patterns if number in known]
        if len(lists) < 2:
            return lists[0] if lists else ()
        return sorted((match for some in lists for match in some), key=_start)

    def options(self, node: Or) -> list[Phrase]:
        """Give the words among an OR's options of which patterns occur."""
        betrayed = self._options[id(node)].betrayed
        numbers = self.held & betrayed.keys()
        return list(dict(option for number in numbers for option in betrayed[number]).values())

    def worth(self, node: Or, fields: tuple[str, ...]) -> Iterable[Node]:
        """Give the options of an OR that may hold, in order: those whose patterns were found, and those without any."""
        if not _TEXT.issuperset(fields):
            return node.parts
        options = self._options[id(node)]
        found: dict[int, Node] = dict(options.others)
        for number in self.held & options.betrayed.keys():
            found.update(options.betrayed[number])
        return [found[at] for at in sorted(found)]

    def find(self, leaf: Phrase, field: str) -> list[tuple[int, int]]:
        """Give (first, last) word of each occurrence of a leaf in a field, sorted."""
        if field not in _TEXT:
            if self._elsewhere is None:
                self._elsewhere = LinearFinder(self.reading)
            return self._elsewhere.find(leaf, field)
        numbers = self._placed.get(id(leaf))
        if numbers is None:
            numbers = self._placed[id(leaf)] = self._places(leaf)
        if not numbers:
            return []
        _offsets, summary, content = self._numbers()
        low, high = (
            (0, summary) if field == "title" else (summary + 1, content) if field == "summary" else (content + 1, 10**9)
        )
        width = len(leaf.parts) - 1
        return [(at - low, at - low + width) for at in numbers if low <= at < high]

    def field_ends(self) -> tuple[int, int]:
        """Give where the blanks before the two barriers stand: the title is before the first one."""
        first = self.text.find(FIELD_BARRIER) - 1
        return first, self.text.find(FIELD_BARRIER, first + 2) - 1

    def _places(self, leaf: Phrase) -> list[int]:
        some = self.stretches(leaf)
        if not some:
            return []
        offsets = self._numbers()[0]
        return [bisect_right(offsets, start) - 1 for _number, start, _end in some]

    def _reaches(self, leaf: Phrase, start: int) -> int:
        """Give the place after the blank that follows a leaf, which begins after a blank; 0 where it is not there."""
        text = self.text
        begin = start + 1
        for part in leaf.parts:
            end = text.find(" ", begin)
            if end < 0 or not matches_word(part, text[begin:end]):
                return 0
            begin = end + 1
        return 0 if leaf.exact and not self._is_written(leaf, start, begin - 1) else begin

    def _is_written(self, leaf: Phrase, start: int, end: int) -> bool:
        """Tell whether the words between two blanks are written as a leaf asks."""
        if self._written.isascii():
            return self._written[start + 1 : end] == " ".join(leaf.exact)
        if self._surfaces is None:
            self._surfaces = self._written.split(" ")
        at = self.text.count(" ", 0, start) + 1
        return tuple(self._surfaces[at : at + len(leaf.exact)]) == leaf.exact

    def _numbers(self) -> tuple[list[int], int, int]:
        """Give where each word's padding blank stands, and which words are the barriers."""
        if self._numbered is None:
            title, summary, content = (self.reading.words(field) for field in TEXT_FIELDS)
            lengths = [len(word) + 1 for word in (*title, FIELD_BARRIER, *summary, FIELD_BARRIER, *content)]
            self._numbered = [0, *accumulate(lengths)], len(title), len(title) + 1 + len(summary)
        return self._numbered


def ends_inside_word(leaf: Phrase) -> bool:
    """Tell whether a leaf's last pattern ends inside a word."""
    return not isinstance(leaf.parts[-1], Literal) and isinstance(leaf.parts[-1], Prefix)


_number = itemgetter(0)
_start = itemgetter(1)
