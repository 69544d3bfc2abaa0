"""The pages of the HTTP API and of the JSON documents, from the OpenAPI document and from watcher.contract."""

from __future__ import annotations

import inspect
import json
import tempfile
from collections.abc import Iterator, Mapping
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules
from typing import Any, ForwardRef, get_args, get_origin

from typing_extensions import is_typeddict

from tools.manual.markup import code, escape, page, table


def build_openapi() -> dict[str, Any]:
    """Return the OpenAPI document that a server with a fresh database serves."""
    from watcher import clock
    from watcher.app.bootstrap import open_app
    from watcher.web.application import create_app

    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        for name in ("watcher.yaml", "feeds.yaml", "topics.yaml"):
            (folder / name).write_text("{}\n", encoding="utf-8")
        environ = {"WATCHER_STATE": str(folder / "var"), "WATCHER_DATABASE_URL": f"sqlite:///{folder}/watcher.db"}
        app = open_app(folder, environ)
        try:
            return create_app(app, clock=clock.now).openapi()
        finally:
            app.close()


def write_api(document: Mapping[str, Any]) -> str:
    """Return the page of the API: every request with its parameters, its body and what it answers."""
    introduction = (
        "Every request of the API, from its OpenAPI document ([openapi.json](openapi.json)), which a server has at "
        "`/api/openapi.json`. How to log in, page through lists and [read errors](../api.md#errors) is in "
        "[API](../api.md)."
    )
    sections = [
        _write_request(method, path, operation)
        for path, item in document["paths"].items()
        for method, operation in item.items()
        if method in ("get", "post", "put", "patch", "delete")
    ]
    bodies = [_write_schema(name, schema) for name, schema in document["components"]["schemas"].items()]
    return page("HTTP API", introduction, *sections, "## Schemas\n", *bodies)


def _write_request(method: str, path: str, operation: Mapping[str, Any]) -> str:
    parts = [
        f"## {method.upper()} {escape(path)}\n",
        escape(operation.get("description") or operation["summary"]) + "\n",
    ]
    rows = [
        (
            code(parameter["name"]),
            parameter["in"],
            _describe_schema(parameter["schema"]) + (", required" if parameter.get("required") else ""),
            escape(parameter.get("description") or parameter["schema"].get("description") or ""),
        )
        for parameter in operation.get("parameters", ())
    ]
    parts.append(table(("parameter", "in", "type", "meaning"), rows))
    if body := operation.get("requestBody"):
        kinds = ", ".join(_describe_schema(content.get("schema", {})) for content in body["content"].values())
        parts.append(f"Body: {kinds}\n")
    answers = []
    for status, answer in operation["responses"].items():
        if int(status) >= 400:  # the same for every request: docs/api.md, "Errors"
            continue
        kinds = ", ".join(
            f"{code(media)} {_describe_schema(content.get('schema', {}))}".strip()
            for media, content in answer.get("content", {}).items()
        )
        answers.append((status, escape(answer.get("description", "").replace("Successful Response", "done")), kinds))
    parts.append(table(("status", "answer", "content"), answers))
    return "\n".join(part for part in parts if part)


def _describe_schema(schema: Mapping[str, Any]) -> str:
    if "$ref" in schema:
        name = str(schema["$ref"]).rpartition("/")[2]
        return f"[{escape(name)}](#schema-{name.lower()})"
    for joined in ("anyOf", "oneOf", "allOf"):
        if joined in schema:
            return " or ".join(dict.fromkeys(_describe_schema(part) for part in schema[joined]))
    if "enum" in schema:
        return "one of " + ", ".join(code(str(value)) for value in schema["enum"])
    if schema.get("type") == "array":
        return "list of " + (_describe_schema(schema.get("items", {})) or "anything")
    return str(schema.get("type", ""))


def _write_schema(name: str, schema: Mapping[str, Any]) -> str:
    required = set(schema.get("required", ()))
    rows = [
        (code(key), _describe_schema(value), "yes" if key in required else "", escape(value.get("description", "")))
        for key, value in schema.get("properties", {}).items()
    ]
    described = escape(schema.get("description", "")) + "\n" if schema.get("description") else ""
    listed = table(("key", "type", "always there", "meaning"), rows) or _describe_schema(schema) + "\n"
    return "\n".join(part for part in (f"### Schema {escape(name)}\n", described, listed) if part)


def list_documents() -> Iterator[tuple[str, str, list[type]]]:
    """Yield the modules of watcher.contract: name, what they hold, and their documents in the order of the source."""
    package = import_module("watcher.contract")
    for info in iter_modules(package.__path__):
        module = import_module(f"watcher.contract.{info.name}")
        documents = [
            value
            for value in vars(module).values()
            if isinstance(value, type) and is_typeddict(value) and value.__module__ == module.__name__
        ]
        if documents:
            yield info.name, (inspect.getdoc(module) or "").partition("\n\n")[0], documents


def write_documents() -> str:
    """Return the page of the JSON documents that commands, API, webhooks and files share."""
    sections = []
    for name, description, documents in list_documents():
        sections += [f"## {name.replace('_', ' ').capitalize()}\n", escape(description) + "\n"]
        for document in documents:
            hints = document.__annotations__
            rows = [(code(key), _describe_hint(hint)) for key, hint in hints.items()]
            bases = [base.__name__ for base in getattr(document, "__orig_bases__", ()) if is_typeddict(base)]
            note = "".join(f"With all keys of [{base}](#{base.lower()}).\n" for base in bases)
            paragraphs = [escape(text) + "\n" for text in (inspect.getdoc(document) or "").split("\n\n")]
            sections += [f"### {document.__name__}\n", *paragraphs, note, table(("key", "type"), rows)]
    introduction = (
        "What is printed with `--json` is what the API answers, what a webhook gets and what a file channel writes. "
        "These are the documents; keys are added, and never renamed or removed. A type with `None` may be null."
    )
    return page("JSON documents", introduction, *(section for section in sections if section))


def _describe_hint(hint: object) -> str:
    """Return a type as it is written in the source."""
    if isinstance(hint, ForwardRef):
        return code(hint.__forward_arg__)
    if get_origin(hint) is not None and get_args(hint):
        return code(str(hint).replace("typing.", "").replace("typing_extensions.", "").replace("watcher.contract.", ""))
    return code(hint.__name__ if isinstance(hint, type) else str(hint))


def write_openapi(document: Mapping[str, Any]) -> str:
    """Return the OpenAPI document as a file."""
    return json.dumps(document, indent=1, ensure_ascii=False) + "\n"
