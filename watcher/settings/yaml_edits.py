"""Edits the text of a YAML file: only the lines of what changes are written anew, all others and all comments stay.

A change is applied to the bare values as well, and a text is returned only where it parses to exactly these.
"""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass
from typing import Any, NamedTuple, TypeAlias

import yaml
from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.error import YAMLError
from ruamel.yaml.scalarstring import LiteralScalarString, SingleQuotedScalarString

from watcher.errors import Fault
from watcher.settings.yaml_nodes import Listing, Node, Table, parse, to_values

Value: TypeAlias = str | bool | int | float | Sequence[Any] | Mapping[str, Any] | None
_INDENT = 2
_TYPED = re.compile(r"(?i)(?:true|false|yes|no|on|off|null|~|[-+.\d][\d_.:eExXoO+-]*)?")
"""Text that YAML 1.1 or 1.2 may take for something else than text."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AddItem:
    """Add an item at the end of a section: to a list, or under `name` to a mapping. `is_flow` writes it in one line."""

    section: str
    values: Mapping[str, Value]
    name: str | None = None
    is_flow: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class UpdateItem:
    """Set keys of an item, by its place in a list or its name in a mapping; None removes a key.

    Without `item` the keys are those of the section itself, which is added where it is missing. A `new_name` renames an
    item of a mapping.
    """

    section: str
    values: Mapping[str, Value]
    item: int | str | None = None
    new_name: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoveItem:
    """Remove an item, by its place in a list or its name in a mapping; comments around it stay."""

    section: str
    item: int | str


Change: TypeAlias = AddItem | UpdateItem | RemoveItem


class UnreadableError(Exception):
    """The text of a file is not YAML, or holds what is not read; `faults` say where."""

    def __init__(self, faults: Sequence[Fault]) -> None:
        self.faults = tuple(faults)
        super().__init__("; ".join(str(fault) for fault in faults))


def apply_change(text: str, change: Change, file: str) -> str | None:
    """Return the text of a file with a change; None where it cannot be made without changing something else.

    Raises UnreadableError, and KeyError or IndexError for an item that is not there.
    """
    values = parse_values(text, file)
    expected = deepcopy(values)
    _change_tree(expected, change, _to_bare)
    for attempt in (_edit_lines, _rewrite):
        edited = attempt(text, change)
        if edited is not None and _reads_as(edited, expected, file):
            return edited
    return None


def parse_values(text: str, file: str) -> dict[str, Any]:
    """Return the bare values of a file: texts, None, lists and mappings. Raises UnreadableError."""
    faults: list[Fault] = []
    root = parse(text, file, faults)
    if faults:
        raise UnreadableError(faults)
    values = to_values(root) if root is not None else {}
    if values is None:
        return {}
    if not isinstance(values, dict):
        raise UnreadableError((Fault(file, 1, 1, "expected sections here"),))
    return values


def format_item(values: Mapping[str, Value]) -> str:
    """Format an item as it would stand in a list of a file, for a person to read or paste."""
    return _dump([_to_yaml(values)])


def _reads_as(text: str, expected: Mapping[str, Any], file: str) -> bool:
    try:
        return parse_values(text, file) == expected
    except UnreadableError:
        return False


def _change_tree(root: Any, change: Change, convert: Callable[[Any], Any]) -> None:
    """Apply a change to values, be they bare ones or ruamel's."""
    match change:
        case AddItem(section=section, values=values, name=None):
            if not isinstance(root.get(section), list):
                root[section] = []
            root[section].append(convert(values))
        case AddItem(section=section, values=values, name=name):
            if not isinstance(root.get(section), dict):
                root[section] = {}
            root[section][name] = convert(values)
        case RemoveItem(section=section, item=item):
            del root[section][item]
        case UpdateItem(section=section, values=values, item=item):
            if item is None and not isinstance(root.get(section), dict):
                root[section] = {}
            _update_item(root[section], change, convert)


def _update_item(holder: Any, change: UpdateItem, convert: Callable[[Any], Any]) -> None:
    item = holder if change.item is None else holder[change.item]
    if isinstance(item, str) and change.section == "feeds":
        item = holder[change.item] = {"url": item}  # a bare address in the list
    for key, value in change.values.items():
        if value is None:
            item.pop(key, None)
        else:
            item[key] = convert(value)
    if change.new_name is not None and change.new_name != change.item:
        # In its place: the order of channels is the order in which they are shown.
        pairs = [(change.new_name if key == change.item else key, value) for key, value in holder.items()]
        holder.clear()
        holder.update(pairs)


def _to_bare(value: Any) -> Any:
    """Return a value as the reader of these files sees it: texts are not typed there."""
    match value:
        case None:
            return None
        case bool():
            return "true" if value else "false"
        case Mapping():
            return {str(key): _to_bare(inner) for key, inner in value.items() if inner is not None}
        case list() | tuple():
            return [_to_bare(inner) for inner in value]
        case _:
            return str(value)


