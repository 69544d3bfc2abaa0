"""Forms, accepted only with the token that this visitor's session was given (CSRF)."""

from __future__ import annotations

import re
from typing import Annotated
from urllib.parse import unquote

from fastapi import Depends, HTTPException, Request
from fastapi.responses import RedirectResponse
from starlette.datastructures import FormData
from starlette.formparsers import MultiPartException, MultiPartParser

from watcher.web.auth.bodies import MAX_BODY
from watcher.web.context import get_context, get_session
from watcher.web.validation import validate_text

MAX_FILES, MAX_FIELDS = 4, 200


class _InMemory(MultiPartParser):
    """Keeps uploads in memory: `auth.bodies` bounds them, and visitors must not fill the temporary folder."""

    spool_max_size = MAX_BODY + 1


class Form:
    """The fields of a form whose token was valid."""

    def __init__(self, data: FormData) -> None:
        self._data = data

    def get(self, name: str) -> str:
        """Return a field's text, empty where it is missing."""
        value = self._data.get(name)
        return value if isinstance(value, str) else ""

    def get_all(self, name: str) -> list[str]:
        """Return every value of a field."""
        return [value for value in self._data.getlist(name) if isinstance(value, str)]

    async def read_file(self, name: str) -> bytes:
        """Return an uploaded file's bytes, or what was typed in its place."""
        value = self._data.get(name)
        if value is None:
            return b""
        return value.encode() if isinstance(value, str) else await value.read()


async def read_form(request: Request) -> Form:
    """Return the request's form; raises HTTPException where it is too large, malformed, or has no valid token."""
    data = await _parse(request)
    for value in data.values():
        if isinstance(value, str):
            try:
                validate_text(value)
            except ValueError as error:
                raise HTTPException(400, f"a field {error}") from error
    token = data.get("csrf") or request.headers.get("x-csrf-token") or ""
    gate = get_context(request).gate
    if not isinstance(token, str) or not gate.sessions.is_form_token(get_session(request), token):
        raise HTTPException(403, "This form has expired. Go back, reload the page and send it again.")
    return Form(data)


async def _parse(request: Request) -> FormData:
    if not request.headers.get("content-type", "").lower().startswith("multipart/form-data"):
        return await request.form(max_fields=MAX_FIELDS, max_part_size=MAX_BODY)
    parser = _InMemory(
        request.headers, request.stream(), max_files=MAX_FILES, max_fields=MAX_FIELDS, max_part_size=MAX_BODY
    )
    try:
        return await parser.parse()
    except MultiPartException as error:
        raise HTTPException(400, error.message) from error


SubmittedForm = Annotated[Form, Depends(read_form)]


def redirect_back(path: str, fallback: str) -> RedirectResponse:
    """Return a redirect to a path of this server; to `fallback` where the path leads elsewhere.

    Steps upwards lead out of the path below which a proxy serves this page, to its neighbours on that host.
    """
    is_own = path.startswith("/") and not path.startswith(("//", "/\\")) and path.isprintable()
    steps = re.split(r"[/\\]", unquote(path.partition("?")[0]))
    is_own = is_own and ".." not in steps and "." not in steps
    return RedirectResponse(path if is_own else fallback, 303)
