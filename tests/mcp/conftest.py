"""One desk and two assistants for the tests of a module: a reader, and one that may judge."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.mcp.desk import Assistant, Desk, furnished, speaking


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    with furnished(tmp_path_factory.mktemp("mcp") / "desk") as made:
        yield made


@pytest.fixture(scope="module")
def reader(desk: Desk) -> Iterator[Assistant]:
    with speaking(desk) as assistant:
        yield assistant


@pytest.fixture(scope="module")
def editor(desk: Desk) -> Iterator[Assistant]:
    with speaking(desk, "--write") as assistant:
        yield assistant
