"""A configuration folder for commands and daemons that run as processes."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.e2e.machine import Desk


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    made = Desk(tmp_path / "desk")
    made.migrate()
    return made
