"""The API's document held against the API, by a tool that tries what nobody thought of."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from tests.web.site import world_with_news
from tests.web.test_gate import TOKEN
from watcher.pipeline.digests import compose_now

CONFIG = Path(__file__).with_name("schemathesis.toml")


ALL_PHASES = "examples,coverage,fuzzing,stateful"


# The phase of coverage tries every bound of every parameter, some 4,600 requests, and takes most of the time.
@pytest.mark.parametrize(
    ("examples", "phases"),
    [(3, "examples,fuzzing,stateful"), pytest.param(40, ALL_PHASES, marks=pytest.mark.slow)],
)
def test_no_request_breaks_the_document(tmp_path: Path, examples: int, phases: str) -> None:
    tool = Path(sys.executable).with_name("schemathesis")
    # Requests add people, after whom nobody comes in without a login.
    headers = {"Authorization": f"Bearer {TOKEN}"}

    with world_with_news(tmp_path / "config", f"token: {TOKEN}") as desk, desk.served() as address:
        compose_now(desk.app.database, desk.app.press(), "daily", desk.clock())
        # Made once, which takes longer on a busy machine than the tool waits.
        document = f"{address}/api/openapi.json"
        httpx.get(document, timeout=120, trust_env=False, headers=headers).raise_for_status()
        command = [str(tool), "--config-file", str(CONFIG), "run", document, "--no-color"]
        command += [word for name, value in headers.items() for word in ("--header", f"{name}: {value}")]
        bounds = ["--max-examples", str(examples), "--seed", "1", "--generation-deterministic", "--phases", phases]
        ran = subprocess.run([*command, *bounds], cwd=tmp_path, capture_output=True, text=True, timeout=900)

    assert ran.returncode == 0, ran.stdout[-6000:] + ran.stderr[-2000:]
