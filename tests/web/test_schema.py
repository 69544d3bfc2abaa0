"""The API's document held against the API, by a tool that tries what nobody thought of."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from tests.web.site import World
from watcher.pipeline.digests import compose_now

CONFIG = Path(__file__).with_name("schemathesis.toml")


@pytest.mark.parametrize("examples", [5, pytest.param(40, marks=pytest.mark.slow)])
def test_no_request_breaks_the_document(desk: World, tmp_path: Path, examples: int) -> None:
    compose_now(desk.app.database, desk.app.press(), "daily", desk.clock())
    tool = Path(sys.executable).with_name("schemathesis")

    with desk.served() as address:
        # Made once, which takes longer on a busy machine than the tool waits.
        httpx.get(f"{address}/api/openapi.json", timeout=120, trust_env=False).raise_for_status()
        command = [str(tool), "--config-file", str(CONFIG), "run", f"{address}/api/openapi.json", "--no-color"]
        bounds = ["--max-examples", str(examples), "--seed", "1", "--generation-deterministic"]
        ran = subprocess.run([*command, *bounds], cwd=tmp_path, capture_output=True, text=True, timeout=900)

    assert ran.returncode == 0, ran.stdout[-6000:] + ran.stderr[-2000:]
