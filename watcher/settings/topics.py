"""`topics.yaml`: topics and the sets that they share, each query with its place in the file."""

from __future__ import annotations

from collections.abc import Iterator

from watcher.errors import Fault
from watcher.model.topic import Topic
from watcher.settings.former_names import check_former_names
from watcher.settings.schema import WrittenTopic
from watcher.settings.validation import build_section, read_sections
from watcher.settings.yaml_nodes import Listing, Node, Place, Scalar, Table, walk_scalars
from watcher.text.written_values import NAME, shorten_text

SENTENCE_KEYS = ("about", "not_about", "examples", "not_examples")
READ_CHARACTERS = 1_000
"""About as many characters of a sentence as an encoder reads (512 tokens)."""


def read_topics(
    root: Node | None, file: str, faults: list[Fault], *, queries: bool = True, notes: list[Fault] | None = None
) -> tuple[tuple[Topic, ...], dict[str, str], frozenset[str]]:
    """Return the topics and sets of a file, and the ids of all topics that it names, faulty or not.

    Without `queries` those of the topics are taken as they are written, unparsed. `notes` takes what works and should
    be looked at.
    """
    table = read_sections(Place(file), root, ("sets", "topics"), faults)
    sets, sets_at = _read_sets(table.values.get("sets"), faults)
    items = _list_items(table.values.get("topics"), faults)
    topics: dict[str, Topic] = {}
    places: list[tuple[str, tuple[str, ...], Node]] = []
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
        places.append((topic.id, topic.formerly, item))
        if notes is not None:
            notes += note_sentences(topic)
        if written.keywords:
            keywords += _split_keywords(topic, item)
    check_former_names("topic", places, faults)
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
    if written.query is not None and written.keywords is not None:
        faults.append(item.place.fault(f"topic `{written.id}` has both `query` and `keywords`: it needs one of them"))
        return None
    has_sentences = bool(written.about or written.examples)
    node = item.values.get("query" if written.query is not None else "keywords", item)
    query = _read_query(written, node)
    if not query.strip() and (fault := _find_lack(written, node, item, has_sentences)) is not None:
        faults.append(fault)
        return None
    place = node.text_at if isinstance(node, Scalar) else node.place
    return Topic(
        id=written.id,
        name=written.name.strip() or written.id,
        query=query if query.strip() else "",
        description=written.description.strip(),
        tags=tuple(dict.fromkeys(written.tags)),
        about=written.about,
        not_about=written.not_about,
        examples=written.examples,
        not_examples=written.not_examples,
        proposals=written.proposals,
        paused=written.paused,
        formerly=written.formerly,
        file=file,
        line=place.line,
        column=place.column,
        sentence_places=dict(_iter_sentence_places(item)),
    )


def _read_query(written: WrittenTopic, node: Node) -> str:
    """Return the query of a topic, empty where it has none."""
    if written.keywords is not None:
        from watcher.match import format_keyword_query

        return format_keyword_query(written.keywords)
    return _text(node) if written.query is not None and isinstance(node, Scalar) else ""


def _find_lack(written: WrittenTopic, node: Node, item: Table, has_sentences: bool) -> Fault | None:
    """Return why a topic without words in its query would find nothing, None where its sentences will do."""
    if has_sentences and written.proposals is not None:
        return None
    if has_sentences:
        place = item.key_at["proposals"]
        return place.fault(f"topic `{written.id}` has no query, and without proposals its sentences find nothing")
    if written.query is not None or written.keywords is not None:
        return node.place.fault(f"topic `{written.id}`: its query is empty")
    if written.not_about or written.not_examples:
        return item.place.fault(f"topic `{written.id}` states only what it is not: add `about`, `examples` or a query")
    return item.place.fault(
        f"topic `{written.id}` has neither `query` nor `keywords` nor `about`: it needs one of them"
    )


def _iter_sentence_places(item: Table) -> Iterator[tuple[str, tuple[int, int]]]:
    """Yield each sentence and example with its line and column."""
    for key in SENTENCE_KEYS:
        node = item.values.get(key)
        for scalar in walk_scalars(node) if node is not None else ():
            text = " ".join((scalar.value or "").split())
            yield text, (scalar.place.line, scalar.place.column)


def note_sentences(topic: Topic) -> list[Fault]:
    """Return what should be looked at in a topic's sentences: too long ones, and those that contradict each other."""

    def note(text: str, message: str) -> Fault:
        """Return a note at a sentence."""
        return Fault(topic.file, *topic.sentence_places.get(text, (topic.line, topic.column)), message)

    listed = [*topic.about, *topic.not_about, *topic.examples, *topic.not_examples]
    notes = [
        note(
            text,
            f"topic `{topic.id}`: a sentence of {len(text):,} characters; an encoder reads about the first"
            f" {READ_CHARACTERS:,}",
        )
        for text in dict.fromkeys(listed)
        if len(text) > READ_CHARACTERS
    ]
    excluded = {*topic.not_about, *topic.not_examples}
    notes += [
        note(text, f"topic `{topic.id}`: this stands both under what it is about and under what it is not")
        for text in dict.fromkeys([*topic.about, *topic.examples])
        if text in excluded
    ]
    return notes


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
