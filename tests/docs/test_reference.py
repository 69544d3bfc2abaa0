"""The pages made from the code hold every command, key, metric and event, and the site builds without a warning."""

from __future__ import annotations

import importlib.util
import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.docs.pages import ROOT
from tools.manual.commands import list_commands
from tools.manual.events import list_log_events, list_metrics
from tools.manual.site import write_site
from watcher.channels import CHANNELS
from watcher.settings.schema import Fetch, Web, WrittenDigest, WrittenFeed, WrittenTopic


@pytest.fixture(scope="session")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("manual") / "source"
    write_site(folder)
    return folder


def read(source: Path, name: str) -> str:
    return (source / "reference" / f"{name}.md").read_text(encoding="utf-8")


def test_every_command_has_a_section_with_its_help(source: Path) -> None:
    page = read(source, "commands")
    sections = re.findall(r"^## (.+)$", page, re.MULTILINE)

    assert sections == [path for path, _command, _context in list_commands()]
    assert len(sections) > 40
    assert {"watcher topics eval", "watcher db restore", "watcher channels test"} <= set(sections)
    assert "`--min-recall" in page


def test_every_key_is_listed_with_its_default(source: Path) -> None:
    page = read(source, "configuration-keys")
    models = (Fetch, Web, WrittenDigest, WrittenFeed, WrittenTopic, *(kind.options_model for kind in CHANNELS.values()))
    rows = set(re.findall(r"^\| `(\w+)` \|", page, re.MULTILINE))

    assert {key for model in models for key in model.model_fields} <= rows
    assert "| `max_size` | size, at least 1kB, at most 1GB | `16MB` |" in page
    assert "| `timeout` | duration, at least 1s, at most 10m | `1m` |" in page


def test_every_request_of_the_api_is_listed(source: Path) -> None:
    document = json.loads((source / "reference" / "openapi.json").read_text(encoding="utf-8"))
    headings = re.findall(r"^## ([A-Z]+ /\S+)$", read(source, "http-api").replace("\\", ""), re.MULTILINE)

    assert headings == [f"{method.upper()} {path}" for path, item in document["paths"].items() for method in item]
    assert "GET /api/v1/hits" in headings


def test_documents_metrics_events_and_exit_codes_are_listed(source: Path) -> None:
    frozen = json.loads((ROOT / "tests" / "contract" / "frozen.json").read_text(encoding="utf-8"))
    metrics = {name for name, _kind, _labels, _help in list_metrics()}
    events = {text for text, _level, _values, _module in list_log_events()}

    assert "### HitList" in read(source, "json-documents")
    assert {re.sub(r"_(total|info|created)$", "", name) for name in frozen["metrics"]} <= {
        re.sub(r"_(total|info)$", "", name) for name in metrics
    }
    assert {"started", "channel refused", "clock stepped", "database cannot be used"} <= events
    assert re.findall(r"^\| `(\d+)` \|", read(source, "exit-codes"), re.MULTILINE) == ["0", "1", "2", "130"]


@pytest.mark.slow  # `make docs` does the same
def test_the_site_is_built_without_a_warning_and_asks_no_other_server(source: Path, tmp_path: Path) -> None:
    if importlib.util.find_spec("sphinx") is None:
        pytest.skip("the extra docs is not installed: `make docs` builds the site")
    command = [sys.executable, "-m", "sphinx", "--fail-on-warning", "--keep-going", "--quiet", "--builder", "html"]
    done = subprocess.run([*command, str(source), str(tmp_path)], capture_output=True, text=True)

    assert done.returncode == 0, done.stderr
    for page in tmp_path.rglob("*.html"):
        text = page.read_text(encoding="utf-8")
        assert re.findall(r"<(?:script|link|img)[^>]*(?:src|href)=\"(?:https?:)?//", text) == [], page
