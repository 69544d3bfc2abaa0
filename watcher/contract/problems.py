"""Problem documents (RFC 9457) and the answers of the page's query check."""

from __future__ import annotations

from typing import NotRequired

from typing_extensions import TypedDict


class InvalidValue(TypedDict):
    """A parameter or field of the body that is invalid, and why."""

    at: str
    message: str


class Problem(TypedDict):
    """An error (RFC 9457). `line` and `column` point into a query; `errors` lists the invalid values of the request.

    After a conflict, `current` is what is configured now and `proposed` what was sent.
    """

    type: str
    title: str
    status: int
    detail: str
    instance: NotRequired[str]
    line: NotRequired[int | None]
    column: NotRequired[int | None]
    suggestion: NotRequired[str | None]
    errors: NotRequired[list[InvalidValue]]
    current: NotRequired[str]
    proposed: NotRequired[str]


class QueryCheck(TypedDict):
    """Whether a query can be parsed, how it reads, or where its error is."""

    ok: bool
    said: str
    line: NotRequired[int]
    column: NotRequired[int]
