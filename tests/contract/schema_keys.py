"""The keys that a JSON schema names: all of them, and those that every value has to have."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import TypeAdapter


@dataclass(frozen=True, slots=True)
class Keys:
    """Paths of keys (`.hits[].id`; `*` stands for ids that are keys)."""

    documented: frozenset[str]
    required: frozenset[str]


def list_schema_keys(schema: Mapping[str, Any], definitions: Mapping[str, Any]) -> Keys:
    """Return the keys of a schema; `definitions` are the models that it refers to by name.

    Models that contain themselves are followed three levels deep.
    """
    documented: set[str] = set()
    required: set[str] = set()

    def walk(node: Mapping[str, Any], path: str, seen: tuple[str, ...]) -> Iterator[str]:
        if reference := node.get("$ref"):
            name = reference.rsplit("/", 1)[1]
            if seen.count(name) < 3:
                yield from walk(definitions[name], path, (*seen, name))
        for part in (*node.get("anyOf", ()), *node.get("oneOf", ()), *node.get("allOf", ())):
            yield from walk(part, path, seen)
        if isinstance(node.get("items"), dict):
            yield from walk(node["items"], f"{path}[]", seen)
        if isinstance(node.get("additionalProperties"), dict):
            documented.add(f"{path}.*")
            yield from walk(node["additionalProperties"], f"{path}.*", seen)
        for name, value in node.get("properties", {}).items():
            documented.add(f"{path}.{name}")
            if name in node.get("required", ()):
                required.add(f"{path}.{name}")
            yield from walk(value, f"{path}.{name}", seen)

    list(walk(schema, "", ()))
    return Keys(frozenset(documented), frozenset(required))


def list_model_keys(model: Any) -> Keys:
    """Return the keys of a model of the contract."""
    schema = TypeAdapter(model).json_schema()
    return list_schema_keys(schema, schema.get("$defs", {}))


def find_undocumented(sent: list[str], keys: Keys) -> list[str]:
    """Return the keys that were sent and are not documented; `*` in the documentation covers any name."""
    wildcards = {path.removesuffix(".*") for path in keys.documented if path.endswith(".*")}

    def is_documented(path: str) -> bool:
        if path in keys.documented:
            return True
        parent = path.rpartition(".")[0]
        return parent in wildcards

    return [path for path in sent if not is_documented(path)]


def find_missing(sent: list[str], keys: Keys) -> list[str]:
    """Return the required keys that were not sent although the object that should hold them was."""
    objects = {path.rpartition(".")[0] for path in sent}
    return sorted(path for path in keys.required if path.rpartition(".")[0] in objects and path not in sent)
