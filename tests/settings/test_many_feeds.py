"""Thousands of feeds are the same as a few, and take little memory once their file has been read."""

from __future__ import annotations

import gc
import tracemalloc
from dataclasses import replace
from pathlib import Path

import pytest

from watcher.model.access import Access
from watcher.settings import Settings, load, loader

MANY = 1_500
KEYS = (
    "title: Outlet {0}",
    "title: Outlet {0}, tags: [wire, port], interval: 2h, weight: 2",
    "username: desk, password: open{0}, budget: {{entries: 7}}",
    "headers: {{X-Key: key{0}}}, enabled: false, language: de",
)


def load_feeds(folder: Path, count: int) -> Settings:
    listed = (f'  - {{url: "https://outlet{n}.example/rss?a={n}", {KEYS[n % 4].format(n)}}}' for n in range(count))
    (folder / "watcher.yaml").write_text("fetch: {}\n", "utf-8")
    (folder / "feeds.yaml").write_text("feeds:\n" + "\n".join(listed) + "\n", "utf-8")
    (folder / "topics.yaml").write_text("topics: []\n", "utf-8")
    return load(folder, {})


def test_the_sources_of_a_long_file_are_those_that_are_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    compact = load_feeds(tmp_path, MANY).sources

    monkeypatch.setattr(loader, "_MANY_SOURCES", MANY + 1)

    assert compact == load_feeds(tmp_path, MANY).sources
    assert [source.request_url for source in compact] == [f"https://outlet{n}.example/rss?a={n}" for n in range(MANY)]


def test_feeds_that_are_asked_for_as_usual_share_what_that_is(tmp_path: Path) -> None:
    usual = [source.access for source in load_feeds(tmp_path, MANY).sources if source.access == Access()]

    assert len(usual) == MANY // 2
    assert len({id(access) for access in usual}) == 1


def test_a_feed_less_usual_keeps_an_access_of_its_own(tmp_path: Path) -> None:
    sources = load_feeds(tmp_path, 8).sources

    assert sources[6].access == replace(Access(), username="desk", password="open6")
    assert sources[7].access.headers == (("X-Key", "key7"),)


def test_a_feed_takes_less_than_a_kilobyte_once_its_file_is_read(tmp_path: Path) -> None:
    load_feeds(tmp_path, 4)  # what the first reading makes once

    tracemalloc.start()
    try:
        settings = load_feeds(tmp_path, MANY)
        gc.collect()
        taken = tracemalloc.get_traced_memory()[0]
    finally:
        tracemalloc.stop()

    assert len(settings.sources) == MANY
    assert taken / MANY < 1_000
