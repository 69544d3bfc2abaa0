"""The glossary names every class of the domain, and no class that is not there."""

from __future__ import annotations

import ast
import re
from importlib import import_module
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "glossary.md").read_text(encoding="utf-8")
ROWS = re.findall(r"^\| ([^|]+) \| ([^|]+) \| `([\w.]+)` \|$", PAGE, re.MULTILINE)
MAX_TERMS = 60


def domain_classes() -> set[str]:
    return {
        node.name
        for path in (ROOT / "watcher" / "model").glob("*.py")
        for node in ast.parse(path.read_text(encoding="utf-8")).body
        if isinstance(node, ast.ClassDef) and not node.name.startswith("_")
    }


def test_every_class_of_the_domain_is_in_the_glossary() -> None:
    named = {word.rpartition(".")[2] for word in re.findall(r"`([\w.]+)`", PAGE)}

    assert domain_classes() - named == set()


def test_terms_are_few_in_order_and_named_once() -> None:
    terms = [term.casefold() for term, _meaning, _class in ROWS]

    assert 0 < len(terms) <= MAX_TERMS
    assert terms == sorted(set(terms))


@pytest.mark.parametrize("path", [path for _term, _meaning, path in ROWS])
def test_defining_class_exists(path: str) -> None:
    module, _, name = path.rpartition(".")

    assert isinstance(getattr(import_module(f"watcher.{module}"), name), type)
