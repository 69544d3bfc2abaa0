"""`watcher topics diff, replay, eval, probe, cost, draft`, on the real command line."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from tests.cli.desk import Desk, desk, sqlite_desk
from tests.topics.news import judge, print_news
from tests.web_server import Reply, Server
from watcher.cli.main import run
from watcher.settings import load

__all__ = ["desk", "sqlite_desk"]


def labels(path: Path, *rows: tuple[str, list[str]]) -> str:
    path.write_text("".join(json.dumps({"title": t, "labels": ids}) + "\n" for t, ids in rows), encoding="utf-8")
    return str(path)


def test_a_diff_says_what_is_gained_and_lost_and_which_losses_people_had_judged(desk: Desk) -> None:
    hit = judge(desk.database, "port", "Yacht sinks", "relevant")

    answer = desk.json("diff", "port", "--query", "harbour OR ferry", "--since", "2026-01-01")

    assert (answer["topic"], answer["tested"], answer["kept"]) == ("port", 5, 2)
    assert [change["entry"]["title"] for change in answer["gained"]] == ["Harbour, the film"]
    [lost] = answer["lost"]
    assert (lost["entry"]["title"], lost["hit"], lost["label"]) == ("Yacht sinks", hit, "relevant")
    assert answer["lost_labels"] == {"relevant": 1, "irrelevant": 0}
    out, err = desk.run("diff", "port", "-q", "harbour OR ferry")
    assert "lost judged relevant" in out
    assert "1 lost hit judged relevant" in err


def test_a_diff_reads_the_new_query_from_a_file_and_tells_by_exit_code_when_asked(desk: Desk, tmp_path: Path) -> None:
    (tmp_path / "new.txt").write_text("# the same, otherwise written\n(@boats OR harbour) NOT film\n", encoding="utf-8")

    answer = desk.json("diff", "port", "--file", str(tmp_path / "new.txt"), "--exit-code")
    desk.run("diff", "port", "--file", "-", "--exit-code", stdin="harbour", expect=1)

    assert (answer["gained_count"], answer["lost_count"]) == (0, 0)


def test_an_edit_that_loses_what_people_found_relevant_does_not_pass_its_gate(sqlite_desk: Desk) -> None:
    judge(sqlite_desk.database, "port", "Yacht sinks", "relevant")
    judge(sqlite_desk.database, "port", "Ferry band", "irrelevant")

    sqlite_desk.run("diff", "port", "-q", "harbour OR yacht", "--keep-relevant")
    _out, err = sqlite_desk.run("diff", "port", "-q", "harbour OR ferry", "--keep-relevant", expect=1)

    assert "watcher: 1 hit of port that was judged relevant would be lost" in err


def test_a_fault_in_the_new_query_is_at_its_line_and_column(sqlite_desk: Desk) -> None:
    _out, err = sqlite_desk.run("diff", "port", "--file", "-", stdin="harbour\nOR (ferry", expect=2)

    assert err.startswith("watcher: 2:4: ( is never closed")


def test_a_replay_brings_what_a_changed_topic_would_have_found(desk: Desk) -> None:
    desk.write({"port": "harbour", "money": "budget"}, {})

    answer = desk.json("replay")
    again = desk.json("replay")

    assert answer["topics"] == {"port": {"new": 1, "known": 1}, "money": {"new": 1, "known": 0}}
    assert (again["new"], again["known"], again["resumed"]) == (0, 3, False)
    out, err = desk.run("replay", "money")
    assert "marked backfill" in err
    assert "port" not in out


def test_a_gate_is_passed_or_not_by_exit_code(sqlite_desk: Desk, tmp_path: Path) -> None:
    file = labels(
        tmp_path / "l.jsonl", ("Harbour", ["port"]), ("Pier", ["port"]), ("Ferry band", []), ("Storm", ["weather"])
    )

    answer = sqlite_desk.json("eval", "--labels", file)
    port = answer["topics"]["port"]
    assert (port["tp"], port["fp"], port["fn"], port["tn"]) == (1, 1, 1, 1)
    assert (port["precision"], port["recall"], port["f1"]) == (0.5, 0.5, 0.5)
    assert port["recall_interval"] == port["precision_interval"] == [0.0945, 0.9055]
    assert answer["topics"]["weather"]["precision"] is None
    sqlite_desk.run("eval", "--labels", file, "--topic", "port", "--min-recall", "0.5", "--min-precision", "0.5")
    _out, err = sqlite_desk.run("eval", "--labels", file, "--topic", "port", "--min-recall", "0.51", expect=1)
    assert "watcher: port: recall 0.500 is below 0.51" in err.splitlines()


def test_misses_and_false_hits_are_listed_with_their_places(sqlite_desk: Desk, tmp_path: Path) -> None:
    file = labels(tmp_path / "l.jsonl", ("Pier closes", ["port"]), ("Ferry band tours", []))

    out, _err = sqlite_desk.run("eval", "--labels", file)

    assert "port: missed (1)" in out
    assert f"{file}:1: Pier closes" in out
    assert f"{file}:2: Ferry band tours  [Ferry]" in out


def test_several_files_and_standard_input_count_together(sqlite_desk: Desk, tmp_path: Path) -> None:
    file = labels(tmp_path / "l.jsonl", ("Harbour", ["port"]))

    answer = sqlite_desk.json(
        "eval", "--labels", file, "--labels", "-", stdin='{"title": "Pier", "labels": ["port"]}\n'
    )

    assert (answer["items"], answer["topics"]["port"]["tp"], answer["topics"]["port"]["fn"]) == (2, 1, 1)
    assert answer["topics"]["port"]["misses"] == [{"at": "standard input:1", "title": "Pier"}]


def test_only_topics_that_the_labels_speak_of_are_measured_and_strange_ones_are_named(
    sqlite_desk: Desk, tmp_path: Path
) -> None:
    file = labels(tmp_path / "l.jsonl", ("Harbour storm", ["port", "wether"]))

    out, err = sqlite_desk.run("eval", "--labels", file, "--json")

    assert list(json.loads(out)["topics"]) == ["port"]
    assert "'wether', which is not a topic here (1 item); did you mean 'weather'?" in err


def test_a_query_that_is_not_live_is_measured_in_a_topics_place(sqlite_desk: Desk, tmp_path: Path) -> None:
    file = labels(tmp_path / "l.jsonl", ("Harbour", ["port"]), ("Pier", ["port"]))

    answer = sqlite_desk.json("eval", "--labels", file, "--topic", "port", "--query", "harbour OR pier")

    assert answer["topics"]["port"]["recall"] == 1.0


def test_judgements_in_the_database_measure_todays_topic(desk: Desk) -> None:
    judge(desk.database, "port", "Yacht sinks", "relevant")
    judge(desk.database, "port", "Harbour storm hits ferry", "relevant")
    judge(desk.database, "port", "Ferry band", "irrelevant")
    desk.write({"port": "harbour OR ferry"}, {})

    port = desk.json("eval", "--stored")["topics"]["port"]

    assert (port["tp"], port["fp"], port["fn"], port["tn"]) == (1, 1, 1, 0)
    _out, err = desk.run("eval", "--stored")
    assert "true recall is lower" in err


def test_faults_in_labels_are_named_by_file_and_line_all_at_once(sqlite_desk: Desk, tmp_path: Path) -> None:
    (tmp_path / "l.jsonl").write_text('{"title": "a", "labels": []}\nnonsense\n{"title": "b"}\n', encoding="utf-8")

    out, err = sqlite_desk.run("eval", "--labels", str(tmp_path / "l.jsonl"), expect=2)

    assert out == ""
    assert f"{tmp_path / 'l.jsonl'}:2:1: no JSON" in err
    assert f"{tmp_path / 'l.jsonl'}:3:1: `labels` is missing" in err


@pytest.mark.parametrize("raw", [pytest.param(b"\xff\xfe{", id="no UTF-8"), pytest.param(b"", id="nothing")])
def test_labels_that_cannot_be_read_are_a_fault(sqlite_desk: Desk, raw: bytes) -> None:
    _out, err = sqlite_desk.run("eval", "--labels", "-", stdin=raw, expect=2)

    assert "standard input" in err


def test_measuring_needs_no_database(sqlite_desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WATCHER_DATABASE_URL", "postgresql://nobody@127.0.0.1:1/none")

    answer = sqlite_desk.json("eval", "--labels", labels(tmp_path / "l.jsonl", ("Harbour", ["port"])))

    assert answer["topics"]["port"]["recall"] == 1.0


def test_a_probe_names_what_nearly_matches(desk: Desk) -> None:
    answer = desk.json("probe", "port", "--since", "2026-01-01")

    assert answer["elusion"] is None
    assert [(near["entry"]["title"], near["would_match"]) for near in answer["near"]] == [
        ("Harbour, the film", ["without NOT film"])
    ]
    out, err = desk.run("probe", "port", "--since", "2026-01-01")
    assert "would match: without NOT film" in out
    assert "1 near miss" in err


def test_a_sample_that_was_read_says_how_many_are_missed(desk: Desk) -> None:
    print_news(desk.database, *[f"Budget {n}" for n in range(38)])

    first = desk.json("probe", "port", "--since", "2026-01-01", "--sample", "20")["elusion"]
    read = desk.json("probe", "port", "--since", "2026-01-01", "--sample", "20", "--relevant", "1")["elusion"]

    assert (first["population"], len(first["sample"])) == (40, 20)
    assert [sample["id"] for sample in first["sample"]] == [sample["id"] for sample in read["sample"]]
    assert (read["elusion"], read["missed"]) == (0.05, 2)
    low, high = read["missed_interval"]
    assert 0 <= low <= 2 <= high <= 40
    out, _err = desk.run("probe", "port", "--since", "2026-01-01", "--sample", "20", "--relevant", "1")
    assert "1 of 20 sampled were relevant: of 40 entries" in out


def test_the_cost_of_a_topic_names_clauses_exclusions_and_silent_words(desk: Desk) -> None:
    judge(desk.database, "port", "Yacht sinks", "relevant")

    answer = desk.json("cost", "port", "--since", "2026-01-01")

    assert (answer["hits"], answer["labelled"]) == (3, {"relevant": 1, "irrelevant": 0})
    boats = next(clause for clause in answer["clauses"] if clause["clause"] == "@boats")
    assert (boats["alone"], boats["relevant"]) == (2, 1)
    assert [(clause["clause"], clause["alone"]) for clause in answer["exclusions"]] == [("NOT film", 1)]
    assert answer["dead"] == []
    assert answer["languages"] == [{"language": "en", "entries": 5, "hits": 3}]
    out, _err = desk.run("cost", "port", "--since", "2026-01-01")
    assert "excludes" in out


ARTICLE = (
    "Harbour Watch halts oil patrols off Port Example\n"
    "Harbour Watch has halted oil patrols off Port Example. Oil patrols began in Oslo. Oil patrols matter to Oslo.\n"
)


def test_a_draft_is_a_topics_file_that_says_what_it_would_match(desk: Desk, tmp_path: Path) -> None:
    (tmp_path / "article.txt").write_text(ARTICLE, encoding="utf-8")
    print_news(desk.database, "Port Example sleeps")

    out, _err = desk.run("draft", str(tmp_path / "article.txt"), "--since", "2026-01-01")
    answer = desk.json("draft", "-", "--since", "2026-01-01", stdin=ARTICLE)

    (desk.folder / "topics.yaml").write_text(out, encoding="utf-8")
    assert [topic.id for topic in load(desk.folder, {}).topics] == [draft["id"] for draft in answer["topics"]]
    assert {draft["id"]: draft["matched"] for draft in answer["topics"]}["port-example"] == 1
    assert "# matches 1 of 6 stored entries" in out


def test_a_draft_of_a_page_is_fetched_through_the_guard(sqlite_desk: Desk) -> None:
    page = f"<html lang='en'><h1>{ARTICLE.splitlines()[0]}</h1><p>{ARTICLE.splitlines()[1]}</p></html>"
    with Server() as server:
        server.pages["/a"] = Reply(page.encode(), headers={"Content-Type": "text/html"})
        answer = sqlite_desk.json("draft", f"{server.url}/a")
        _out, err = sqlite_desk.run("draft", f"{server.url}/b", expect=1)
        sqlite_desk.write({"port": "harbour"}, {})
        (sqlite_desk.folder / "watcher.yaml").write_text("fetch: {}\n", encoding="utf-8")
        _out, refused = sqlite_desk.run("draft", f"{server.url}/a", expect=1)

    assert "port-example" in {topic["id"] for topic in answer["topics"]}
    assert "HTTP 404" in err
    assert "loopback" in refused


def test_a_draft_needs_neither_configuration_nor_archive(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    env = {name: value for name, value in os.environ.items() if not name.startswith(("WATCHER", "XDG"))}
    done = subprocess.run(
        [sys.executable, "-m", "watcher", "topics", "draft", "-"],
        input=ARTICLE, capture_output=True, text=True, timeout=60, cwd=tmp_path, env=env | {"HOME": str(tmp_path)},
    )  # fmt: skip

    assert done.returncode == 0
    assert "port-example" in {topic["id"] for topic in yaml.safe_load(done.stdout)["topics"]}
    assert "stored entries" not in done.stdout
    assert list(tmp_path.iterdir()) == []


def test_a_faulty_configuration_does_not_stop_a_draft(sqlite_desk: Desk) -> None:
    (sqlite_desk.folder / "feeds.yaml").write_text("feeds: 3\n", encoding="utf-8")

    out, err = sqlite_desk.run("draft", "-", stdin=ARTICLE)

    assert "port-example" in {topic["id"] for topic in yaml.safe_load(out)["topics"]}
    assert "the configuration has an error" in err


def test_an_article_that_says_nothing_gives_no_topics(sqlite_desk: Desk) -> None:
    out, err = sqlite_desk.run("draft", "-", stdin="hm")

    assert out == ""
    assert "nothing stands out" in err
    sqlite_desk.run("draft", "-", stdin="", expect=2)


def test_quiet_says_only_what_was_asked_for(sqlite_desk: Desk) -> None:
    sqlite_desk.capture.readouterr()

    assert run(["--quiet", "topics", "test", "weather"]) == 0

    out, err = sqlite_desk.capture.readouterr()
    assert "Harbour" in out
    assert err == ""
