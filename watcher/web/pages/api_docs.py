"""The API for people: every endpoint with its parameters, an example of a request, and what answers it."""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from fastapi import APIRouter, FastAPI, Request, Response

from watcher.web.api_examples import PARAMETERS
from watcher.web.context import Ctx

router = APIRouter(include_in_schema=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameter:
    """A parameter of an endpoint; `place` is path, query or header, `rule` what its value has to be."""

    name: str
    place: str
    rule: str
    description: str
    required: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """An endpoint as the page shows it; `request` is a line for a shell, `answer` JSON, both with an example."""

    anchor: str
    method: str
    path: str
    summary: str
    parameters: tuple[Parameter, ...]
    request: str
    status: str
    answer: str
    faults: tuple[tuple[str, str], ...]


@router.get("/api/docs")
def show_api_docs(request: Request, ctx: Ctx) -> Response:
    """Show the API with examples, made from its own document."""
    web: FastAPI = request.app
    document = ctx.get_cached("api docs", web.openapi)
    base = ctx.gate.base_url or f"{request.url.scheme}://{request.url.netloc}{ctx.gate.prefix}"
    groups: dict[str, list[Endpoint]] = {}
    for subject, endpoint in list_endpoints(document, base, needs_token=ctx.gate.login_needed):
        groups.setdefault(subject, []).append(endpoint)
    return ctx.render_page(request, "api_docs.html", groups=groups, base=base, needs_token=ctx.gate.login_needed)


def list_endpoints(
    document: Mapping[str, Any], base: str, *, needs_token: bool = False
) -> Iterator[tuple[str, Endpoint]]:
    """Yield the endpoints of an OpenAPI document with their subject, in its order."""
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            subject = (operation.get("tags") or ["other"])[0]
            yield subject, _make_endpoint(method.upper(), path, operation, base, needs_token=needs_token)


def _make_endpoint(method: str, path: str, operation: Mapping[str, Any], base: str, *, needs_token: bool) -> Endpoint:
    parameters = tuple(_make_parameter(parameter) for parameter in operation.get("parameters", ()))
    status, answer = next(
        (status, answer) for status, answer in operation["responses"].items() if status.startswith("2")
    )
    content = answer.get("content", {})
    example = content.get("application/json", {}).get("example")
    if example is not None:
        shown = json.dumps(example, indent=2, ensure_ascii=False)
    else:
        shown = f"A file ({next(iter(content))})" if content else "No content"
    return Endpoint(
        anchor=operation["operationId"],
        method=method,
        path=path,
        summary=operation.get("description") or operation.get("summary", ""),
        parameters=parameters,
        request=format_request(method, path, operation, base, needs_token=needs_token),
        status=status,
        answer=shown,
        faults=tuple((code, fault["description"]) for code, fault in operation["responses"].items() if code >= "400"),
    )


def format_request(
    method: str, path: str, operation: Mapping[str, Any], base: str, *, needs_token: bool = False
) -> str:
    """Return a request with its example as lines for a shell."""
    values: dict[str, Any] = {}
    query: dict[str, Any] = {}
    headers: dict[str, str] = {}
    for parameter in operation.get("parameters", ()):
        name, place = parameter["name"], parameter["in"]
        if place == "path":
            values[name] = PARAMETERS.get(name, 42)
        elif place == "header":
            headers[name.title()] = "*" if name.lower() == "if-match" else "7f1c-2026-11-27"
        elif parameter.get("required") or (method == "GET" and name in ("topic", "since")):
            query[name] = PARAMETERS.get(name, 42)
    body = operation.get("requestBody", {}).get("content", {}).get("application/json", {}).get("example")
    if needs_token:
        headers["Authorization"] = "Bearer $WATCHER_TOKEN"
    address = f"{base}{path.format(**values)}" + (f"?{urlencode(query, doseq=True)}" if query else "")
    parts = ["curl" if method == "GET" else f"curl -X {method}", shlex.quote(address)]
    # A token is taken from the environment of the shell, so that it stands in double quotes.
    parts += [f'-H "{name}: {value}"' if "$" in value else f"-H {shlex.quote(f'{name}: {value}')}"
              for name, value in headers.items()]  # fmt: skip
    if body is not None:
        written = shlex.quote(json.dumps(body, indent=2, ensure_ascii=False))
        parts += ["-H 'Content-Type: application/json'", f"-d {written}"]
    return " \\\n  ".join([" ".join(parts[:2]), *parts[2:]])


def _make_parameter(parameter: Mapping[str, Any]) -> Parameter:
    return Parameter(
        name=parameter["name"],
        place=parameter["in"],
        rule=describe_rule(parameter.get("schema", {})),
        description=parameter.get("description", ""),
        required=bool(parameter.get("required")),
    )


def describe_rule(schema: Mapping[str, Any]) -> str:
    """Return what a value has to be, in a few words."""
    # One kind of schema after another; what is not required may be null.
    if "anyOf" in schema:
        return describe_rule(next((option for option in schema["anyOf"] if option.get("type") != "null"), {}))
    if "enum" in schema:
        return "one of " + ", ".join(map(str, schema["enum"]))
    if schema.get("type") == "array":
        return f"{describe_rule(schema.get('items', {}))}; may be repeated"
    bounds = [
        f"{word} {schema[key]}" for key, word in (("minimum", "at least"), ("maximum", "at most")) if key in schema
    ]
    if schema.get("type") in ("integer", "number"):
        return " ".join([str(schema["type"]), " and ".join(bounds)]).strip()
    if schema.get("type") == "boolean":
        return "true or false"
    return f"text of at most {schema['maxLength']:,} characters" if "maxLength" in schema else "text"
