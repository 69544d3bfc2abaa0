"""Topics that sentences alone describe: nothing matches them by words, and what needs words says so."""

from __future__ import annotations

import pytest

from tests.cli.desk import NEWS, Desk, sqlite_desk
from tests.moments import NOON
from watcher.errors import NoQueryError
from watcher.match import compile_topics
from watcher.model.topic import Topic

__all__ = ["sqlite_desk"]

TOPICS = """\
topics:
  - {id: port, query: harbour}
  - id: strikes
    about: ['Dockers stop working, or return to work.']
    examples: [Портовики бастуют]
    proposals: 3 a day
"""


@pytest.fixture
def desk(sqlite_desk: Desk) -> Desk:
    (sqlite_desk.folder / "topics.yaml").write_text(TOPICS, "utf-8")
    return sqlite_desk


def test_the_matcher_knows_the_topic_and_matches_nothing_with_it() -> None:
    strikes = Topic(id="strikes", name="Strikes", query="", about=("Dockers stop working.",))
    matcher = compile_topics([strikes, Topic(id="port", name="Port", query="harbour")])

    hits = matcher.match_entries([], NOON)

    assert hits == ()
    assert [topic.id for topic in matcher.topics] == ["port"]
    assert [topic.id for topic in matcher.configured] == ["strikes", "port"]
    assert len(matcher.version("strikes")) == 12
    with pytest.raises(NoQueryError, match="'strikes' has no query"):
        matcher.query("strikes")


@pytest.mark.parametrize(
    "arguments",
    [
        pytest.param(("cost", "strikes"), id="cost"),
        pytest.param(("diff", "strikes", "--query", "port"), id="diff"),
        pytest.param(("replay", "strikes"), id="replay"),
        pytest.param(("explain", "strikes", "1"), id="explain"),
        pytest.param(("test", "strikes"), id="test on the archive"),
        pytest.param(("test", "strikes", "--text", "Dockers strike"), id="test on a text"),
    ],
)
def test_what_needs_words_says_that_there_are_none(desk: Desk, arguments: tuple[str, ...]) -> None:
    _out, err = desk.run(*arguments, expect=2)

    assert "topic 'strikes' has no query: it finds by meaning alone" in err


def test_it_is_listed_shown_and_replayed_around(desk: Desk) -> None:
    listed = desk.json("list")["topics"]
    shown, _err = desk.run("show", "strikes")
    detail = desk.json("show", "strikes")
    replayed = desk.json("replay")

    assert [topic["id"] for topic in listed] == ["port", "strikes"]
    assert "Dockers stop working, or return to work." in shown
    assert "3 a day" in shown
    assert (detail["query"], detail["parsed"]) == ("", "")
    assert replayed["tested"] == len(NEWS)
    assert "strikes" not in replayed["topics"]
