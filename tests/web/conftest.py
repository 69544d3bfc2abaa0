"""A watcher with some news in it, and a client of its page."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.web.site import World, world_with_news


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[World]:
    with world_with_news(tmp_path / "config") as made:
        yield made


@pytest.fixture
def client(desk: World) -> Iterator[httpx.Client]:
    with desk.client() as made:
        yield made
