"""Servers on loopback for the tests of fetching."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.faults.certificates import Certificates
from tests.faults.yard import Yard


@pytest.fixture
def yard() -> Iterator[Yard]:
    with Yard() as opened:
        yield opened


@pytest.fixture(scope="session")
def certificates() -> Certificates:
    return Certificates()
