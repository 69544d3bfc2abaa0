"""`feeds.yaml`: the sources, each once."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from watcher.errors import Fault, UsageError
from watcher.model.access import Access
from watcher.model.feed_config import FeedConfig
from watcher.settings import secrets
from watcher.settings.fault_redaction import conceal_values
from watcher.settings.feed_access import prepare_access, read_access
from watcher.settings.schema import WrittenFeed
from watcher.settings.validation import build_section, read_sections
from watcher.settings.yaml_nodes import Listing, Node, Place, Scalar, Table, make_node
from watcher.text.redact import (
    HIDDEN,
    list_secret_values,
    make_public_url,
    parse_userinfo,
    redact_text,
    redact_url,
    strip_userinfo,
)
from watcher.text.written_values import shorten_text

_REDACTED = re.compile(r"=\*\*\*(?:[&#]|$)|//\*\*\*@")


def read_sources(
    root: Node | None, file: str, faults: list[Fault], *, folder: Path, notes: list[Fault] | None = None
) -> tuple[FeedConfig, ...]:
    """Return the sources of a file in its order; a bare address in the list is a feed with nothing but it.

    `folder` is where relative paths count from. `notes` takes what works and should be looked at.
    """
    table = read_sections(Place(file), root, ("feeds",), faults)
    listed = table.values.get("feeds")
    if listed is None or (isinstance(listed, Scalar) and listed.value is None):
        return ()
    if not isinstance(listed, Listing):
        faults.append(listed.place.fault("`feeds`: expected a list here, each line beginning with `- url: `"))
        return ()
    # One address may be two feeds, each for another login; the second gets an address of its own to be known by.
    seen: dict[tuple[object, ...], Place] = {}
    sources: dict[str, FeedConfig] = {}
    for item in listed.items:
        source = _read_source(item, folder, faults, [] if notes is None else notes)
        if source is None:
            continue
        place = item.values["url"].place if isinstance(item, Table) else item.place
        if (first := seen.get(_get_identity(source))) is not None:
            faults.append(place.fault(f"feed {shorten_text(source.url)} appears twice (first in line {first.line})"))
            continue
        seen[_get_identity(source)] = place
        if source.url in sources:
            source = replace(source, url=_make_distinct_url(source), address=source.request_url)
        sources[source.url] = source
    return tuple(sources.values())


def make_source(
    facts: Mapping[str, Any], environ: Mapping[str, str] | None = None, *, folder: Path | None = None
) -> FeedConfig:
    """Return the source that an item of feeds.yaml with these keys would be. Raises UsageError.

    `${NAME}` is read where there is an `environ`; without one it is refused. What comes from a form or from somebody
    else's list must not have the values of this machine's environment sent to a host of its choice.
    """
    faults: list[Fault] = []
    filled: list[Scalar] = []
    node = make_node({key: value for key, value in facts.items() if value is not None}, Place("feed"))
    if environ is not None:
        filled = secrets.expand(node, environ, faults)
    elif "${" in str(facts.get("url", "")):
        faults.append(Place("feed").fault("`${...}` is read in feeds.yaml alone: write it there"))
    source = None if faults else _read_source(node, folder or Path(), faults, [])
    if source is None or faults:
        raise UsageError(conceal_values(faults, filled)[0].message.replace("`", ""))
    return source


def find_source(sources: Sequence[FeedConfig], url: str) -> FeedConfig | None:
    """Return the configured feed of an address: as it is listed, as it is configured, or in another spelling."""
    from watcher.text.urls import canonical_url

    public = make_public_url(url)
    rules = (
        lambda source: source.url == url,
        lambda source: source.request_url == url,
        lambda source: source.request_url == strip_userinfo(url),
        lambda source: source.url == public,
        lambda source: redact_url(source.request_url) == public,
        lambda source: same_address(source.request_url) == same_address(strip_userinfo(url)),
        lambda source: canonical_url(source.request_url) == canonical_url(strip_userinfo(url)),
    )
    for rule in rules:
        matching = [source for source in sources if rule(source)]
        if len(matching) == 1:
            return matching[0]
    return None


def same_address(url: str) -> str:
    """Return what two spellings of one feed address share: host in lower case, no fragment, no lone slash."""
    scheme, _, rest = url.strip().partition("://")
    host, slash, path = rest.partition("/")
    path = path.partition("#")[0]
    return f"{scheme.lower()}://{host.lower()}" + (slash + path if path else "")


def _read_source(item: Node, folder: Path, faults: list[Fault], notes: list[Fault]) -> FeedConfig | None:
    node = item
    # A bare address in the list: `- https://news.example/rss`.
    if isinstance(item, Scalar) and item.value is not None:
        node = Table(item.place, {"url": item}, {"url": item.place})
    before = len(faults)
    if isinstance(node, Table):
        prepare_access(node, folder, faults, notes)
    written = build_section(WrittenFeed, node, faults)
    if written is None or not isinstance(node, Table):
        return None
    access = read_access(written, parse_userinfo(written.url), node, folder, faults, notes)
    url = node.values["url"]
    if _REDACTED.search(written.url):
        faults.append(url.place.fault(f"`url`: {HIDDEN} stands in place of a secret: write the secret, or `${{NAME}}`"))
    if len(faults) > before:
        return None
    address = strip_userinfo(written.url)
    template = url.written if isinstance(url, Scalar) else None
    public = make_public_url(template or written.url)
    values = _list_secrets(written.url, access, url)
    return FeedConfig(
        url=public,
        title=redact_text(written.title.strip()),
        tags=tuple(dict.fromkeys(written.tags)),
        language=written.language,
        interval=written.interval,
        enabled=written.enabled,
        fulltext=written.fulltext,
        budget=written.budget.budget if written.budget else None,
        weight=written.weight,
        private=bool(values) or access.username is not None,
        address=address if address != public else "",
        access=access,
        secrets=values,
    )


def _list_secrets(url: str, access: Access, node: Node) -> tuple[str, ...]:
    filled = [value for _name, value in node.filled] if isinstance(node, Scalar) else []
    carried = [access.password, access.cookie, *(value for _name, value in access.headers)]
    return tuple(dict.fromkeys(value for value in (*list_secret_values(url), *filled, *carried) if value))


def _get_identity(source: FeedConfig) -> tuple[object, ...]:
    """Return what two items share that are one feed: one address may serve two readers with a feed each."""
    access = source.access
    return same_address(source.request_url), access.username, access.cookie, access.headers


def _make_distinct_url(source: FeedConfig) -> str:
    """Return an address of its own for a feed that differs from one before it in nothing that may be shown."""
    mark = hashlib.blake2b(repr(_get_identity(source)).encode(), digest_size=2).hexdigest()
    return f"{source.url}#{mark}"
