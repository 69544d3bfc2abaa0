"""What the tests of faults share: a yard of servers, and the way in with a fresh database."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.faults.machine import Machine
from tests.faults.yard import Yard
from watcher.store.database import Database


@pytest.fixture
def yard() -> Iterator[Yard]:
    with Yard() as yard:
        yield yard


@pytest.fixture
def machine(sqlite: Database) -> Iterator[Machine]:
    with Machine(sqlite) as machine:
        yield machine
