"""Edits `feeds.yaml` as a person would: a line more or less, every comment kept, and nothing that would not load."""

from __future__ import annotations

import errno
import io
import os
import re
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import yaml
from ruamel.yaml import YAML

from watcher.errors import ConfigError, Fault, NotFoundError
from watcher.model.feed import FeedConfig
from watcher.settings.fault_redaction import conceal_values
from watcher.settings.feeds import read_sources
from watcher.settings.loader import load
from watcher.settings.secrets import FaultsWithoutSecrets, expand
from watcher.settings.value_types import format_duration
from watcher.settings.yaml_nodes import Listing, Node, Table, read
from watcher.text.redact import redact_url

FILE = "feeds.yaml"
_INDENT = 2
_EMPTY_LIST = re.compile(r"^feeds:[ \t]*(?:\[[ \t]*\]|~|null)?[ \t]*(#.*)?$")


def add_sources(folder: Path, environ: Mapping[str, str], added: Sequence[FeedConfig]) -> None:
    """Add feeds at the end of the list. Raises ConfigError, and changes nothing, where that could not be loaded."""
    written = [_to_item(source) for source in added]
    _edit(
        folder,
        environ,
        lambda text: _append_items(text, written),
        lambda listed: listed.extend(written),
        lambda old: [*old, *added],
    )


def remove_source(folder: Path, environ: Mapping[str, str], url: str) -> None:
    """Remove a feed, by the address that it is known by, from the list. Raises NotFoundError or ConfigError."""
    known = [source.url for source in _sources(folder, environ)]
    if url not in known:
        raise NotFoundError("feed", redact_url(url))
    place = known.index(url)

    def delete_item(listed: Any) -> None:
        """Delete the item of the feed."""
        del listed[place]

    _edit(
        folder,
        environ,
        lambda text: _cut_item(text, place),
        delete_item,
        lambda old: [source for source in old if source.url != url],
    )


def _edit(
    folder: Path,
    environ: Mapping[str, str],
    by_line: Callable[[str], str | None],
    by_tree: Callable[[Any], None],
    expected: Callable[[Sequence[FeedConfig]], Sequence[FeedConfig]],
) -> None:
    """Edit line by line where the list is written so; what does not give the expected feeds is written anew instead."""
    path = folder / FILE
    original = _text(path)
    before, windows = original.replace("\r\n", "\n"), "\r\n" in original
    wanted = [_without_identity(source) for source in expected(_sources(folder, environ))]
    fault: ConfigError | None = None
    for attempt in (by_line, lambda text: _rewrite(text, by_tree)):
        after = attempt(before)
        if after is None:
            continue
        replace_file(path, after.replace("\n", "\r\n") if windows else after)
        try:
            if [_without_identity(source) for source in load(folder, environ, secrets_needed=False).sources] == wanted:
                return
        except ConfigError as error:
            fault = error
        replace_file(path, original)
    raise fault or ConfigError(
        (Fault(str(path), 1, 1, "cannot be edited without changing other feeds: edit it by hand"),)
    )


def _without_identity(source: FeedConfig) -> FeedConfig:
    """Return a feed as its item has it: without what it is known by, which depends on the items before it."""
    return replace(source, url="", address=source.request_url, secrets=(), private=False)


def _sources(folder: Path, environ: Mapping[str, str]) -> tuple[FeedConfig, ...]:
    faults: list[Fault] = FaultsWithoutSecrets()
    root = read(folder / FILE, str(folder / FILE), faults)
    filled = expand(root, environ, faults) if root is not None else []
    sources = read_sources(root, str(folder / FILE), faults, folder=folder)
    if faults:
        raise ConfigError(tuple(sorted(conceal_values(faults, filled))))
    return sources


def _parse_list(text: str) -> Node | None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / FILE
        path.write_text(text, encoding="utf-8")
        root = read(path, FILE, [])
    return root.values.get("feeds") if isinstance(root, Table) else None


def _append_items(text: str, added: Sequence[Mapping[str, Any]]) -> str | None:
    """Return the file with items behind the last one, or in place of an empty list; None where items share lines."""
    listed, lines = _parse_list(text), text.split("\n")
    items = listed.items if isinstance(listed, Listing) else []
    if items:
        spans = _find_spans(items, lines)
        return None if spans is None else _insert_items(lines, spans[-1].end, spans[-1].indent, added)
    place = next((number for number, line in enumerate(lines) if _EMPTY_LIST.match(line)), None)
    if place is not None:
        # `feeds: []  # none yet` becomes the head of a block, with its comment.
        comment = _EMPTY_LIST.sub(r"\1", lines[place])
        lines[place] = f"feeds:  {comment}" if comment else "feeds:"
        return _insert_items(lines, place + 1, _INDENT, added)
    if re.search(r"^feeds:", text, re.MULTILINE):
        return None
    return _insert_items([*text.rstrip("\n").split("\n"), "", "feeds:"], None, _INDENT, added)


