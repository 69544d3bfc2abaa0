"""Pushes need an address at which hubs can reach us."""

from __future__ import annotations

from pathlib import Path

import pytest

from watcher.errors import ConfigError
from watcher.settings import load


def test_websub_without_a_public_address_is_a_fault_at_its_place(tmp_path: Path) -> None:
    (tmp_path / "watcher.yaml").write_text("fetch:\n  contact: a@b.example\n  websub: true\n")

    with pytest.raises(ConfigError) as refused:
        load(tmp_path, {})

    [fault] = refused.value.faults
    assert (fault.line, "web.base_url" in fault.message) == (3, True)


def test_websub_with_one_is_fine(tmp_path: Path) -> None:
    (tmp_path / "watcher.yaml").write_text("fetch: {websub: true}\nweb: {base_url: https://news.example.org}\n")

    assert load(tmp_path, {}).fetch.websub