def _to_yaml(value: Any) -> Any:
    """Return a value as ruamel writes it: long lists and mappings in blocks, short lists of words in one line."""
    match value:
        case Mapping():
            return CommentedMap((key, _to_yaml(inner)) for key, inner in value.items() if inner is not None)
        case list() | tuple():
            items = CommentedSeq([_to_yaml(inner) for inner in value])
            if sum(len(str(inner)) for inner in value) < 60 and not any(isinstance(v, Mapping) for v in value):
                items.fa.set_flow_style()
            return items
        case str() if "\n" in value:
            return LiteralScalarString(value)
        # Quoted, it is text for every reader of YAML.
        case str() if _TYPED.fullmatch(value) or _is_misread(value):
            return SingleQuotedScalarString(value)
        case _:
            return value


def _is_misread(text: str) -> bool:
    """Return whether PyYAML reads a text without quotes as something else in one line, as `?0`, `:0` and `why?`.

    ruamel quotes texts with marks of lists and mappings itself.
    """
    if any(mark in text for mark in ",[]{}"):
        return False
    try:
        return bool(yaml.safe_load(f"[{text}]") != [text])
    except yaml.YAMLError:
        return True


class _Span(NamedTuple):
    """The lines of an item, `end` behind the last, and how far it is indented."""

    start: int
    end: int
    indent: int


def _edit_lines(text: str, change: Change) -> str | None:
    """Return the text with only the lines of an item written anew; None where items share lines."""
    lines = text.split("\n")
    root = parse(text, "", [])
    if root is not None and not isinstance(root, Table):
        return None
    # A section that is missing or empty (`topics: []`) has no lines of items to stand between.
    section = root.values.get(change.section) if root is not None else None
    if not isinstance(section, Table | Listing) or not _list_children(section):
        return _fill_section(lines, change, section is not None)
    match change:
        case AddItem():
            spans = _find_spans(section, lines)
            return None if spans is None else _insert_item(lines, spans[-1].end, spans[-1].indent, change)
        case RemoveItem(item=item):
            return _cut_item(lines, section, item, change.section)
        case UpdateItem(item=item):
            whole = _find_span(root, change.section, lines) if item is None else _find_span(section, item, lines)
            return None if whole is None else _rewrite_item(lines, whole, change)


def _list_children(node: Table | Listing) -> list[Any]:
    return list(node.values) if isinstance(node, Table) else list(node.items)


def _find_span(node: Node | None, item: int | str | None, lines: Sequence[str]) -> _Span | None:
    if not isinstance(node, Table | Listing) or (spans := _find_spans(node, lines)) is None:
        return None
    return spans[list(node.values).index(str(item)) if isinstance(node, Table) else int(item or 0)]


def _find_spans(node: Node | None, lines: Sequence[str]) -> list[_Span] | None:
    """Return the lines of each item of a list or mapping in block style; None where an item shares a line."""
    starts = _find_starts(node, lines)
    if starts is None:
        return None
    spans = []
    for number, (start, indent) in enumerate(starts):
        end = starts[number + 1][0] if number + 1 < len(starts) else _find_end(lines, start + 1, indent, node)
        # Comments and blank lines before the next item are that one's; deeper ones belong to this.
        while end > start + 1 and _is_between(lines[end - 1], indent):
            end -= 1
        spans.append(_Span(start, end, indent))
    return spans


def _find_starts(node: Node | None, lines: Sequence[str]) -> list[tuple[int, int]] | None:
    """Return the first line of each item and how far it is indented; None where something else stands before it."""
    starts: list[tuple[int, int]] = []
    places = [item.place for item in node.items] if isinstance(node, Listing) else []
    if isinstance(node, Table):
        places = list(node.key_at.values())
    for place in places:
        number = place.line - 1
        match = re.match(r"([ ]*)(-[ ]+)?", lines[number])
        if match is None or (starts and starts[-1][0] >= number):
            return None
        # An item of a list stands behind its dash, a key of a mapping behind spaces alone.
        if isinstance(node, Listing) and (match[2] is None or match.end() > place.column):
            return None
        if isinstance(node, Table) and (match[2] is not None or match.end() != place.column - 1):
            return None
        starts.append((number, len(match[1])))
    return starts


def _is_between(line: str, indent: int) -> bool:
    text = line.lstrip(" ")
    return not text.strip() or (text.startswith("#") and len(line) - len(text) <= indent)


def _find_end(lines: Sequence[str], start: int, indent: int, node: Node | None) -> int:
    for number in range(start, len(lines)):
        line = lines[number]
        if _is_between(line, len(line)):
            continue
        deep = len(line) - len(line.lstrip(" "))
        # The items of a list may stand as far left as its key.
        if deep < indent or (deep == indent and not (isinstance(node, Table) and line.lstrip().startswith("- "))):
            return number
    return len(lines)


