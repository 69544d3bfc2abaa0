"""The problem documents of the API, as OpenAPI describes them."""

from __future__ import annotations

from typing import Any

from pydantic import TypeAdapter

from watcher.contract.problems import Problem

Responses = dict[int | str, dict[str, Any]]
_SCHEMA = TypeAdapter(Problem).json_schema()
# No route returns this model, so that the document has no component of it to refer to.
_SCHEMA["properties"]["errors"]["items"] = _SCHEMA.pop("$defs")["InvalidValue"]


_CONFLICT_SCHEMA = _SCHEMA | {"required": [*_SCHEMA["required"], "current", "proposed"]}


def _describe(description: str, schema: dict[str, Any] = _SCHEMA) -> dict[str, Any]:
    return {"description": description, "content": {"application/problem+json": {"schema": schema}}}


PROBLEMS: Responses = {
    400: _describe("The request cannot be understood: an invalid time, or a query with an error"),
    401: _describe("A login or token is needed"),
    403: _describe("The person has not the role that this needs, or the request comes from another site's page"),
    404: _describe("There is nothing with this name or number"),
    422: _describe("A parameter or the body is invalid"),
    503: _describe("The database cannot be reached, or the inflections of a query are still being loaded"),
}
REPEATABLE: Responses = {
    409: _describe("The first request with this Idempotency-Key is still being answered"),
    422: _describe("A parameter or the body is invalid, or this Idempotency-Key was used with another body"),
}
"""What a request that may be sent again is answered with besides PROBLEMS."""
NOTE_EDITS: Responses = {
    412: _describe("It was changed meanwhile: `current` and `proposed` show both texts", _CONFLICT_SCHEMA),
}
"""What an edit of a note is answered with besides PROBLEMS."""
CHANGES: Responses = {
    409: _describe("The configuration files have errors or cannot be written, or the request is being answered"),
    412: _describe("A file was changed meanwhile: `current` and `proposed` show both texts", _CONFLICT_SCHEMA),
    422: _describe("A parameter or the body is invalid, or the configuration could not be used with this change"),
}
"""What a change of the configuration is answered with besides PROBLEMS."""
EDITS: Responses = {
    **CHANGES,
    412: _describe("What was to be edited was changed meanwhile: `current` and `proposed` show both", _CONFLICT_SCHEMA),
    428: _describe("The header If-Match is missing"),
}
"""What an edit of something in the configuration, as a client has read it, is answered with besides PROBLEMS."""
UNUSABLE: Responses = {409: _describe("A secret of the configuration cannot be read")}
"""What a test of a channel is answered with besides PROBLEMS."""
TOO_OFTEN: Responses = {429: _describe("Too many wrong tries; `Retry-After` says when to go on")}
TOO_LONG: Responses = {413: _describe("The query takes too long on this text")}
