"""The contract as the code has it, collected once for all tests of it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from tests.contract.sent import collect


@contextmanager
def own_environment() -> Iterator[pytest.MonkeyPatch]:
    """Take the watcher's variables out of the environment for as long as this lasts."""
    with pytest.MonkeyPatch.context() as patch:
        for name in ("WATCHER_CONFIG", "WATCHER_DATABASE_URL", "WATCHER_STATE"):
            patch.delenv(name, raising=False)
        yield patch


@pytest.fixture(scope="session")
def contract(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    with own_environment():
        return collect(tmp_path_factory.mktemp("contract"))
