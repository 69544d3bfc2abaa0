"""What the outside can rely on, as this state of the code declares it: commands, keys, columns, events, the API.

`python -m tests.contract.observed` prints it as JSON; `frozen.json` is what it printed when the code's redesign began.
"""

from __future__ import annotations

import ast
import json
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import anyio
from mcp.server.mcpserver import MCPServer
from pydantic import BaseModel
from typer.core import TyperGroup
from typer.main import get_command

from tests.contract.schema_keys import list_schema_keys
from watcher.cli.main import app
from watcher.settings import schema
from watcher.store.tables import metadata

SOURCE = Path(__file__).parents[2] / "watcher"
_LEVELS = {"debug", "info", "warning", "error", "exception", "critical"}


def list_commands() -> dict[str, list[str]]:
    """Return each command with its options and arguments, all names of an option on one line."""
    commands: dict[str, list[str]] = {}

    def add(path: str, command: Any) -> None:
        commands[path] = sorted(
            "/".join([*parameter.opts, *parameter.secondary_opts])
            if parameter.param_type_name == "option"
            else str(parameter.name).upper()
            for parameter in command.params
        )
        if isinstance(command, TyperGroup):
            context = command.make_context(path, [], resilient_parsing=True)
            for name in command.list_commands(context):
                add(f"{path} {name}", command.get_command(context, name))

    add("watcher", get_command(app))
    return commands


def list_settings() -> list[str]:
    """Return the keys of all configuration files, with the model that reads them."""

    def names_of(model: type[BaseModel]) -> Iterator[str]:
        for name, field in model.model_fields.items():
            yield field.alias or name

    models = [value for value in vars(schema).values() if isinstance(value, type) and issubclass(value, BaseModel)]
    return sorted({name for model in models for name in names_of(model)})


def list_columns() -> dict[str, list[str]]:
    """Return the columns of each table."""
    return {name: sorted(column.name for column in table.columns) for name, table in sorted(metadata.tables.items())}


def list_log_events() -> list[str]:
    """Return the names of the events that the code logs, read from its source."""
    events: set[str] = set()
    for path in SOURCE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)):
                continue
            is_log = isinstance(node.func.value, ast.Name) and node.func.value.id in {"log", "logger"}
            if is_log and node.func.attr in _LEVELS and node.args and isinstance(node.args[0], ast.Constant):
                events.add(str(node.args[0].value))
    return sorted(events)


def list_document_keys(document: Mapping[str, Any]) -> dict[str, list[str]]:
    """Return the keys that an OpenAPI document names for each route's answer and body, and the route's parameters."""
    schemas = document["components"]["schemas"]

    def keys_of(node: Any, path: str, seen: tuple[str, ...]) -> Iterator[str]:
        if reference := node.get("$ref"):
            name = reference.rsplit("/", 1)[1]
            if name not in seen:
                yield from keys_of(schemas[name], path, (*seen, name))
        for part in [*node.get("anyOf", ()), *node.get("oneOf", ()), *node.get("allOf", ())]:
            yield from keys_of(part, path, seen)
        if isinstance(node.get("items"), dict):
            yield from keys_of(node["items"], f"{path}[]", seen)
        if isinstance(node.get("additionalProperties"), dict):
            yield from keys_of(node["additionalProperties"], f"{path}.*", seen)
        for name, value in node.get("properties", {}).items():
            yield f"{path}.{name}"
            yield from keys_of(value, f"{path}.{name}", seen)

    routes: dict[str, list[str]] = {}
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            lines = {f"{element['in']} {element['name']}" for element in operation.get("parameters", ())}
            for content in operation.get("requestBody", {}).get("content", {}).values():
                lines |= {f"body {key}" for key in keys_of(content["schema"], "", ())}
            for content in operation["responses"].get("200", {}).get("content", {}).values():
                lines |= {f"answer {key}" for key in keys_of(content.get("schema", {}), "", ())}
            routes[f"{method.upper()} {path}"] = sorted(lines)
    return routes


def list_keys(value: Any, names: frozenset[str] = frozenset(), path: str = "") -> set[str]:
    """Return the paths of all keys in a JSON value; a key of `names` (an id, a state) is written `*`."""
    keys: set[str] = set()
    if isinstance(value, dict):
        for name, inner in value.items():
            key_path = f"{path}.{'*' if name in names else name}"
            keys |= {key_path} | list_keys(inner, names, key_path)
    elif isinstance(value, list):
        for inner in value:
            keys |= list_keys(inner, names, f"{path}[]")
    return keys


def list_tools(server: MCPServer[Any]) -> dict[str, list[str]]:
    """Return what each tool for assistants takes, and the keys of its answer."""
    tools: dict[str, list[str]] = {}
    for tool in anyio.run(server.list_tools):
        schema = tool.output_schema or {}
        answer = list_schema_keys(schema, schema.get("$defs", {})).documented
        takes = tool.input_schema.get("properties", {})
        tools[tool.name] = sorted([*(f"argument {name}" for name in takes), *(f"answer {key}" for key in answer)])
    return tools


def read_code() -> dict[str, Any]:
    """Return what can be read from the code without running it on news."""
    return {
        "commands": list_commands(),
        "settings": list_settings(),
        "columns": list_columns(),
        "log events": list_log_events(),
    }


if __name__ == "__main__":
    json.dump(read_code(), sys.stdout, indent=1)
