"""What is promised in pyproject.toml is what the workflows, the hooks and the counts of the house rules say."""

from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path

import yaml

from tools.house import AIMS, find_cycles

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
WORKFLOWS = ROOT / ".github" / "workflows"


def test_matrix_runs_every_version_that_is_promised_on_both_databases() -> None:
    workflow = yaml.safe_load((WORKFLOWS / "test.yml").read_text(encoding="utf-8"))
    promised = re.findall(r"Python :: (3\.\d+)", "\n".join(PROJECT["project"]["classifiers"]))

    matrix = workflow["jobs"]["test"]["strategy"]["matrix"]

    assert matrix["python"] == promised
    assert matrix["database"] == ["sqlite", "postgresql"]


def test_every_workflow_and_hook_is_yaml_with_something_to_run() -> None:
    jobs = [job for path in WORKFLOWS.glob("*.yml") for job in yaml.safe_load(path.read_text("utf-8"))["jobs"].values()]
    hooks = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text(encoding="utf-8"))["repos"]

    assert all(job["steps"] for job in jobs)
    assert all(hook["entry"] for repository in hooks for hook in repository["hooks"])


def test_counts_of_the_house_rules_are_those_that_have_an_aim() -> None:
    counts = json.loads((ROOT / "tools" / "house.json").read_text(encoding="utf-8"))

    assert counts.keys() == AIMS.keys()
    assert all(counts[rule] >= aim for rule, aim in AIMS.items())


def test_cycles_are_found_once_each_with_all_their_members() -> None:
    imports = {"a": {"b"}, "b": {"c"}, "c": {"a", "d"}, "d": {"e"}, "e": {"d"}, "f": {"a"}, "g": set[str]()}

    assert sorted(find_cycles(imports)) == [["a", "b", "c"], ["d", "e"]]


def test_decisions_are_listed_and_numbered() -> None:
    folder = ROOT / "docs" / "decisions"
    pages = sorted(path.name for path in folder.glob("0*.md"))
    index = (folder / "README.md").read_text(encoding="utf-8")

    assert [int(name[:4]) for name in pages] == list(range(1, len(pages) + 1))
    assert re.findall(r"\((\d{4}-[\w-]+\.md)\)", index) == pages
    for name in pages:
        assert (folder / name).read_text(encoding="utf-8").startswith(f"# {int(name[:4])}. ")
