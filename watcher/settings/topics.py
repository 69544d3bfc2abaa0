"""What `topics.yaml` says: topics and the sets they share, each query at its place."""

from __future__ import annotations

from watcher.errors import Fault
from watcher.model.topic import Topic
from watcher.settings.schema import WrittenTopic
from watcher.settings.validation import check, whole
from watcher.settings.value_types import shorten
from watcher.settings.yaml_nodes import Listing, Node, Place, Scalar, Table
from watcher.text.written_values import NAME


def read_topics(
    root: Node | None, file: str, faults: list[Fault], *, queries: bool = True
) -> tuple[tuple[Topic, ...], dict[str, str], frozenset[str]]:
    """Read topics and sets; also the ids of all topics that the file names, faulty or not."""
    table = whole(Place(file), root, ("sets", "topics"), faults)
    sets, sets_at = _sets(table.values.get("sets"), faults)
    listed = table.values.get("topics")
    topics: dict[str, Topic] = {}
    keywords: list[Topic] = []
    ids: set[str] = set()
    if listed is not None and not isinstance(listed, Listing):
        if not (isinstance(listed, Scalar) and listed.value is None):
            faults.append(listed.place.fault("`topics`: expected a list here, each item beginning with `- id: `"))
        listed = None
    for item in listed.items if isinstance(listed, Listing) else ():
        named = item.values.get("id") if isinstance(item, Table) else None
        if isinstance(named, Scalar) and named.value:
            ids.add(named.value)
        written = check(WrittenTopic, item, faults)
        if written is None or not isinstance(item, Table):
            continue
        if written.id in topics:
            first = topics[written.id].line
            faults.append(item.values["id"].place.fault(f"topic `{written.id}` appears twice (see line {first})"))
            continue
        topic = _topic(written, item, file, faults)
        if topic is None:
            continue
        topics[topic.id] = topic
        if written.keywords:
            keywords += _keywords(topic, item)
    if not queries:
        return tuple(topics.values()), sets, frozenset(ids)
    from watcher.match import check_topics  # imported where queries are read: commands that only read take none

    by_keywords = {topic.id for topic in keywords}
    others = [topic for topic in topics.values() if topic.id not in by_keywords]
    faults += check_topics([*others, *keywords], sets, sets_at)
    return tuple(topics.values()), sets, frozenset(ids)


def _sets(node: Node | None, faults: list[Fault]) -> tuple[dict[str, str], dict[str, tuple[str, int, int]]]:
    sets: dict[str, str] = {}
    sets_at: dict[str, tuple[str, int, int]] = {}
    if node is None or (isinstance(node, Scalar) and node.value is None):
        return sets, sets_at
    if not isinstance(node, Table):
        faults.append(node.place.fault("`sets`: expected `name: query` lines here"))
        return sets, sets_at
    for name, value in node.values.items():
        if not NAME.fullmatch(name) or "." in name:
            faults.append(node.key_at[name].fault(f"set {shorten(name)!r}: letters, digits, `-` and `_` only"))
        elif not isinstance(value, Scalar) or not (value.value or "").strip():
            faults.append(value.place.fault(f"set `{name}`: expected a query"))
        else:
            sets[name] = _text(value)
            sets_at[name] = (value.text_at.file, value.text_at.line, value.text_at.column)
    return sets, sets_at


def _topic(written: WrittenTopic, item: Table, file: str, faults: list[Fault]) -> Topic | None:
    if (written.query is None) == (written.keywords is None):
        said = "has both `query` and `keywords`" if written.query is not None else "has neither `query` nor `keywords`"
        faults.append(item.place.fault(f"topic `{written.id}` {said}: it needs one of them"))
        return None
    node = item.values["query" if written.query is not None else "keywords"]
    place = node.text_at if isinstance(node, Scalar) else node.place
    query = _text(node) if written.query is not None and isinstance(node, Scalar) else ""
    if written.keywords is not None:
        from watcher.match import format_keyword_query

        query = format_keyword_query(written.keywords)
    if not query.strip():
        faults.append(node.place.fault(f"topic `{written.id}`: its query is empty"))
        return None
    return Topic(
        id=written.id,
        name=written.name.strip() or written.id,
        query=query,
        description=written.description.strip(),
        tags=tuple(dict.fromkeys(written.tags)),
        file=file,
        line=place.line,
        column=place.column,
    )


def _keywords(topic: Topic, item: Table) -> list[Topic]:
    """Make a topic of each keyword, so that a fault in one points at it."""
    node = item.values["keywords"]
    if not isinstance(node, Listing):
        return [topic]
    from watcher.match import format_keyword_query

    return [
        Topic(
            id=topic.id,
            name=topic.name,
            query=format_keyword_query([each.value]),
            file=topic.file,
            line=each.text_at.line,
            column=each.text_at.column,
        )
        for each in node.items
        if isinstance(each, Scalar) and each.value and each.value.strip()
    ]


def _text(node: Scalar) -> str:
    """Take a query as the file has it where lines and columns can be counted there; white space means nothing in it."""
    return node.lines if node.lines is not None else node.value or ""
