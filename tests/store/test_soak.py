"""A short soak: writers, readers and a pruner at once, killed at random, leave a sound database that lost nothing."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests import postgres

SCRIPT = Path(__file__).parents[2] / "bench" / "soak.py"


@pytest.mark.parametrize("seconds", [3, pytest.param(10, marks=pytest.mark.slow)])
@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_a_database_is_sound_after_many_were_killed_at_work_on_it(
    kind: str, seconds: int, request: pytest.FixtureRequest
) -> None:
    if kind == "postgresql":
        request.getfixturevalue("postgres_server")  # skips, or fails, where there are no binaries
        assert postgres.find_binaries()

    done = subprocess.run(
        [sys.executable, str(SCRIPT), "--store", "--seconds", str(seconds), "--databases", kind],
        capture_output=True,
        text=True,
        timeout=120,
    )

    assert done.returncode == 0, done.stdout + done.stderr
    assert "; sound" in done.stdout
    assert "killed {}" not in done.stdout
