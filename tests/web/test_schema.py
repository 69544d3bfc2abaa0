"""The API's document held against the API, by a tool that tries what nobody thought of."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.web.site import World, world_with_news
from tests.web.test_gate import TOKEN
from watcher.pipeline.digests import compose_now
from watcher.web import create_app

CONFIG = Path(__file__).with_name("schemathesis.toml")


REFUSALS = ("412", "413", "429")
"""What an operation that declares it may answer to a valid request: a tag that is old, a text that takes too long."""
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
        answer = httpx.get(document, timeout=120, trust_env=False, headers=headers).raise_for_status()
        config = tmp_path / "schemathesis.toml"
        config.write_text("\n".join([CONFIG.read_text("utf-8"), *list_refusals(answer.json())]), "utf-8")
        command = [str(tool), "--config-file", str(config), "run", document, "--no-color"]
        command += [word for name, value in headers.items() for word in ("--header", f"{name}: {value}")]
        bounds = ["--max-examples", str(examples), "--seed", "1", "--generation-deterministic", "--phases", phases]
        ran = subprocess.run([*command, *bounds], cwd=tmp_path, capture_output=True, text=True, timeout=900)

    assert ran.returncode == 0, ran.stdout[-6000:] + ran.stderr[-2000:]


def list_refusals(document: dict[str, Any]) -> Iterator[str]:
    """Return a section of the tool's configuration for each operation that may refuse a valid request.

    Which they are the document says; that a change breaks a rule of the configuration (422) is said with what stands
    against it (409), which must not happen here.
    """
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            declared = operation["responses"]
            refusals = [*(status for status in REFUSALS if status in declared), *(["422"] if "409" in declared else [])]
            if refusals:
                yield f'[[operations]]\ninclude-name = "{method.upper()} {path}"'
                yield "[operations.checks.positive_data_acceptance]"
                yield f'expected-statuses = ["2xx", {", ".join(["400", "404", *refusals, "503"])}]'


def test_the_document_says_how_edits_are_refused(desk: World) -> None:
    document = create_app(desk.app, clock=desk.clock).openapi()

    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            headers = {
                element["name"].lower(): element
                for element in operation.get("parameters", ())
                if element["in"] == "header"
            }
            refusals = {"409", "412", "428"} & set(operation["responses"])
            if "if-match" in headers:
                assert headers["if-match"]["required"], (method, path)
                assert refusals == {"409", "412", "428"}, (method, path)
            else:
                assert "428" not in refusals, (method, path)
            if "idempotency-key" in headers:
                assert "409" in refusals, (method, path)
