"""The demonstration from beginning to end, as `watcher demo --once` runs it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.machine import Desk
from watcher.inference import can_use_bundled


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    desk = Desk(tmp_path_factory.mktemp("demo"))
    done = desk.run("demo", "--once", "--port", "0", "--folder", str(desk.folder / "world"), "--json", timeout=240)
    assert done.returncode == 0, done.stderr
    said: dict[str, Any] = json.loads(done.stdout)
    return said


def test_each_fixed_topic_is_found_in_several_languages(told: dict[str, Any]) -> None:
    for topic in ("five-eyes", "intelligence-sharing", "cyber-ops-russia"):
        languages = {hit["entry"]["language"] for hit in told["hits"] if hit["topic"] == topic}
        assert len(languages) >= 4, topic


@pytest.mark.parametrize(
    "headline",
    [
        "Naturalists describe a spider with five eyes from a cloud forest cave",
        "Film review: 'The Salt Cipher' wastes its Five Eyes",
        "Chip maker Intel shares climb as factory deal nears",
        "Russian hackers lock patient records at Ohio hospital",
    ],
)
def test_what_only_sounds_alike_is_no_hit(told: dict[str, Any], headline: str) -> None:
    assert headline not in {hit["entry"]["title"] for hit in told["hits"]}


def test_copies_across_outlets_are_one_story(told: dict[str, Any]) -> None:
    story = next(each for each in told["stories"] if each["title"].startswith("Five Eyes partners weigh limits"))

    assert {"The Capital Ledger", "Northern Wire", "The Harbour Post"} <= set(story["outlets"])
    assert any(report["copy"] for report in story["tellings"])


def test_an_edit_a_gap_and_broken_feeds_are_told(told: dict[str, Any]) -> None:
    assert sum(poll["entries"]["updated"] for poll in told["polls"]) == 1
    assert sum(poll["lost"] for poll in told["polls"]) > 0
    kinds = {failure["kind"] for poll in told["polls"] for failure in poll["failures"]}
    assert kinds == {"html", "rate-limited"}
    assert told["digest"]["coverage"]["bad"]


def test_the_digest_lies_in_the_hand(told: dict[str, Any]) -> None:
    [html] = [Path(file) for file in told["files"] if file.endswith(".html")]

    assert "<mark" in html.read_text(encoding="utf-8")
    assert {section["id"] for section in told["digest"]["topics"]} >= {"five-eyes", "cyber-ops-russia"}


@pytest.mark.skipif(not can_use_bundled(), reason="without the extra `meaning` stories are joined by words alone")
def test_reports_in_several_languages_are_six_or_seven_stories(told: dict[str, Any]) -> None:
    digest = told["digest"]

    assert len(told["stories"]) in {6, 7}
    assert digest["story_count"] + digest["weak"] == len(told["stories"])
    assert max(len(story["languages"]) for story in told["stories"]) >= 5
