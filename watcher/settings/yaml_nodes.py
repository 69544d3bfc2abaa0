"""A YAML file as nodes that know their place. The only module that knows YAML's events, its traps and their limits."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeAlias

import yaml

from watcher.errors import Fault

MAX_FILE_BYTES = 32 * 1024 * 1024
"""Bytes of one configuration file."""
MAX_DEPTH = 24
"""Levels of nesting; the configuration needs five."""
MAX_ALIASED_NODES = 20_000
"""Nodes that aliases may repeat, all together."""

_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_UNPRINTABLE = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_NOTHING = frozenset({"", "~", "null", "Null", "NULL"})


@dataclass(frozen=True, slots=True)
class Place:
    """Where something stands: lines and columns count from 1, columns in code points."""

    file: str
    line: int = 1
    column: int = 1

    def fault(self, message: str) -> Fault:
        """Return a fault at this place."""
        return Fault(self.file, self.line, self.column, message)


@dataclass(slots=True)
class Scalar:
    """A word or text, never typed here: `value` is None where nothing stands. `secret` values are not repeated in
    faults. `lines` is the text as the file has it, where its lines and columns can be counted on from `text_at`.
    `written` is the text with its `${NAME}`, and `filled` what was put in their places: names and values. Where a
    secret is absent and not needed, `missing` is the fault that this would be, and `instead` holds further values to
    try in its place: what is right for a password is no address and no number."""

    place: Place
    value: str | None
    text_at: Place
    lines: str | None = None
    secret: bool = False
    written: str | None = None
    filled: tuple[tuple[str, str], ...] = ()
    missing: Fault | None = None
    instead: tuple[str, ...] = ()


@dataclass(slots=True)
class Listing:
    """A sequence."""

    place: Place
    items: list[Node] = field(default_factory=list)


@dataclass(slots=True)
class Table:
    """A mapping; `key_at` is where each key stands."""

    place: Place
    values: dict[str, Node] = field(default_factory=dict)
    key_at: dict[str, Place] = field(default_factory=dict)


Node: TypeAlias = Scalar | Listing | Table


def read(path: Path, name: str, faults: list[Fault]) -> Node | None:
    """Read a file; None, and one fault, where it cannot be read at all. Duplicate keys are faults too."""
    text = _text(path, name, faults)
    return None if text is None else parse(text, name, faults)


def parse(text: str, name: str, faults: list[Fault]) -> Node | None:
    """Parse the text of a file; None, and one fault, where it cannot be read at all. Duplicate keys are faults too."""
    # Three kinds of faults: characters that are no text, what is refused here, and what is no YAML.
    if (odd := _UNPRINTABLE.search(text)) is not None:
        before = text[: odd.start()].split("\n")
        place = Place(name, len(before), len(before[-1]) + 1)
        faults.append(place.fault(f"control character U+{ord(odd[0]):04X}: is this a text file?"))
        return None
    try:
        return _Composer(text, name, faults).compose()
    except _RefusedError as refused:
        faults.append(refused.fault)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = Place(name, mark.line + 1, mark.column + 1) if mark else Place(name)
        faults.append(place.fault(f"not YAML: {error.problem or error.context or 'cannot be read'}"))
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        faults.append(Place(name).fault(f"not YAML: {str(error).splitlines()[0] if str(error) else 'cannot be read'}"))
    return None


def to_values(node: Node) -> Any:
    """Return the bare values: str, None, list and dict."""
    match node:
        case Scalar(value=value):
            return value
        case Listing(items=items):
            return [to_values(item) for item in items]
        case Table(values=values):
            return {key: to_values(value) for key, value in values.items()}


def make_node(value: Any, place: Place) -> Node:
    """Return the nodes of bare values, all at one place; the reverse of `plain`."""
    match value:
        case Mapping():
            values = {str(key): make_node(child, place) for key, child in value.items()}
            return Table(place, values, dict.fromkeys(values, place))
        case list() | tuple():
            return Listing(place, [make_node(child, place) for child in value])
        case _:
            return Scalar(place, None if value is None else str(value), place)


def walk_scalars(node: Node) -> Iterator[Scalar]:
    """Yield every scalar below a node, in the order of the file."""
    match node:
        case Scalar():
            yield node
        case Listing(items=items):
            for item in items:
                yield from walk_scalars(item)
        case Table(values=values):
            for value in values.values():
                yield from walk_scalars(value)


def find_node(node: Node, path: tuple[int | str, ...]) -> Node:
    """Return the node at a path, the last one on the way where it leads no further."""
    for step in path:
        if isinstance(node, Table) and isinstance(step, str) and step in node.values:
            node = node.values[step]
        elif isinstance(node, Listing) and isinstance(step, int) and step < len(node.items):
            node = node.items[step]
        else:
            break
    return node


def _text(path: Path, name: str, faults: list[Fault]) -> str | None:
    try:
        if path.stat().st_size > MAX_FILE_BYTES:
            faults.append(Place(name).fault(f"larger than {MAX_FILE_BYTES // 1024 // 1024} MB"))
            return None
        raw = path.read_bytes()
    except FileNotFoundError:
        faults.append(Place(name).fault("no such file"))
        return None
    except OSError as error:
        faults.append(Place(name).fault(f"cannot be read: {error.strerror or error}"))
        return None
    if raw.startswith((b"\xff\xfe", b"\xfe\xff")):
        faults.append(Place(name).fault("encoded in UTF-16: save it as UTF-8"))
        return None
    try:
        return raw.decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        before = raw[: error.start].split(b"\n")
        place = Place(name, len(before), len(before[-1].decode("utf-8", "replace")) + 1)
        faults.append(place.fault(f"byte 0x{raw[error.start]:02X} is not UTF-8: save the file as UTF-8"))
        return None


class _RefusedError(Exception):
    def __init__(self, fault: Fault) -> None:
        self.fault = fault


class _Composer:
    """Makes nodes of events with an eye on depth and aliases, so that no file can blow up."""

    def __init__(self, text: str, name: str, faults: list[Fault]) -> None:
        self._lines = text.split("\n")
        self._name = name
        self._faults = faults
        self._events = yaml.parse(text, Loader=_LOADER)
        self._anchors: dict[str, tuple[Node, int]] = {}
        self._aliased = 0
        self._made = 0

    def compose(self) -> Node | None:
        """Return the root of the one document, None where the text holds none."""
        root: Node | None = None
        for event in self._events:
            if isinstance(event, yaml.DocumentStartEvent):
                if root is not None:
                    raise _RefusedError(self._place(event).fault("a second document: one file holds one"))
                root = self._node(next(self._events), 0)
        return root

    def _place(self, event: Any) -> Place:
        return Place(self._name, event.start_mark.line + 1, event.start_mark.column + 1)

    def _node(self, event: Any, depth: int) -> Node:
        place = self._place(event)
        if depth > MAX_DEPTH:
            raise _RefusedError(place.fault(f"nested deeper than {MAX_DEPTH} levels"))
        if isinstance(event, yaml.AliasEvent):
            return self._repeat(event.anchor or "", place)
        if event.tag is not None and not event.tag.startswith("tag:yaml.org,2002:") and event.tag != "!":
            raise _RefusedError(place.fault(f"tag {event.tag!r}: only plain YAML is read"))
        # Nodes are counted so that aliases cannot repeat them without bound ("billion laughs").
        before = self._made
        self._made += 1
        node: Node
        if isinstance(event, yaml.ScalarEvent):
            node = self._scalar(event, place)
        elif isinstance(event, yaml.SequenceStartEvent):
            node = Listing(place)
            for item in iter(lambda: next(self._events), None):
                if isinstance(item, yaml.SequenceEndEvent):
                    break
                node.items.append(self._node(item, depth + 1))
        else:
            node = Table(place)
            for key in iter(lambda: next(self._events), None):
                if isinstance(key, yaml.MappingEndEvent):
                    break
                self._pair(node, key, depth)
        if event.anchor is not None:
            self._anchors[event.anchor] = (node, self._made - before)
        return node

    def _pair(self, table: Table, event: Any, depth: int) -> None:
        key = self._node(event, depth + 1)
        if not isinstance(key, Scalar):
            raise _RefusedError(key.place.fault("a list or mapping cannot be a key"))
        value = self._node(next(self._events), depth + 1)
        name = key.value or ""
        if name == "<<":
            self._faults.append(key.place.fault("merge keys (<<) are not read: write the keys out"))
        elif name in table.values:
            first = table.key_at[name].line
            self._faults.append(key.place.fault(f"`{name}` appears twice (first in line {first})"))
        else:
            table.values[name] = value
            table.key_at[name] = key.place

    def _repeat(self, anchor: str, place: Place) -> Node:
        if anchor not in self._anchors:
            raise _RefusedError(place.fault(f"alias *{anchor} refers to nothing before it"))
        node, size = self._anchors[anchor]
        self._aliased += size
        self._made += size
        if self._aliased > MAX_ALIASED_NODES:
            raise _RefusedError(place.fault(f"aliases repeat more than {MAX_ALIASED_NODES:,} nodes"))
        return node

    def _scalar(self, event: Any, place: Place) -> Scalar:
        text, style = event.value, event.style
        if style in ("|", ">"):
            return self._block(event, place)
        if not style:
            value = None if text in _NOTHING else text
            last = event.end_mark.line
            if last == event.start_mark.line:
                return Scalar(place, value, place, text)
            return Scalar(place, value, place, self._slice(event))
        inside = Place(place.file, place.line, place.column + 1)
        one_line = event.end_mark.line == event.start_mark.line
        raw = self._lines[event.start_mark.line][event.start_mark.column + 1 : event.end_mark.column - 1]
        return Scalar(place, text, inside, text if one_line and raw == text else None)

    def _block(self, event: Any, place: Place) -> Scalar:
        first = event.start_mark.line + 1
        lines = self._lines[first : event.end_mark.line] or [""]
        if event.end_mark.column and event.end_mark.line < len(self._lines):
            lines = self._lines[first : event.end_mark.line + 1]
        filled = [(number, line) for number, line in enumerate(lines) if line.strip()]
        if not filled:
            return Scalar(place, event.value, place, event.value)
        indent = min(len(line) - len(line.lstrip(" ")) for _number, line in filled)
        head = filled[0][0]
        text = "\n".join(line[indent:] for line in lines[head : filled[-1][0] + 1])
        return Scalar(place, event.value, Place(place.file, first + head + 1, indent + 1), text)

    def _slice(self, event: Any) -> str:
        """Return a plain scalar of several lines with its line breaks, less the indentation of its first character."""
        start, end = event.start_mark, event.end_mark
        lines = self._lines[start.line : end.line + 1]
        lines[-1] = lines[-1][: end.column]
        lines[0] = lines[0][start.column :]
        rest = [line[min(start.column, len(line) - len(line.lstrip(" "))) :] for line in lines[1:]]
        return "\n".join([lines[0], *rest]).rstrip()
