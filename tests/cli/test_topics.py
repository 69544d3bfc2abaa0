"""`watcher topics list, show, test, explain`, on the real command line."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.desk import Desk, desk, sqlite_desk
from tests.topics.news import judge

__all__ = ["desk", "sqlite_desk"]


def titles(rows: list[dict[str, dict[str, str]]]) -> set[str]:
    return {row["entry"]["title"] for row in rows}


def test_the_list_counts_what_each_topic_found_and_what_people_thought_of_it(desk: Desk) -> None:
    judge(desk.database, "port", "Yacht sinks", "relevant")

    [port, weather] = desk.json("list")["topics"]

    assert (port["id"], port["hits"], weather["hits"]) == ("port", 3, 1)
    assert port["labelled"] == {"relevant": 1, "irrelevant": 0}
    assert port["last_hit_at"] == "2026-03-02T12:00:00Z"
    assert port["hits_7d"] == 0


def test_the_list_is_a_table_for_a_person(desk: Desk) -> None:
    out, _err = desk.run("list")

    assert [line.split()[:2] for line in out.splitlines()[1:]] == [["port", "3"], ["weather", "1"]]


def test_a_topic_is_shown_as_written_and_as_read_with_its_sets(desk: Desk) -> None:
    answer = desk.json("show", "port")

    assert answer["query"] == "(harbour OR @boats) NOT film"
    assert answer["parsed"] == "(ferry OR harbour OR yacht) AND NOT film"
    assert answer["sets"] == {"boats": "ferry OR yacht"}
    assert (Path(answer["file"]).name, answer["line"] > 1) == ("topics.yaml", True)
    out, _err = desk.run("show", "port")
    assert "(harbour OR @boats) AND NOT film" in out
    assert "@boats" in out
    assert answer["version"] in out


def test_the_versions_of_a_topic_are_shown_since_when_each_counted(desk: Desk) -> None:
    desk.run("replay", "port")
    desk.write({"port": "harbour OR pier"}, {})
    before = desk.json("show", "port")
    desk.run("replay", "port")
    after = desk.json("show", "port")

    assert len(before["versions"]) == 1
    assert before["version"] not in {version["version"] for version in before["versions"]}
    assert [version["version"] for version in after["versions"]][-1] == after["version"]
    assert after["versions"][0]["query"] == "(harbour OR @boats) NOT film"


def test_a_query_is_tried_on_the_archive(desk: Desk) -> None:
    answer = desk.json("test", "ferry OR budget")

    assert titles(answer["matches"]) == {"Harbour storm hits ferry", "Budget passes", "Ferry band"}
    assert answer["tested"] == 5
    [budget] = [match for match in answer["matches"] if match["entry"]["title"] == "Budget passes"]
    assert budget["evidence"] == [{"field": "title", "start": 0, "end": 6, "text": "Budget", "clause": "budget"}]


def test_a_topic_is_tried_on_the_archive_by_its_id_with_its_words_marked(desk: Desk) -> None:
    out, err = desk.run("test", "weather")

    assert "«Harbour» «storm» hits ferry" in out
    assert "1 match in 5 entries" in err


def test_all_matches_are_counted_and_the_newest_listed(desk: Desk) -> None:
    answer = desk.json("test", "ferry OR budget OR yacht", "--limit", "2")

    assert [match["entry"]["title"] for match in answer["matches"]] == ["Ferry band", "Budget passes"]
    assert (answer["count"], answer["tested"]) == (4, 5)
    _out, err = desk.run("test", "ferry OR budget OR yacht", "--limit", "2")
    assert "4 matches in 5 entries, the newest 2 listed" in err


def test_a_time_narrows_what_is_tried(desk: Desk) -> None:
    assert desk.json("test", "ferry", "--since", "2026-03-03")["tested"] == 0
    assert desk.json("test", "ferry", "--until", "2026-03-03")["tested"] == 5


def test_a_query_is_tried_on_a_text_and_says_where_its_words_stand(desk: Desk) -> None:
    text = "The harbour storm of 1953"

    answer = desk.json("test", "weather", "--text", text)

    assert answer["matched"]
    assert [text[e["start"] : e["end"]] for e in answer["evidence"]] == ["harbour", "storm"]
    assert [(clause["text"], clause["matched"]) for clause in answer["clauses"]] == [("storm", True), ("harbour", True)]


def test_a_text_that_does_not_match_says_what_would_have(desk: Desk) -> None:
    answer = desk.json("test", "weather", "--text", "A storm is moving towards the harbour")

    assert (answer["matched"], answer["evidence"]) == (False, [])
    assert "storm NEAR/4 harbour instead of NEAR/2" in answer["nearest"]
    out, _err = desk.run("test", "weather", "--text", "A storm is moving towards the harbour")
    assert "does not match" in out
    assert "4 words apart instead of at most 2" in out


def test_the_first_line_of_a_text_is_its_title(desk: Desk) -> None:
    assert desk.json("test", "title:storm content:harbour", "--file", "-", stdin="A storm\nin the harbour\n")["matched"]
    assert not desk.json("test", "title:harbour", "--file", "-", stdin="A storm\nin the harbour\n")["matched"]


def test_a_text_is_read_from_a_file(desk: Desk, tmp_path: Path) -> None:
    (tmp_path / "article.txt").write_text("\ufeffYacht sails", encoding="utf-8")

    assert desk.json("test", "port", "--file", str(tmp_path / "article.txt"))["matched"]


def test_the_exit_code_tells_a_match_only_when_asked(desk: Desk) -> None:
    desk.run("test", "port", "--text", "nothing")
    desk.run("test", "port", "--text", "nothing", "--exit-code", expect=1)
    desk.run("test", "port", "--text", "yacht", "--exit-code")
    desk.run("test", "zeppelin", "--exit-code", expect=1)


def test_a_slip_in_an_id_is_no_query(desk: Desk) -> None:
    _out, err = desk.run("test", "wether", expect=2)

    assert err == "watcher: no topic 'wether'; did you mean 'weather'?\n"
    assert desk.json("test", '"wether"')["matches"] == []


def test_an_entry_is_explained_clause_by_clause(desk: Desk) -> None:
    [match] = desk.json("test", "weather")["matches"]

    answer = desk.json("explain", "port", str(match["entry"]["id"]))

    assert (answer["topic"], answer["matched"], answer["nearest"]) == ("port", True, [])
    wanted, film = answer["clause"]["children"]
    assert (wanted["matched"], film["matched"], film["excluded"]) == (True, False, True)
    assert {e["text"] for e in answer["evidence"]} == {"Harbour", "ferry"}
    out, _err = desk.run("explain", "port", str(match["entry"]["id"]))
    assert "✓ harbour  Harbour in title" in out
    assert "✓ NOT film" in out


def test_an_entry_that_does_not_match_is_explained_by_what_stands_in_the_way(desk: Desk) -> None:
    [film] = desk.json("test", "film")["matches"]

    out, _err = desk.run("explain", "port", str(film["entry"]["id"]))

    assert "does not match port" in out
    assert "✗ NOT film" in out
    assert "present, and the query excludes it" in out
    assert "without NOT film" in out


def test_a_hit_is_explained_by_its_own_number(desk: Desk) -> None:
    hit = judge(desk.database, "weather", "Harbour storm hits ferry", "relevant")

    assert desk.json("explain", "weather", f"hit:{hit}")["entry"]["title"] == "Harbour storm hits ferry"
    assert desk.json("explain", "weather", f"#{hit}")["matched"]


def test_a_hit_of_an_older_version_says_so(sqlite_desk: Desk) -> None:
    hit = judge(sqlite_desk.database, "port", "Yacht sinks", "relevant")
    before = sqlite_desk.json("explain", "port", f"hit:{hit}")
    sqlite_desk.write({"port": "harbour"}, {})

    after = sqlite_desk.json("explain", "port", f"hit:{hit}")

    assert before["hit"] == after["hit"] == {"id": hit, "topic": "port", "topic_version": before["version"]}
    assert (before["matched"], after["matched"], after["version"] == before["version"]) == (True, False, False)
    out, _err = sqlite_desk.run("explain", "port", f"hit:{hit}")
    assert f"hit {hit} was found by port in version {before['version']}" in out


FAULTS = [
    pytest.param(["show", "prot"], "no topic 'prot'; did you mean 'port'?", id="an unknown topic"),
    pytest.param(["test", "a OR"], "the query ends too early", id="a query that cannot be read"),
    pytest.param(["test", ""], "write a topic's id or a query", id="nothing to try"),
    pytest.param(["test", "@bots"], "did you mean @boats?", id="an unknown set"),
    pytest.param(["test", "x", "--text", "a", "--file", "b"], "either --text or --file", id="two texts"),
    pytest.param(["test", "x", "--text", "a", "--since", "7d"], "select stored entries", id="a time for a text"),
    pytest.param(["test", "x", "--since", "soon"], "'soon' is not a time", id="no time"),
    pytest.param(["test", "x", "--file", "/nonexistent/a"], "no such file", id="a missing file"),
    pytest.param(["explain", "port", "x"], "is not an entry", id="no entry"),
    pytest.param(["explain", "port", "99999"], "no entry '99999'", id="an entry that is not there"),
    pytest.param(["explain", "port", "hit:99999"], "no hit '99999'", id="a hit that is not there"),
    pytest.param(["explain", "port", "9" * 30], "is not an entry", id="a number beyond all"),
    pytest.param(["diff", "port"], "name the new query", id="a diff without a query"),
    pytest.param(["diff", "port", "-q", "a", "--file", "b"], "name the new query", id="a diff with two"),
    pytest.param(["diff", "prot", "-q", "a"], "did you mean 'port'?", id="a diff of nothing"),
    pytest.param(["replay", "prot"], "did you mean 'port'?", id="a replay of nothing"),
    pytest.param(["eval"], "no labelled items", id="eval without labels"),
    pytest.param(["eval", "--stored", "--query", "a"], "name it with --topic", id="eval of a query for no topic"),
    pytest.param(["probe", "port", "--relevant", "3"], "counts within --sample", id="a reading of no sample"),
    pytest.param(["cost", "prot"], "did you mean 'port'?", id="the cost of nothing"),
    pytest.param(["draft", "/nonexistent"], "no such file", id="a draft of nothing"),
    pytest.param(["draft", "ftp://a.example/"], "only http:// and https://", id="a draft of another scheme"),
    pytest.param(["list", "extra"], "unexpected extra argument", id="too much"),
]


@pytest.mark.parametrize(("arguments", "message"), FAULTS)
def test_what_makes_no_sense_is_one_line_and_exit_code_2(sqlite_desk: Desk, arguments: list[str], message: str) -> None:
    out, err = sqlite_desk.run(*arguments, expect=2)

    assert message in err
    assert out == ""
    assert len(err.splitlines()) <= 2
    assert "Traceback" not in err


def watcher(*arguments: str, cwd: Path, expect: int = 0, **environ: str) -> subprocess.CompletedProcess[str]:
    env = {name: value for name, value in os.environ.items() if not name.startswith(("WATCHER", "XDG"))}
    done = subprocess.run(
        [sys.executable, "-m", "watcher", *arguments],
        capture_output=True, text=True, cwd=cwd, timeout=60, env=env | {"HOME": str(cwd)} | environ,
    )  # fmt: skip
    assert done.returncode == expect, (done.returncode, done.stdout, done.stderr)
    return done


def test_a_query_can_be_tried_on_a_text_where_nothing_is_configured(tmp_path: Path) -> None:
    done = watcher("topics", "test", "cyber NEAR/4 russia", "--text", "Cyber pause for Russia", "--json", cwd=tmp_path)

    assert json.loads(done.stdout)["matched"]
    assert done.stderr == ""
    assert list(tmp_path.iterdir()) == []


def test_text_from_outside_does_not_reach_the_terminal_as_control_characters(sqlite_desk: Desk) -> None:
    out, _err = sqlite_desk.run("test", "harbour", "--text", "The \x1b[31mharbour\x07 \u202estorm")

    assert not {"\x1b", "\x07", "\u202e"} & set(out)


@pytest.mark.parametrize(
    "name", ["list", "show", "test", "explain", "diff", "replay", "eval", "probe", "cost", "draft"]
)
def test_every_command_explains_itself_with_an_example(sqlite_desk: Desk, name: str) -> None:
    out, _err = sqlite_desk.run(name, "--help")

    assert f"watcher topics {name}" in out
    assert "Example" in out
    assert "--json" in out
