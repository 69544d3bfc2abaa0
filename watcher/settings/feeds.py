"""What `feeds.yaml` says: the sources, each once."""

from __future__ import annotations

from watcher.errors import Fault
from watcher.model.feed import Source
from watcher.settings.checked import check, whole
from watcher.settings.document import Listing, Node, Place, Scalar, Table
from watcher.settings.schema import WrittenFeed
from watcher.settings.words import shorten


def read_sources(root: Node | None, file: str, faults: list[Fault]) -> tuple[Source, ...]:
    """Read the sources of a file; a bare address in the list is a feed with nothing but it."""
    table = whole(Place(file), root, ("feeds",), faults)
    listed = table.values.get("feeds")
    if listed is None or (isinstance(listed, Scalar) and listed.value is None):
        return ()
    if not isinstance(listed, Listing):
        faults.append(listed.place.fault("`feeds`: expected a list here, each line beginning with `- url: `"))
        return ()
    found: dict[str, tuple[Source, Place]] = {}
    for item in listed.items:
        node = item
        if isinstance(item, Scalar) and item.value is not None:
            node = Table(item.place, {"url": item}, {"url": item.place})
        written = check(WrittenFeed, node, faults)
        if written is None:
            continue
        place = node.values["url"].place if isinstance(node, Table) else node.place
        same = found.get(same_address(written.url))
        if same is not None:
            faults.append(place.fault(f"feed {shorten(written.url)} appears twice (first in line {same[1].line})"))
            continue
        source = Source(
            url=written.url,
            title=written.title.strip(),
            tags=tuple(dict.fromkeys(written.tags)),
            language=written.language,
            interval=written.interval,
            enabled=written.enabled,
            fulltext=written.fulltext,
            budget=written.budget.budget if written.budget else None,
        )
        found[same_address(written.url)] = (source, place)
    return tuple(source for source, _place in found.values())


def same_address(url: str) -> str:
    """Give what two spellings of one feed address share: host in lower case, no fragment, no lone slash."""
    scheme, _, rest = url.strip().partition("://")
    host, slash, path = rest.partition("/")
    path = path.partition("#")[0]
    return f"{scheme.lower()}://{host.lower()}" + (slash + path if path else "")
