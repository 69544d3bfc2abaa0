"""Assistants over standard input and output: the command as a process, the official client at its other end."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest
from mcp import MCPError

from tests.mcp.desk import HARBOUR, HIDDEN, ORDER, Assistant, Desk, read_text
from watcher import clock
from watcher.app.listing import RawListQuery, list_hits, parse_list_query_with_sets
from watcher.app.lookup import look_up_entry
from watcher.inference import can_use_bundled
from watcher.model.triage import NEVER_SEEN, Mark, TargetKind
from watcher.store.triage.marks import load_marks

READING = {
    "list_topics": {}, "get_topic": {"topic": "birds"}, "list_stories": {"since": "30d"}, "get_story": {"story": 1},
    "search_entries": {}, "get_entry": {"entry": 1}, "list_hits": {}, "get_hit": {"hit": 1},
    "explain_match": {"topic": "birds", "entry": 1}, "get_coverage": {}, "try_query": {"query": "storm"},
    "draft_topic": {"text": "Petrels return\n" + "Storm petrels return to the island every spring. " * 9},
    "list_proposals": {}, "get_proposal": {"proposal": 1}, "list_notes": {},
}  # fmt: skip
WRITING = {"judge_hit", "judge_proposal", "write_note", "delete_note", "mark_seen", "star_items"}
BAD = [
    ("list_hits", {"limit": 0}, "limit: input should be greater than or equal to 1."),
    ("list_hits", {"limit": 51}, "limit: input should be less than or equal to 50."),
    ("list_hits", {"limit": 1.5}, "limit: input should be a valid integer"),
    ("list_hits", {"labels": ["maybe"]}, "labels.0: input should be 'relevant', 'irrelevant' or 'none'."),
    ("list_hits", {"topic": "birds"}, "list_hits has no argument 'topic'; did you mean topics?"),
    ("list_hits", {"topics": "birds"}, "topics: input should be a valid list."),
    ("list_hits", {"topics": ["brids"]}, "No topic 'brids'; did you mean 'birds'?"),
    ("list_hits", {"topics": [str(n) for n in range(21)]}, "topics: list should have at most 20 items"),
    ("list_hits", {"since": "whenever"}, "'whenever' is not a time. Write 7d"),
    ("list_hits", {"since": "today", "until": "yesterday"}, "`since` is not before `until`."),
    ("list_hits", {"cursor": "x"}, "This cursor cannot be read"),
    ("search_entries", {"query": "(storm"}, "The query has an error in line 1, column 1: ( is never closed."),
    ("search_entries", {"query": "@nothing"}, "The query has an error in line 1"),
    ("search_entries", {"query": "x" * 20_001}, "query: string should have at most 20000 characters."),
    ("search_entries", {"query": "a\x00b"}, "query: contains a character that no database stores."),
    ("search_entries", {"query": {"a": 1}}, "query: input should be a valid string."),
    ("search_entries", {"like": "storms", "cursor": "x"}, "A list by meaning has no next page"),
    ("list_stories", {"order": "size"}, "order: input should be 'active', 'new' or 'outlets'."),
    ("get_coverage", {"since": "now"}, "`since` is not before `until`."),
    ("get_entry", {}, "entry: field required."),
    ("get_entry", {"entry": "first"}, "entry: input should be a valid integer"),
    ("get_entry", {"entry": 2**60}, "entry: input should be less than or equal to"),
    ("get_entry", {"entry": 999_999}, "No entry '999999'."),
    ("get_entry", {"entry": 1, "text_from": 9_999_999}, "The text of entry 1 has"),
    ("get_hit", {"hit": 999_999}, "No hit '999999'."),
    ("get_story", {"story": 999_999}, "No story '999999'."),
    ("get_topic", {"topic": "nothing at all"}, "No topic 'nothing at all'"),
    ("get_proposal", {"proposal": 999_999}, "No proposal '999999'."),
    ("explain_match", {"topic": "birds"}, "Name either an entry or a hit."),
    ("explain_match", {"topic": "birds", "entry": 1, "hit": 1}, "Name either an entry or a hit."),
    ("explain_match", {"topic": "", "entry": 1}, "Write a topic's id or a query."),
    ("try_query", {"query": " "}, "The query is empty."),
    ("try_query", {"query": "storm", "topic": "nothing"}, "No topic 'nothing'"),
    ("draft_topic", {"text": "  "}, "Write the text that topics are to be drafted from."),
    ("draft_topic", {"text": "x" * 200_001}, "text: string should have at most 200000 characters."),
    ("judge_hit", {"hit": 1, "judgement": "relevant"}, "judge_hit is not served: this server is read-only."),
    ("judge_proposal", {"proposal": 1, "judgement": "none"}, "judge_proposal is not served: this server is read-only."),
    ("write_note", {"item": "entry:1", "text": "x"}, "write_note is not served: this server is read-only."),
    ("mark_seen", {"items": ["entry:1"]}, "mark_seen is not served: this server is read-only."),
    ("list_notes", {"items": ["entry:x"]}, "'entry:x' is not an item. Write entry:12, story:3 or proposal:4."),
    ("list_notes", {"handed": "maybe"}, "handed: input should be a valid boolean"),
    ("list_hit", {}, "There is no tool 'list_hit'; did you mean list_hits?"),
    ("drop_database", {}, "There is no tool 'drop_database'"),
]


def read_labels(desk: Desk) -> dict[int, str | None]:
    """Return the judgement of every hit."""
    with desk.opened() as app, app.database.read() as db:
        query = parse_list_query_with_sets(RawListQuery(found_by="all", limit=1000), (), clock.now(), {})
        return {hit.id: hit.label for hit in list_hits(db, query).items}


def list_texts(value: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """Yield every text of a document with its path."""
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, dict):
        for name, inner in value.items():
            yield from list_texts(inner, f"{path}.{name}" if path else name)
    elif isinstance(value, list):
        for inner in value:
            yield from list_texts(inner, f"{path}[]")


def list_unbounded(name: str, schema: dict[str, Any]) -> list[str]:
    """Return the parts of an input that a caller can make as large as they like."""
    kind = schema.get("type")
    bound = {"string": "maxLength", "integer": "maximum", "array": "maxItems"}.get(str(kind))
    own = [name] if bound is not None and bound not in schema and "enum" not in schema else []
    return own + (list_unbounded(f"{name}[]", schema["items"]) if kind == "array" else [])


def test_an_assistant_learns_what_is_new_with_citations_that_exist(desk: Desk, reader: Assistant) -> None:
    result = reader.call("list_stories", topics=["intelligence-sharing"], since="monday")

    answer = result.structured_content
    assert answer is not None
    cited = [report for story in answer["stories"] for report in story["citations"]]
    assert {report["title"] for report in cited} >= {
        "Ministers weigh limits on intelligence sharing",
        "Ministers weigh limits on intelligence sharing, officials say",
    }
    assert "Old talk of intelligence sharing" not in str(answer)
    with desk.opened() as app:
        for report in cited:
            stored = look_up_entry(app, report["entry"])
            assert (report["title"], report["publisher"], report["url"]) == (
                stored["title"], stored["source"], stored["url"],
            )  # fmt: skip
            assert report["first_seen_at"] == stored["first_seen_at"] >= answer["since"]
            assert report["is_new"]
    text = read_text(result)
    assert all(f"entry {report['entry']}:" in text and report["url"] in text for report in cited)
    assert "may have been missed" in text


def test_each_citation_can_be_fetched_again(reader: Assistant) -> None:
    story = reader.ask("list_stories", topics=["intelligence-sharing"])["stories"][0]
    hit = reader.ask("list_hits", topics=["birds"])["hits"][0]

    brief = reader.ask("get_story", story=story["story"])["story"]
    assert {report["entry"] for report in brief["reports"]} == {report["entry"] for report in story["citations"]}
    assert reader.ask("get_hit", hit=hit["id"])["hit"]["entry"]["entry"] == hit["entry"]["entry"]
    for report in story["citations"]:
        assert reader.ask("get_entry", entry=report["entry"])["entry"]["title"] == report["title"]


def test_what_may_have_been_missed_is_said(reader: Assistant) -> None:
    answer = reader.ask("get_coverage", since="7d")

    assert answer["coverage"]["bad"]
    assert [(feed["name"], feed["health"]) for feed in answer["troubled"]] == [("The Missing Mirror", "failing")]
    assert reader.ask("list_stories", since="7d")["coverage"]["failing"] == 1
    assert reader.ask("list_stories")["coverage"] is None


def test_a_hit_and_a_miss_are_explained_clause_by_clause(reader: Assistant) -> None:
    hit = reader.ask("list_hits", topics=["birds"])["hits"][0]
    other = reader.ask("search_entries", query="ministers", limit=1)["entries"][0]

    explained = reader.ask("explain_match", topic="birds", hit=hit["id"])
    missed = reader.ask("explain_match", topic="birds", entry=other["entry"])

    assert explained["matched"]
    assert explained["entry"]["quotes"][0]["text"] == "petrels"
    assert [child["matched"] for child in explained["clause"]["children"]] == [True]
    assert not missed["matched"]
    assert [child["matched"] for child in missed["clause"]["children"]] == [False, False]


def test_a_query_is_tried_beside_a_topic_and_nothing_changes(desk: Desk, reader: Assistant) -> None:
    before = read_labels(desk), (desk.folder / "topics.yaml").read_text(encoding="utf-8")

    alone = reader.ask("try_query", query="officials")
    beside = reader.ask("try_query", query='title:"officials say"', topic="intelligence-sharing", since="")

    assert (alone["count"], alone["tested"]) == (2, 5)
    assert (beside["kept"], beside["gained_count"], beside["lost_count"]) == (1, 0, 3)
    assert {entry["title"] for entry in beside["lost"]} >= {"Old talk of intelligence sharing"}
    assert (read_labels(desk), (desk.folder / "topics.yaml").read_text(encoding="utf-8")) == before


def test_topics_are_drafted_and_counted_and_not_stored(desk: Desk, reader: Assistant) -> None:
    text = "Allies review what they share\n" + "Officials of Harbour Command review what they pass to Washington. " * 8

    drafts = reader.ask("draft_topic", text=text)["topics"]

    assert any("Harbour Command" in draft["query"] for draft in drafts)
    assert {draft["tested"] for draft in drafts} == {5}
    assert {topic["id"] for topic in desk.json("topics", "list")["topics"]} == {"intelligence-sharing", "birds"}


@pytest.mark.skipif(not can_use_bundled(), reason="without the extra `meaning` nothing is read for meaning")
def test_reports_are_found_by_meaning(reader: Assistant) -> None:
    entries = reader.ask("search_entries", like="Seabirds breed on a remote island again", limit=1)["entries"]

    assert entries[0]["title"] == "Storm petrels return to the island"
    assert 0 < entries[0]["likeness"] <= 1


def test_long_lists_and_long_texts_are_read_in_parts(reader: Assistant) -> None:
    first = reader.ask("search_entries", limit=2)
    second = reader.ask("search_entries", limit=50, cursor=first["next_cursor"])
    entries = [entry["entry"] for entry in first["entries"] + second["entries"]]
    part = reader.ask("get_entry", entry=entries[0], text_from=4, characters=5)

    assert len(entries) == len(set(entries)) == 5
    assert second["next_cursor"] is None
    assert part["text"] == reader.ask("get_entry", entry=entries[0])["text"][4:9]


def test_reading_is_all_that_is_served_by_default(reader: Assistant, editor: Assistant) -> None:
    assert set(reader.list_tools()) == set(READING)
    assert set(editor.list_tools()) == {*READING, *WRITING}


@pytest.mark.parametrize("name", [*READING, *sorted(WRITING)])
def test_each_tool_says_what_it_does_takes_and_returns(editor: Assistant, name: str) -> None:
    tool = editor.list_tools()[name]

    assert tool.title
    assert 40 < len(tool.description) < 600
    assert tool.annotations.read_only_hint is (name in READING)
    assert (tool.annotations.destructive_hint, tool.annotations.open_world_hint) == (False, False)
    properties = tool.input_schema.get("properties", {})
    assert [part for key, schema in properties.items() for part in list_unbounded(key, schema)] == []
    assert tool.output_schema["type"] == "object"
    assert {"asked_at", "untrusted"} <= set(tool.output_schema["required"])


@pytest.mark.parametrize(("tool", "arguments", "sentence"), BAD, ids=[f"{n}-{case[0]}" for n, case in enumerate(BAD)])
def test_bad_input_is_answered_with_a_sentence(
    desk: Desk, reader: Assistant, tool: str, arguments: dict[str, Any], sentence: str
) -> None:
    result = reader.call(tool, **arguments)
    text = read_text(result)

    assert result.is_error
    assert sentence in text
    assert "\n" not in text
    assert len(text) < 500
    assert "Traceback" not in text + desk.log.read_text(encoding="utf-8")


def test_many_calls_at_once_are_all_answered(reader: Assistant) -> None:
    asked = [reader.portal.start_task_soon(reader.client.call_tool, "list_hits", {"limit": n}) for n in range(1, 21)]

    answers = [request.result(120) for request in asked]

    assert [answer.is_error for answer in answers] == [False] * 20
    assert [len(answer.structured_content["hits"]) for answer in answers] == [min(n, 5) for n in range(1, 21)]


def test_an_unknown_prompt_or_method_is_an_error_and_the_next_call_works(reader: Assistant) -> None:
    with pytest.raises(MCPError):
        reader.portal.call(reader.client.get_prompt, "nothing")
    with pytest.raises(MCPError):
        reader.portal.call(reader.client.read_resource, "watcher://nothing")

    assert reader.ask("list_topics")["topics"]


def test_the_prompt_asks_for_citations(reader: Assistant) -> None:
    [prompt] = reader.portal.call(reader.client.list_prompts).prompts

    asked = reader.portal.call(reader.client.get_prompt, prompt.name, {"topic": "birds", "since": "monday"})

    assert [argument.name for argument in prompt.arguments] == ["topic", "since"]
    assert "What is new about birds since monday?" in asked.messages[0].content.text
    assert "untrusted" in asked.messages[0].content.text
    assert "untrusted" in (reader.client.instructions or "")


def test_a_judgement_is_recorded_with_write_and_taken_back(desk: Desk, editor: Assistant) -> None:
    hit = editor.ask("list_hits", topics=["birds"])["hits"][0]["id"]

    assert editor.ask("judge_hit", hit=hit, judgement="relevant")["judged"] == {"id": hit, "label": "relevant"}
    assert read_labels(desk)[hit] == "relevant"
    assert [row["id"] for row in editor.ask("list_hits", labels=["relevant"])["hits"]] == [hit]
    assert editor.ask("judge_hit", hit=hit, judgement="none")["judged"]["label"] is None
    assert read_labels(desk)[hit] is None
    assert editor.call("judge_hit", hit=999_999, judgement="relevant").is_error


def test_a_note_is_written_listed_and_deleted_in_the_persons_name(desk: Desk, editor: Assistant) -> None:
    note = editor.ask("write_note", item="entry:1", text="Ask the ministry. @Ray", to=["Eda Lind"])["note"]
    about = editor.ask("list_notes", items=["entry:1"])
    deleted = editor.ask("delete_note", note=note["id"])["note"]
    after = editor.ask("list_notes", items=["entry:1"])
    refused = editor.call("write_note", item="entry:999999", text="x")
    empty = editor.call("write_note", item="entry:1", text="  ")

    assert (note["author"], note["mentions"]) == ("desk", ["Eda Lind", "Ray"])
    assert [(row["id"], row["text"]) for row in about["notes"]] == [(note["id"], "Ask the ministry. @Ray")]
    assert "notes.text" in about["untrusted"]
    assert deleted["deleted_at"]
    assert [row["id"] for row in after["notes"] if not row["deleted_at"]] == []
    assert (read_text(refused), read_text(empty)) == ("No entry '999999'.", "A note needs a text.")


def test_items_are_starred_and_seen_and_back(desk: Desk, editor: Assistant) -> None:
    def read_marks() -> tuple[bool, bool]:
        """Return whether the first entry is starred, and whether it was seen."""
        with desk.opened() as app, app.database.read() as db:
            mark = load_marks(db, "desk", TargetKind.ENTRY, [1]).get(1, Mark())
        return mark.starred, mark.seen_at not in (None, NEVER_SEEN)

    states = [read_marks()]
    for tool, arguments in (
        ("star_items", {}), ("mark_seen", {"seen": False}), ("mark_seen", {}), ("star_items", {"starred": False}),
    ):  # fmt: skip
        assert "entry:1" in editor.ask(tool, items=["entry:1"], **arguments)["changed"]
        states.append(read_marks())

    assert states == [(False, False), (True, False), (True, False), (True, True), (False, True)]
    assert read_text(editor.call("star_items", items=["story:999999"])) == "No story '999999'."


def test_instructions_in_a_report_change_nothing_and_are_marked(desk: Desk, editor: Assistant) -> None:
    before = read_labels(desk)
    entry = editor.ask("search_entries", query='"previous instructions"')["entries"][0]["entry"]
    hit = next(row for row in editor.ask("list_hits")["hits"] if row["entry"]["entry"] == entry)
    asked = {
        **READING, "get_entry": {"entry": entry}, "get_hit": {"hit": hit["id"]},
        "get_story": {"story": hit["entry"]["story"]}, "try_query": {"query": '"previous instructions"'},
        "explain_match": {"topic": '"previous instructions"', "entry": entry},
        "draft_topic": {"text": f"{HARBOUR[1][1]}\n" * 20},
    }  # fmt: skip
    seen = 0
    for tool, arguments in asked.items():
        result = editor.call(tool, **arguments)
        if result.is_error:
            continue  # there are no proposals here
        document, text = result.structured_content or {}, read_text(result)
        for path, written in list_texts(document):
            if "previous instructions" in written:
                seen += 1
                assert any(re.match(re.escape(field) + r"(\W|$)", path) for field in document["untrusted"]), path
            assert HIDDEN not in written
            assert "![" not in written
        outside = re.sub(r'"[^"]*"', "", text)
        assert "previous instructions" not in outside.lower()

    assert seen > 10
    assert read_labels(desk) == before
    assert set(before.values()) == {None}
    assert ORDER in str(editor.ask("get_entry", entry=entry))


def test_ctrl_c_ends_it(desk: Desk) -> None:
    first = (
        b'{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-06-18","capabilities":{},'
        b'"clientInfo":{"name":"a test","version":"1"}}}\nthis is no message\n'
    )
    command = [sys.executable, "-m", "watcher", "mcp"]
    with subprocess.Popen(
        command, env=desk.environ, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(first)
        process.stdin.flush()
        assert b"news-watcher" in process.stdout.readline()
        process.send_signal(2)
        assert process.wait(30) != 0
        assert process.stderr is not None
        assert process.stderr.read() == b""


def test_help_fits_a_terminal_and_a_missing_extra_is_one_line(desk: Desk) -> None:
    help_text, _err = desk.run("mcp", "--help")
    _out, missing = desk.run("mcp", code=2, before="import sys; sys.modules['mcp'] = None; sys.argv[0] = 'watcher'")

    assert max(map(len, help_text.splitlines())) <= 80
    assert "--write" in help_text
    assert missing == "watcher: `watcher mcp` needs its extra: pip install 'newsdesk-watcher[mcp]'\n"
