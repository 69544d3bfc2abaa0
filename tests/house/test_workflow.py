"""What is promised in pyproject.toml is what the workflows, the hooks and the counts of the house rules say."""

from __future__ import annotations

import ast
import json
import re
import tomllib
from pathlib import Path

import yaml

from tools.house import AIMS, Module, find_cycles, list_vague_names

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


def test_every_kind_of_variable_is_read_for_names_that_say_how_it_was_obtained() -> None:
    text = """
class Answer(TypedDict):
    said: str

class Part:
    told: str

def read(found, *, here=1, **brought):
    entries = [each for each in found]
    with open(entries[0]) as one:
        lines = one.readlines()
    try:
        (said := lines[0])
    except OSError as told:
        raise
    for entry, found in lines:
        match entry:
            case [1, *each] | {"a": each}:
                answer["said"] = part.told = found
    return read(found=entries)
"""
    module = Module("watcher.sample", ROOT / "watcher" / "sample.py", text, ast.parse(text))

    names = [case.removeprefix("watcher/sample.py:") for case in list_vague_names(module)]

    assert sorted(names) == sorted(
        [
            "6 told",
            "8 found",
            "8 here",
            "8 brought",
            "9 each",
            "10 one",
            "13 said",
            "14 told",
            "16 found",
            "18 each",
            "18 each",
        ]
    )


def test_decisions_are_listed_and_numbered() -> None:
    folder = ROOT / "docs" / "decisions"
    pages = sorted(path.name for path in folder.glob("0*.md"))
    index = (folder / "README.md").read_text(encoding="utf-8")

    assert [int(name[:4]) for name in pages] == list(range(1, len(pages) + 1))
    assert re.findall(r"\((\d{4}-[\w-]+\.md)\)", index) == pages
    for name in pages:
        assert (folder / name).read_text(encoding="utf-8").startswith(f"# {int(name[:4])}. ")
