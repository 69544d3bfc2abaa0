"""The page on the topic language says what is so: every query on it is read, and finds and leaves what it says."""

from __future__ import annotations

import re
from html import unescape
from pathlib import Path

import pytest
import yaml

from tests.match.entries import entry
from watcher.errors import QueryError
from watcher.match import compile_topics, format_keyword_query, match_entry, parse_query
from watcher.match.lexer import MAX_PROXIMITY_GAP, MAX_QUERY_CHARACTERS
from watcher.match.parser import MAX_DEPTH
from watcher.match.syntax import SCOPES
from watcher.model.topic import Topic

PAGE = (Path(__file__).parents[2] / "docs" / "topic-language.md").read_text()


def _table(header: str) -> list[list[str]]:
    rows = []
    for block in re.findall(rf"^\| {re.escape(header)} \|\n\|[-|]+\|\n((?:\|.*\n)+)", PAGE, re.MULTILINE):
        rows += [[cell.strip() for cell in line.strip().strip("|").split(" | ")] for line in block.splitlines()]
    return rows


FINDS = _table("query | matches | does not match")
FAULTS = _table("query | message contains")
ELSEWHERE = _table("there | here")


@pytest.mark.parametrize("row", [pytest.param(row, id=row[0]) for row in FINDS])
def test_query_finds_and_leaves_what_the_page_says(row: list[str]) -> None:
    query, matching, left = row
    read = parse_query(query.strip("`"))

    for text in matching.split("<br>"):
        assert match_entry(read, entry(unescape(text), language="en", url="https://harbour.example/1")) is not None, (
            text
        )
    for text in left.split("<br>"):
        assert match_entry(read, entry(unescape(text), language="en", url="https://harbour.example/1")) is None, text


@pytest.mark.parametrize("row", [pytest.param(row, id=row[0]) for row in FAULTS])
def test_fault_is_the_one_on_the_page(row: list[str]) -> None:
    written, explanation = row

    with pytest.raises(QueryError) as caught:
        parse_query(written.strip("`"))

    assert explanation in str(caught.value)


def test_queries_brought_from_elsewhere_are_read() -> None:
    assert ELSEWHERE
    for _there, query in ELSEWHERE:
        parse_query(query.strip("`"))


def test_examples_in_yaml_are_topics() -> None:
    blocks = [yaml.safe_load(block) for block in re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)]

    assert len(blocks) == 2
    for block in blocks:
        compile_topics(
            [
                Topic(id=topic["id"], name="", query=topic.get("query") or format_keyword_query(topic["keywords"]))
                for topic in block["topics"]
            ],
            block.get("sets"),
        )


def test_the_page_has_tables_of_every_kind_and_the_limits_that_hold() -> None:
    assert len(FINDS) > 40
    assert len(FAULTS) >= 10
    assert f"{MAX_QUERY_CHARACTERS:,} characters and {MAX_DEPTH} levels" in PAGE
    assert f"distances reach {MAX_PROXIMITY_GAP:,} words" in PAGE
    assert all(f"`{field}:`" in PAGE for field in SCOPES)
