"""`topics.yaml`: topics and the sets that they share, each query with its place in the file."""

from __future__ import annotations

from watcher.errors import Fault
from watcher.model.topic import Topic
from watcher.settings.schema import WrittenTopic
from watcher.settings.validation import build_section, read_sections
from watcher.settings.yaml_nodes import Listing, Node, Place, Scalar, Table
from watcher.text.written_values import NAME, shorten_text


def read_topics(
    root: Node | None, file: str, faults: list[Fault], *, queries: bool = True
) -> tuple[tuple[Topic, ...], dict[str, str], frozenset[str]]:
    """Return the topics and sets of a file, and the ids of all topics that it names, faulty or not.

    Without `queries` those of the topics are taken as they are written, unparsed.
    """
    table = read_sections(Place(file), root, ("sets", "topics"), faults)
    sets, sets_at = _read_sets(table.values.get("sets"), faults)
    items = _list_items(table.values.get("topics"), faults)
    topics: dict[str, Topic] = {}
    keywords: list[Topic] = []
    for item in items:
        written = build_section(WrittenTopic, item, faults)
        if written is None or not isinstance(item, Table):
            continue
        if written.id in topics:
            first = topics[written.id].line
            faults.append(item.values["id"].place.fault(f"topic `{written.id}` appears twice (see line {first})"))
            continue
        topic = _build_topic(written, item, file, faults)
        if topic is None:
            continue
        topics[topic.id] = topic
        if written.keywords:
            keywords += _split_keywords(topic, item)
    if queries:
        from watcher.match import check_topics  # imported where queries are read: commands that only read take none

        # A topic of keywords is parsed keyword by keyword, so that a fault in one points at it.
        by_keywords = {topic.id for topic in keywords}
        others = [topic for topic in topics.values() if topic.id not in by_keywords]
        faults += check_topics([*others, *keywords], sets, sets_at)
    return tuple(topics.values()), sets, _list_ids(items)


def _list_items(listed: Node | None, faults: list[Fault]) -> list[Node]:
    if listed is None or (isinstance(listed, Scalar) and listed.value is None):
        return []
    if isinstance(listed, Listing):
        return listed.items
    faults.append(listed.place.fault("`topics`: expected a list here, each item beginning with `- id: `"))
    return []


def _list_ids(items: list[Node]) -> frozenset[str]:
    ids = (item.values.get("id") for item in items if isinstance(item, Table))
    return frozenset(node.value for node in ids if isinstance(node, Scalar) and node.value)


def _read_sets(node: Node | None, faults: list[Fault]) -> tuple[dict[str, str], dict[str, tuple[str, int, int]]]:
    """Return the queries of the sets by name, and where each is written: file, line and column."""
    sets: dict[str, str] = {}
    sets_at: dict[str, tuple[str, int, int]] = {}
    if node is None or (isinstance(node, Scalar) and node.value is None):
        return sets, sets_at
    if not isinstance(node, Table):
        faults.append(node.place.fault("`sets`: expected `name: query` lines here"))
        return sets, sets_at
    for name, value in node.values.items():
        # A dot would end the name in a query: `@set.` at the end of a sentence.
        if not NAME.fullmatch(name) or "." in name:
            faults.append(node.key_at[name].fault(f"set {shorten_text(name)!r}: letters, digits, `-` and `_` only"))
        elif not isinstance(value, Scalar) or not (value.value or "").strip():
            faults.append(value.place.fault(f"set `{name}`: expected a query"))
        else:
            sets[name] = _text(value)
            sets_at[name] = (value.text_at.file, value.text_at.line, value.text_at.column)
    return sets, sets_at


def _build_topic(written: WrittenTopic, item: Table, file: str, faults: list[Fault]) -> Topic | None:
    if (written.query is None) == (written.keywords is None):
        has = "has both `query` and `keywords`" if written.query is not None else "has neither `query` nor `keywords`"
        faults.append(item.place.fault(f"topic `{written.id}` {has}: it needs one of them"))
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


def _split_keywords(topic: Topic, item: Table) -> list[Topic]:
    """Return a topic for each keyword, so that a fault in one points at it."""
    node = item.values["keywords"]
    if not isinstance(node, Listing):
        return [topic]
    from watcher.match import format_keyword_query

    return [
        Topic(
            id=topic.id,
            name=topic.name,
            query=format_keyword_query([keyword.value]),
            file=topic.file,
            line=keyword.text_at.line,
            column=keyword.text_at.column,
        )
        for keyword in node.items
        if isinstance(keyword, Scalar) and keyword.value and keyword.value.strip()
    ]


def _text(node: Scalar) -> str:
    """Return a query as the file has it where lines and columns can be counted there: white space means nothing."""
    return node.lines if node.lines is not None else node.value or ""