def _insert_item(lines: Sequence[str], place: int, indent: int, change: AddItem) -> str:
    written = _indent(_format_added(change), indent)
    return "\n".join([*lines[:place], *written, *(lines[place:] or [""])])


def _format_added(change: AddItem) -> str:
    if change.is_flow and change.name is None:
        return f"- {_format_flow(change.values)}\n"
    item = _to_yaml(change.values)
    return _dump([item]) if change.name is None else _dump({change.name: item})


def _format_flow(values: Mapping[str, Value]) -> str:
    """Format an item in one line: `{url: 'https://...', title: ...}`."""
    plain = {key: list(value) if isinstance(value, tuple) else value for key, value in values.items()}
    return yaml.safe_dump(plain, default_flow_style=True, sort_keys=False, width=10**6, allow_unicode=True).strip()


def _indent(text: str, indent: int) -> list[str]:
    return [" " * indent + line if line.strip() else line for line in text.rstrip("\n").split("\n")]


def _fill_section(lines: list[str], change: Change, is_named: bool) -> str | None:
    """Return the text with the first item of a section, in place of `name: []`, or behind everything else."""
    if isinstance(change, RemoveItem) or (isinstance(change, UpdateItem) and change.item is not None):
        return None
    if isinstance(change, AddItem):
        added = _indent(_format_added(change), _INDENT)
    else:
        added = _indent(_dump(_to_yaml(change.values)), _INDENT)
    head = re.compile(rf"^{re.escape(change.section)}:[ \t]*(?:\[[ \t]*\]|\{{[ \t]*\}}|~|null)?[ \t]*(#.*)?$")
    place = next((number for number, line in enumerate(lines) if head.match(line)), None)
    if place is not None:
        # `feeds: []  # none yet` becomes the head of a block, with its comment.
        comment = head.sub(r"\1", lines[place])
        lines[place] = f"{change.section}:  {comment}" if comment else f"{change.section}:"
        return "\n".join([*lines[: place + 1], *added, *(lines[place + 1 :] or [""])])
    if is_named:
        return None
    before = "\n".join(lines).rstrip("\n")
    return "\n".join([*([before, ""] if before else []), f"{change.section}:", *added, ""])


def _cut_item(lines: list[str], section: Table | Listing, item: int | str, name: str) -> str | None:
    """Return the text without an item's own lines; comments around it stay. None where items share lines."""
    span = _find_span(section, item, lines)
    if span is None:
        return None
    del lines[span.start : span.end]
    if len(_list_children(section)) == 1:
        empty = "[]" if isinstance(section, Listing) else "{}"
        return re.sub(rf"^{re.escape(name)}:[ \t]*", f"{name}: {empty}", "\n".join(lines), count=1, flags=re.MULTILINE)
    return "\n".join(lines)


def _rewrite_item(lines: Sequence[str], span: _Span, change: UpdateItem) -> str | None:
    """Return the text with an item changed and its lines written anew, comments inside of it and all."""
    snippet = "\n".join(line[span.indent :] if line.strip() else "" for line in lines[span.start : span.end]) + "\n"
    try:
        holder = _make_rules().load(snippet)
    except YAMLError:
        return None  # an alias to an anchor elsewhere, for example
    if isinstance(holder, list):
        within = UpdateItem(section=change.section, item=0, values=change.values)
    elif change.item is None:
        holder, within = {change.section: holder[change.section]}, change
        if not isinstance(holder[change.section], dict):
            return None
        _update_item(holder[change.section], within, _to_yaml)
        return _splice(lines, span, holder)
    else:
        within = change
    _update_item(holder, within, _to_yaml)
    return _splice(lines, span, holder)


def _splice(lines: Sequence[str], span: _Span, holder: Any) -> str:
    written = _indent(_dump(holder), span.indent)
    return "\n".join([*lines[: span.start], *written, *(lines[span.end :] or [""])])


def _rewrite(text: str, change: Change) -> str | None:
    """Return the whole text written anew with a change, for where items share lines."""
    rules = _make_rules()
    try:
        root = rules.load(text)
    except YAMLError:
        return None
    if root is None:
        root = CommentedMap()
    if not isinstance(root, dict):
        return None
    _change_tree(root, change, _to_yaml)
    out = io.StringIO()
    rules.dump(root, out)
    return out.getvalue()


def _dump(value: Any) -> str:
    out = io.StringIO()
    _make_rules().dump(value, out)
    text = out.getvalue()
    if isinstance(value, list):
        # At the top of a text, a list is indented as everywhere; here it begins at the left.
        text = "\n".join(line.removeprefix(" " * _INDENT) for line in text.split("\n"))
    return text


def _make_rules() -> YAML:
    rules = YAML()
    rules.preserve_quotes = True
    rules.width = 10_000
    rules.indent(mapping=2, sequence=4, offset=2)
    return rules
