"""The base of a query's nodes: what each pass over a query asks of an operator, with the answer that most give.

A pass (`evaluate`, `explain`, `format`, `required`, and in `watcher.topics` rewriting, relaxing and costing) knows the
words and the plain AND and OR; whatever else there is to know about an operator, it asks the node.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import ClassVar, NamedTuple, Protocol, TypeAlias

from watcher.match.budget import Check
from watcher.match.entry_text import EntryText
from watcher.match.fields import TEXT_FIELDS

Fields: TypeAlias = tuple[str, ...]


class Node:
    """A part of a query. Nodes are frozen. Passes distinguish them by identity: topics share those of a set."""

    __slots__ = ()

    is_infix: ClassVar[bool] = False
    """Whether its text needs parentheses beside another operator."""
    is_shared: ClassVar[bool] = False
    """Whether its occurrences are cached for the entry: sets are ORs mostly, and many topics use one."""

    def children(self) -> tuple[Node, ...]:
        """Return the nodes directly below this one."""
        return ()

    def positive_children(self) -> tuple[Node, ...]:
        """Return the children that a match can rest on."""
        return self.children()

    def excluded_children(self) -> tuple[Node, ...]:
        """Return the children that must not match; they are the last ones of `children()`."""
        return ()

    def child_fields(self, fields: Fields) -> Fields:
        """Return the fields in which the children are looked for."""
        return fields

    def with_children(self, children: tuple[Node, ...]) -> Node:
        """Return this node over other children, and itself where they are the same objects."""
        if is_same(children, self.children()):
            return self
        return self._copy_with(children)

    def _copy_with(self, children: tuple[Node, ...]) -> Node:
        raise NotImplementedError

    def without_missing(self, children: tuple[Node | None, ...]) -> Node | None:
        """Return what is left of this node when some children are removed (None); None where it cannot do without."""
        remaining = tuple(child for child in children if child is not None)
        return self.with_children(remaining) if len(remaining) == len(children) else None

    def normalize(self, format_node: NodeFormatter) -> Node:
        """Return the normal form of a node whose children are in theirs."""
        return self

    def format(self, format_node: NodeFormatter) -> str:
        """Return the node's text, without parentheses around it."""
        raise NotImplementedError

    def label(self) -> str:
        """Return the operator's name with its number, as explanations show it."""
        raise NotImplementedError

    def find_occurrences(self, evaluation: Evaluation, fields: Fields, limit: int | None) -> list[Occurrence] | None:
        """Return where the node matches within the first `limit` words of each field; None where it does not.

        Occurrences are in order (`occurrence_key`), none twice. A node that has no words of its own returns [].
        """
        raise NotImplementedError

    def explain_mismatch(self, evaluation: Evaluation, fields: Fields) -> str:
        """Return in a few words how near an entry comes that does not match; "" where there is nothing to say."""
        return ""

    def relaxations(self, text: NodeText) -> Iterator[Relaxed]:
        """Return the ways to make the operator itself less strict."""
        return iter(())

    def exclusions(self, text: NodeText) -> Iterator[tuple[str, Node]]:
        """Return each exclusion of the operator as text, and the node without it."""
        return iter(())


class Leaf(NamedTuple):
    """The words of one phrase: number of the field, first and last word, and the phrase they are evidence for."""

    field: int
    first: int
    last: int
    phrase: Node


class Occurrence(NamedTuple):
    """Where a node matches: number of the field, first and last word, the evidence, and the words it is made of."""

    field: int
    first: int
    last: int
    leaves: tuple[Leaf, ...]
    words: tuple[int, ...]


build_leaf = partial(tuple.__new__, Leaf)
build_occurrence = partial(tuple.__new__, Occurrence)
"""Builds one from a tuple of its fields in half the time that the class takes: evaluation makes thousands."""


class Relaxed(NamedTuple):
    """A less strict node: the kind of change in a word, the change for a person, and the node."""

    kind: str
    description: str
    node: Node


class NodeFormatter(Protocol):
    """Formats a node: with parentheses where they are needed beside another operator, or as at the `top`."""

    def __call__(self, node: Node, *, top: bool = False) -> str: ...


class NodeText(Protocol):
    """Shortened text of nodes for people, with the names of sets."""

    def format_node(self, node: Node, limit: int = ...) -> str:
        """Return a node's text of at most `limit` characters."""
        ...

    def format_operand(self, node: Node, limit: int = ...) -> str:
        """Return a node's text as it is written beside an operator."""
        ...


class Evaluation(Protocol):
    """One entry in which queries are evaluated."""

    entry: EntryText
    check: Check | None
    """Called by long loops: raises where time is up."""

    def find_occurrences(
        self, node: Node, fields: Fields = TEXT_FIELDS, limit: int | None = None
    ) -> list[Occurrence] | None:
        """Return where a node matches; None where it does not."""
        ...

    def plausible_options(self, node: Node, fields: Fields) -> Iterable[Node]:
        """Return the options of an OR, in order, without those that cannot match."""
        ...


def is_same(nodes: tuple[Node, ...], others: tuple[Node, ...]) -> bool:
    """Return whether two tuples hold the same objects."""
    return len(nodes) == len(others) and all(a is b for a, b in zip(nodes, others, strict=True))


def sort_by_text(nodes: Iterable[Node], format_node: Callable[[Node], str]) -> tuple[Node, ...]:
    """Return nodes in the order of their texts, one for each text."""
    by_text = {format_node(node): node for node in nodes}
    return tuple(by_text[text] for text in sorted(by_text))
