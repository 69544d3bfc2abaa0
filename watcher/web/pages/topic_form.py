"""The topic builder's form: a query as text or in boxes, and sentences; the two ways to write a query kept the same."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from watcher.contract.configuration import TopicEdit
from watcher.errors import BusyError, QueryError, UsageError, WatcherError
from watcher.match.boxes import QueryBoxes, format_boxes, parse_boxes
from watcher.model.topic import Topic
from watcher.settings.edit_topics import format_block, hash_topic
from watcher.settings.topics import SENTENCE_KEYS
from watcher.topics.named_query import NamedQuery
from watcher.web.context import WebContext
from watcher.web.forms import Form
from watcher.web.pages.edits import split_lines

BOXES = ("all_of", "any_of", "none_of")
PERIODS = {"7d": "7 days", "30d": "30 days", "90d": "90 days"}
DEFAULT_PERIOD = "30d"
DEFAULT_BRING_IN = 7
MAX_BOXED_CHARACTERS = 4_000
"""A longer query is shown as text alone: nobody reads that much in boxes."""


@dataclass(slots=True, kw_only=True)
class Draft:
    """What the builder contains, and the results of its last analysis: `look` is try, cost, probe or measure.

    `opened` is the id of the topic that the builder was opened on, empty for a new one: another `id` renames it. `was`
    is that topic's hash, and `saved` the one that stands in the file where somebody else changed it since. `boxes` is
    None where boxes cannot show the query. `sentences` is None where the form had no fields for them. Saving searches
    the items of the last `bring_in` days.
    """

    id: str = ""
    opened: str = ""
    name: str = ""
    query: str = ""
    boxes: QueryBoxes | None = None
    sentences: dict[str, tuple[str, ...]] | None = None
    was: str = ""
    bring_in: int = DEFAULT_BRING_IN
    since: str = DEFAULT_PERIOD
    look: str = ""
    fault: WatcherError | None = None
    yaml: str = ""
    saved: Topic | None = None
    results: dict[str, Any] = field(default_factory=dict)

    @property
    def has_query(self) -> bool:
        return bool(self.query.strip())

    @property
    def has_sentences(self) -> bool:
        return bool(self.sentences and (self.sentences["about"] or self.sentences["examples"]))

    @property
    def is_empty(self) -> bool:
        return not self.has_query and not self.has_sentences

    @property
    def seen(self) -> Mapping[str, str]:
        """What the form sends back to find out which of the two was edited, the text or the boxes."""
        return {"query": _hash_query(self.query), "boxes": _hash_boxes(self.boxes)}


def open_draft(ctx: WebContext, known: Topic | None, query: str = "") -> Draft:
    """Return the draft of a topic, or of a query that is no topic yet."""
    draft = Draft(query=query or (known.query if known else ""), was=hash_topic(known))
    if known is not None:
        draft.id, draft.opened, draft.name = known.id, known.id, known.name
    draft.sentences = get_sentences(known)
    draft.boxes = find_boxes(ctx, draft.query)
    return draft


def read_draft(ctx: WebContext, form: Form) -> Draft:
    """Return what was typed. A fault of the boxes is that of the draft; nothing else is parsed here."""
    draft = Draft(
        id=form.get("id").strip(), opened=form.get("opened").strip(), name=" ".join(form.get("name").split()),
        query=form.get("query"), bring_in=_read_days(form), since=form.get("since").strip() or DEFAULT_PERIOD,
        look=form.get("look"), sentences=_read_sentences(form), was=form.get("was").strip(),
    )  # fmt: skip
    if not form.get_all("all_of"):
        draft.boxes = find_boxes(ctx, draft.query)
        return draft
    typed = QueryBoxes(**{name: tuple(split_lines(form.get(name))) for name in BOXES})
    try:
        draft.query = _choose_query(form, draft.query, typed)
        draft.boxes = find_boxes(ctx, draft.query)
    except (QueryError, UsageError) as error:
        draft.fault, draft.boxes = error, typed
    return draft


def find_boxes(ctx: WebContext, query: str) -> QueryBoxes | None:
    """Return the boxes of a query; None where boxes cannot show it, or it cannot be read."""
    if not query.strip():
        return QueryBoxes()
    if len(query) > MAX_BOXED_CHARACTERS:
        return None
    try:
        # Parsed within bounds first: the word forms that it needs are loaded after that.
        ctx.parse_query(query)
        boxes = parse_boxes(query)
    except (QueryError, BusyError):
        return None
    if boxes is None:
        return None
    if len(boxes.all_of) == 1 and not boxes.any_of:
        # One clause alone means the same in both; others that mean the same are added to it as a rule.
        boxes = replace(boxes, all_of=(), any_of=boxes.all_of)
    return QueryBoxes(**{name: tuple(map(_remove_quotes, getattr(boxes, name))) for name in BOXES})


def parse_draft_query(ctx: WebContext, draft: Draft) -> NamedQuery | None:
    """Return the query of a draft; None where sentences alone describe it. Raises QueryError and BusyError."""
    return ctx.parse_query(draft.query) if draft.has_query or not draft.has_sentences else None


def make_topic_edit(draft: Draft) -> TopicEdit:
    """Return a draft as an edit of the topic; without a name it keeps the one that it has."""
    edit: TopicEdit = {"query": draft.query}
    if draft.id:
        edit["id"] = draft.id
    if draft.name:
        edit["name"] = draft.name
    for key, sentences in (draft.sentences or {}).items():
        edit[key] = list(sentences)  # type: ignore[literal-required]
    return edit


def get_sentences(topic: Topic | None) -> dict[str, tuple[str, ...]]:
    """Return the sentences of a topic by their key."""
    return {key: getattr(topic, key) if topic is not None else () for key in SENTENCE_KEYS}


def _choose_query(form: Form, query: str, boxes: QueryBoxes) -> str:
    """Return the query of a form: its text, or its boxes where they were edited. Raises QueryError and UsageError.

    `edited` says which of the two was edited last, where a script knows it; else the hashes of what was shown tell.
    """
    edited = form.get("edited")
    if edited not in ("boxes", "query"):
        are_boxes_edited = _hash_boxes(boxes) != form.get("seen_boxes")
        is_query_edited = _hash_query(query) != form.get("seen_query")
        if are_boxes_edited and is_query_edited and not _is_same(query, boxes):
            raise UsageError(
                "The boxes and the query text were both changed, and say different things."
                " Undo the change of one of them, then press Try it."
            )
        edited = "boxes" if are_boxes_edited and not is_query_edited else "query"
    if edited == "query":
        return query
    return format_boxes(boxes) if any((boxes.all_of, boxes.any_of, boxes.none_of)) else ""


def _remove_quotes(clause: str) -> str:
    """Return a phrase as people write it in a box, without quotes, where it means the same there."""
    words = clause[1:-1]
    try:
        is_same = " " in words and format_boxes(QueryBoxes(any_of=(words,))) == clause
    except QueryError:
        return clause
    return words if is_same else clause


def _is_same(query: str, boxes: QueryBoxes) -> bool:
    try:
        return format_block(format_boxes(boxes)) == format_block(query)
    except QueryError:
        return False


def _hash_query(query: str) -> str:
    return hashlib.blake2b(format_block(query).encode(), digest_size=6).hexdigest()


def _hash_boxes(boxes: QueryBoxes | None) -> str:
    lines = [f"{name}: {line}" for name in BOXES for line in getattr(boxes or QueryBoxes(), name)]
    return hashlib.blake2b("\n".join(lines).encode(), digest_size=6).hexdigest()


def _read_days(form: Form) -> int:
    return {"7": 7, "30": 30, "0": 0}.get(form.get("bring_in"), 0)


def _read_sentences(form: Form) -> dict[str, tuple[str, ...]] | None:
    """Return the sentences of the form, one on each line; None where it has no fields for them."""
    if not form.get_all("about"):
        return None
    lines = {key: form.get(key).splitlines() for key in SENTENCE_KEYS}
    return {key: tuple(" ".join(line.split()) for line in texts if line.strip()) for key, texts in lines.items()}
