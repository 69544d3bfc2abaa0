"""Pushes need an address at which hubs can reach us."""

from __future__ import annotations

from pathlib import Path

import pytest

from watcher.errors import ConfigError
from watcher.settings import load


def written(folder: Path, text: str) -> Path:
    (folder / "watcher.yaml").write_text(text)
    (folder / "feeds.yaml").write_text("feeds: [https://example.org/feed]\n")
    (folder / "topics.yaml").write_text("topics: [{id: eyes, query: five eyes}]\n")
    return folder


def test_websub_without_a_public_address_is_a_fault_at_its_place(tmp_path: Path) -> None:
    folder = written(tmp_path, "fetch:\n  contact: a@b.example\n  websub: true\n")

    with pytest.raises(ConfigError) as refused:
        load(folder, {})

    [fault] = refused.value.faults
    assert (fault.line, "web.base_url" in fault.message) == (3, True)


def test_websub_with_one_is_fine(tmp_path: Path) -> None:
    folder = written(tmp_path, "fetch: {websub: true}\nweb: {base_url: https://news.example.org}\n")

    assert load(folder, {}).fetch.websub