def _insert_items(lines: list[str], place: int | None, indent: int, added: Sequence[Mapping[str, Any]]) -> str:
    place = len(lines) if place is None else place
    items = [f"{' ' * indent}- {_format_item(item)}" for item in added]
    return "\n".join([*lines[:place], *items, *(lines[place:] or [""])])


def _cut_item(text: str, place: int) -> str | None:
    """Return the file without an item's own lines; comments around it stay. None where items share lines."""
    listed, lines = _parse_list(text), text.split("\n")
    if not isinstance(listed, Listing) or (spans := _find_spans(listed.items, lines)) is None:
        return None
    del lines[spans[place].start : spans[place].end]
    if len(spans) == 1:
        text = "\n".join(lines)
        return re.sub(r"^feeds:[ \t]*", "feeds: []", text, count=1, flags=re.MULTILINE)
    return "\n".join(lines)


class _Span(NamedTuple):
    """The lines of an item, `end` behind the last, and how far its dash is indented."""

    start: int
    end: int
    indent: int


def _find_spans(items: Sequence[Node], lines: Sequence[str]) -> list[_Span] | None:
    """Return the lines of each item of a list in block style; None where an item shares a line."""
    starts: list[tuple[int, int]] = []
    for item in items:
        number = item.place.line - 1
        match = re.match(r"([ ]*)-[ ]+", lines[number])
        if match is None or match.end() > item.place.column or (starts and starts[-1][0] >= number):
            return None
        starts.append((number, len(match[1])))
    spans = []
    for number, (start, indent) in enumerate(starts):
        end = starts[number + 1][0] if number + 1 < len(starts) else _end_of_list(lines, start + 1, indent)
        # Comments and blank lines before the next item are that one's.
        while end > start + 1 and (not lines[end - 1].strip() or lines[end - 1].lstrip().startswith("#")):
            end -= 1
        spans.append(_Span(start, end, indent))
    return spans


def _end_of_list(lines: Sequence[str], start: int, indent: int) -> int:
    for number in range(start, len(lines)):
        line = lines[number]
        if line.strip() and not line.lstrip().startswith("#") and len(line) - len(line.lstrip(" ")) <= indent:
            return number
    return len(lines)


def _rewrite(text: str, change: Callable[[Any], None]) -> str | None:
    """Return the file changed and written anew, comments and all, for where items share lines."""
    rules = YAML()
    rules.preserve_quotes = True
    rules.width = 10_000
    rules.indent(mapping=2, sequence=4, offset=2)
    root = rules.load(text)
    if not isinstance(root, dict):
        return None
    if not isinstance(root.get("feeds"), list):
        root["feeds"] = []
    change(root["feeds"])
    out = io.StringIO()
    rules.dump(root, out)
    return out.getvalue()


def _to_item(source: FeedConfig) -> dict[str, Any]:
    url = source.url if "${" in source.url else source.request_url
    item: dict[str, Any] = {"url": url, "title": source.title, "tags": list(source.tags)}
    item |= {"language": source.language, "interval": format_duration(source.interval) if source.interval else None}
    item |= {"enabled": None if source.enabled else "false", "fulltext": "true" if source.fulltext else None}
    if source.access.username is not None:
        item |= {
            "username": _escape_references(source.access.username),
            "password": _escape_references(source.access.password or ""),
        }
    return {key: value for key, value in item.items() if value or key == "password"}


def _escape_references(text: str) -> str:
    """Return a text as it has to be written where `${NAME}` is read."""
    return text.replace("${", "$${")


def _format_item(written: Mapping[str, Any]) -> str:
    """Format an item in one line: `{url: https://..., title: ...}`."""
    plain_words = {key: value for key, value in written.items() if key not in {"enabled", "fulltext"}}
    line = yaml.safe_dump(
        plain_words, default_flow_style=True, sort_keys=False, width=10**6, allow_unicode=True
    ).strip()
    flags = "".join(f", {key}: {written[key]}" for key in ("enabled", "fulltext") if key in written)
    return f"{line[:-1]}{flags}}}"


def _text(path: Path) -> str:
    try:
        return path.read_bytes().decode("utf-8-sig")
    except FileNotFoundError:
        return "feeds: []\n"
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError((Fault(str(path), 1, 1, f"cannot be read: {error}"),)) from error


def replace_file(path: Path, text: str) -> None:
    """Write the file whole or not at all, with the rights that it had."""
    unfinished: Path | None = None
    try:
        descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        unfinished = Path(name)
        with os.fdopen(descriptor, "w", encoding="utf-8", newline="") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        unfinished.chmod(path.stat().st_mode & 0o777 if path.exists() else 0o644)
        unfinished.replace(path)
    except OSError as error:
        if unfinished is not None:
            unfinished.unlink(missing_ok=True)
        reason = error.strerror or str(error)
        if error.errno in {errno.EBUSY, errno.EXDEV}:
            # A file that is a mount of its own can be written to, but not replaced; written in place it would be half
            # of a configuration if the process ended meanwhile.
            reason = "it is mounted by itself: mount its folder instead, not the file"
        raise ConfigError((Fault(str(path), 1, 1, f"cannot be written: {reason}"),)) from error
