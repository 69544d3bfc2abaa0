"""A short soak keeps all that the long one has to keep."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests import postgres

SCRIPT = Path(__file__).parents[2] / "bench" / "soak.py"


@pytest.mark.slow
@pytest.mark.parametrize(("kind", "seed"), [("sqlite", 4), ("sqlite", 13), ("postgresql", 5)])
def test_two_days_of_bad_luck_lose_nothing(kind: str, seed: int, request: pytest.FixtureRequest) -> None:
    if kind == "postgresql":
        request.getfixturevalue("postgres_server")  # skips, or fails, where there are no binaries
        assert postgres.find_binaries()

    done = subprocess.run(
        [
            sys.executable,
            str(SCRIPT),
            "--days",
            "2",
            "--feeds",
            "60",
            "--seed",
            str(seed),
            "--database",
            kind,
            "--json",
        ],
        capture_output=True,
        text=True,
        timeout=600,
    )

    assert done.returncode == 0, done.stdout + done.stderr
    figures = json.loads(done.stdout)
    assert figures["violations"] == []
    assert figures["kills"] >= 2
    assert figures["items owed"] > 500
