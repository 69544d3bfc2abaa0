"""docs/configuration.md and the schema name the same keys."""

from __future__ import annotations

import re
from pathlib import Path
from typing import get_args

import pytest
from pydantic import BaseModel

from watcher.settings.schema import Fetch, Polling, Retention, Storage, Web, WrittenFeed, WrittenMeaning, WrittenTopic

PAGE = (Path(__file__).parents[2] / "docs" / "configuration.md").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("section", "model"),
    [
        ("database", Storage),
        ("fetch", Fetch),
        ("polling", Polling),
        ("web", Web),
        ("retention", Retention),
        ("meaning", WrittenMeaning),
    ],
)
def test_the_page_names_every_key_of_a_section(section: str, model: type[BaseModel]) -> None:
    documented = PAGE.split("## feeds.yaml")[0].split("## watcher.yaml")[1]

    keys = set(re.findall(rf"`{section}\.([\w.]+)`", documented))
    # A short section within one stands in the row of its name.
    assert {key for key in list_keys(model) if not {key, key.partition(".")[0]} & keys} == set()
    assert {key.partition(".")[0] for key in keys} <= set(model.model_fields)


def list_keys(model: type[BaseModel]) -> set[str]:
    """Return the keys of a section, those of sections within it as `login.header`."""
    keys = set()
    for name, field in model.model_fields.items():
        inner = [part for part in (field.annotation, *get_args(field.annotation)) if is_section(part)]
        keys |= {f"{name}.{key}" for part in inner for key in list_keys(part)} or {name}
    return keys


def is_section(part: object) -> bool:
    return isinstance(part, type) and issubclass(part, BaseModel)


@pytest.mark.parametrize(
    ("title", "model", "first"), [("feeds.yaml", WrittenFeed, {"url"}), ("topics.yaml", WrittenTopic, set())]
)
def test_the_page_names_every_key_of_a_file(title: str, model: type[BaseModel], first: set[str]) -> None:
    rows = re.search(rf"## {title}\n(.*?)(?=\n## |\Z)", PAGE, re.S)
    assert rows is not None
    named = {
        key
        for line in rows[1].splitlines()
        if line.startswith("| `")
        for key in re.findall(r"`(\w+)`", line.split("|")[1])
    }

    assert named | first == set(model.model_fields)
