"""Tools over reports: search by words and by meaning, hits, one report whole."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Annotated, Literal

from mcp.types import CallToolResult
from pydantic import Field

from watcher.app.bootstrap import App
from watcher.app.deadlines import Deadline
from watcher.app.listing import RawListQuery, list_hits, parse_list_query_with_sets, search_entries
from watcher.app.lookup import look_up_entry, look_up_hit
from watcher.app.similar import search_by_meaning
from watcher.contract.assistant import FoundEntries, FoundHits, OneHit, WholeEntry
from watcher.contract.citations import cite_entry, cite_hit, cite_match
from watcher.contract.entries import encode_matches
from watcher.contract.hits import encode_hits
from watcher.errors import UsageError
from watcher.mcp.inputs import STORABLE, Cursor, Id, Languages, Limit, Query, Since, Sources, Topics, Until
from watcher.mcp.limits import LIST_TIME
from watcher.mcp.replies import begin_answer, count, describe_citation, describe_end, make_reply, name_fields

Like = Annotated[
    str, Field(max_length=4_000, description="Reports whose meaning is near to this text, nearest first"), STORABLE
]
Label = Literal["relevant", "irrelevant", "none"]
MAX_TEXT_PART = 20_000


class ArchiveTools:
    """Tools over the reports of one open application."""

    def __init__(self, app: App, clock: Callable[[], datetime]) -> None:
        self._app = app
        self._clock = clock

    def search_entries(
        self,
        query: Query = "",
        like: Like = "",
        topics: Topics = [],  # noqa: B006 (never changed; the schema shows it)
        sources: Sources = [],  # noqa: B006
        since: Since = "",
        until: Until = "",
        languages: Languages = [],  # noqa: B006
        limit: Limit = 20,
        cursor: Cursor = "",
    ) -> Annotated[CallToolResult, FoundEntries]:
        """Search every stored report, by words (`query`, in the topic language) or by meaning (`like`, in any words and
        any language), or both. Without either, the newest reports. Returns citations; get_entry reads one whole."""
        now = self._clock()
        raw = RawListQuery(
            search=query or None, topics=topics, sources=sources, since=since, until=until, languages=languages,
            limit=limit, cursor=cursor or None,
        )  # fmt: skip
        parsed = parse_list_query_with_sets(raw, self._topic_ids, now, self._app.settings.sets)
        if like.strip():
            page = encode_matches(search_by_meaning(self._app, parsed, like, now))
        else:
            with self._app.database.read() as db:
                page = encode_matches(search_entries(db, parsed, Deadline(LIST_TIME).is_over))
        answer: FoundEntries = {
            **begin_answer(now, name_fields("entries[]")),
            "entries": [cite_match(match) for match in page["entries"]],
            "next_cursor": page["next_cursor"],
            "searched_back_to": page["searched_back_to"],
        }
        return make_reply(answer, _describe_entries)

    def list_hits(
        self,
        topics: Topics = [],  # noqa: B006
        query: Query = "",
        sources: Sources = [],  # noqa: B006
        since: Since = "",
        until: Until = "",
        languages: Languages = [],  # noqa: B006
        labels: Annotated[list[Label], Field(max_length=3, description="Only hits judged so; none: not judged")] = [],  # noqa: B006
        found_by: Literal["words", "meaning", "all"] = "words",
        order: Literal["new", "score"] = "new",
        limit: Limit = 20,
        cursor: Cursor = "",
    ) -> Annotated[CallToolResult, FoundHits]:
        """List hits: reports that belong to a topic, newest first, with the words that prove them. `since` and `until`
        are about when they were matched."""
        now = self._clock()
        raw = RawListQuery(
            search=query or None, topics=topics, sources=sources, since=since, until=until, languages=languages,
            labels=labels, found_by=found_by, order=order, limit=limit, cursor=cursor or None,
        )  # fmt: skip
        parsed = parse_list_query_with_sets(raw, self._topic_ids, now, self._app.settings.sets)
        with self._app.database.read() as db:
            page = encode_hits(list_hits(db, parsed, Deadline(LIST_TIME).is_over))
        answer: FoundHits = {
            **begin_answer(now, name_fields("hits[].entry")),
            "hits": [cite_hit(hit) for hit in page["hits"]],
            "next_cursor": page["next_cursor"],
            "searched_back_to": page["searched_back_to"],
        }
        return make_reply(answer, _describe_hits)

    def get_hit(self, hit: Id) -> Annotated[CallToolResult, OneHit]:
        """Read one hit: its topic, its report, the words that prove it and how a person judged it."""
        answer: OneHit = {
            **begin_answer(self._clock(), name_fields("hit.entry")),
            "hit": cite_hit(look_up_hit(self._app, hit)),
        }
        return make_reply(
            answer,
            lambda answer: [
                f"Hit {answer['hit']['id']} of {answer['hit']['topic']}:",
                describe_citation(answer["hit"]["entry"]),
            ],
        )

    def get_entry(
        self,
        entry: Id,
        text_from: Annotated[int, Field(ge=0, le=10_000_000, description="The first character of the text")] = 0,
        characters: Annotated[int, Field(ge=0, le=MAX_TEXT_PART, description="How many to read")] = 6_000,
    ) -> Annotated[CallToolResult, WholeEntry]:
        """Read one report: its title, publisher, address and times, and its text, a part at a time."""
        stored = look_up_entry(self._app, entry)
        text = stored["content"] or stored["summary"]
        if text_from > len(text):
            raise UsageError(f"the text of entry {entry} has {len(text)} characters")
        answer: WholeEntry = {
            **begin_answer(self._clock(), [*name_fields("entry"), "author", "text"]),
            "entry": cite_entry(stored, []),
            "author": stored["author"],
            "text": text[text_from : text_from + characters],
            "text_from": text_from,
            "text_length": len(text),
            "versions": stored["version"],
        }
        return make_reply(answer, _describe_whole_entry)

    @property
    def _topic_ids(self) -> list[str]:
        return [topic.id for topic in self._app.settings.topics]


def _describe_entries(answer: FoundEntries) -> list[str]:
    head = f"{count(len(answer['entries']), 'report')}." if answer["entries"] else "No report was found."
    ends = describe_end(answer["next_cursor"], answer["searched_back_to"])
    return [head, *(f"- {describe_citation(entry)}" for entry in answer["entries"]), *ends]


def _describe_hits(answer: FoundHits) -> list[str]:
    head = f"{count(len(answer['hits']), 'hit')}." if answer["hits"] else "No hit was found."
    ends = describe_end(answer["next_cursor"], answer["searched_back_to"])
    lines = [f"- hit {hit['id']} of {hit['topic']}, {describe_citation(hit['entry'])}" for hit in answer["hits"]]
    return [head, *lines, *ends]


def _describe_whole_entry(answer: WholeEntry) -> list[str]:
    end = answer["text_from"] + len(answer["text"])
    part = f"Characters {answer['text_from']:,} to {end:,} of {answer['text_length']:,}:"
    text = answer["text"].replace('"', "'")  # it cannot leave its quotes
    return [describe_citation(answer["entry"]), part, f'"{text}"']
