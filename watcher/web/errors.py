"""Faults as answers: problem+json (RFC 9457) for programs, a page for people."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.routing import Match, Mount
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from watcher.errors import (
    BusyError,
    ConfigError,
    NotFoundError,
    QueryError,
    StorageError,
    StoreError,
    TooLongError,
    UsageError,
    WatcherError,
)
from watcher.text.redact import redact_text

log = structlog.get_logger()


class ProblemResponse(JSONResponse):
    media_type = "application/problem+json"


def problem(status: int, detail: str, instance: str = "", **more: Any) -> ProblemResponse:
    """Say a fault as RFC 9457 does."""
    said = {"type": "about:blank", "title": HTTPStatus(status).phrase, "status": status, "detail": detail}
    said |= {"instance": instance} if instance else {}
    return ProblemResponse(said | more, status)


def wants_problem(path: str, accept: str) -> bool:
    """Tell whether the one who asks is a program."""
    return path.startswith(("/api/", "/metrics", "/events")) or path.endswith((".atom", ".json")) or (
        "json" in accept and "text/html" not in accept
    )  # fmt: skip


def status_of(error: WatcherError) -> int:
    """Give the HTTP status that a fault of ours stands for."""
    match error:
        case NotFoundError():
            return 404
        case QueryError() | UsageError():
            return 400
        case ConfigError():
            return 409
        case TooLongError():
            return 413
        case StoreError() | BusyError():
            return 503
        case _:
            return 502


def install(web: FastAPI) -> None:
    """Let every fault leave the application as a problem or a page."""

    @web.exception_handler(WatcherError)
    async def ours(request: Request, error: WatcherError) -> Response:
        if isinstance(error, StorageError):
            # The log says it once, and where; the visitor is told what, and not where.
            request.app.state.site.storage.fail("page", error)
            return _answer(request, status_of(error), f"{error.fault}: try again in a minute", {"Retry-After": "60"})
        return _answer_error(request, error)

    @web.exception_handler(RequestValidationError)
    async def invalid(request: Request, error: RequestValidationError) -> Response:
        faults = [
            {"at": ".".join(str(part) for part in each["loc"]), "message": each["msg"]} for each in error.errors()
        ]
        said = "; ".join(f"{fault['at']}: {fault['message']}" for fault in faults)
        return _answer(request, 422, said[:1000], errors=faults[:50])

    @web.exception_handler(HTTPException)
    async def plain(request: Request, error: HTTPException) -> Response:
        said = str(error.detail) if error.detail != HTTPStatus(error.status_code).phrase else ""
        if error.status_code == 404:
            said = said or "there is nothing at this address"
        headers = dict(error.headers or {})
        if error.status_code == 405:
            headers["Allow"] = ", ".join(_allowed(request))
        return _answer(request, error.status_code, said or HTTPStatus(error.status_code).phrase, headers=headers)


def _allowed(request: Request) -> list[str]:
    """Name every method that this address answers to: several routes may share it."""
    routes = [route for route in request.app.router.routes if not isinstance(route, Mount)]
    allowed: set[str] = set()
    for method in ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"):
        asked = {**request.scope, "method": method}
        if any(route.matches(asked)[0] is Match.FULL for route in routes):
            allowed.add(method)
    if "GET" in allowed:
        allowed.add("HEAD")
    return sorted(allowed)


class Bulkhead:
    """The one place where what nobody foresaw becomes an answer and a line in the log."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        begun = False

        async def sending(message: Message) -> None:
            nonlocal begun
            begun = begun or message["type"] == "http.response.start"
            await send(message)

        try:
            await self._app(scope, receive, sending)
        except ClientDisconnect:
            return  # nobody waits for an answer
        except BusyError as error:
            if begun:
                raise
            await _answer_error(Request(scope), error)(scope, receive, send)
        except Exception:
            log.exception("request failed", path=scope["path"])
            if begun:
                raise
            await _answer(Request(scope), 500, "something went wrong here; the log says more")(scope, receive, send)


def _answer_error(request: Request, error: WatcherError) -> Response:
    status = status_of(error)
    if status >= 500 and not isinstance(error, BusyError):
        log.error("request failed", path=request.url.path, error=str(error))
    more: dict[str, Any] = {}
    if isinstance(error, QueryError):
        more = {"line": error.line, "column": error.column, "suggestion": error.suggestion or None}
    said = error.message if isinstance(error, QueryError) else str(error)
    headers = {"Retry-After": str(error.retry_after)} if isinstance(error, BusyError) else None
    return _answer(request, status, said, headers, **more)


def _answer(
    request: Request, status: int, said: str, headers: Mapping[str, str] | None = None, **more: Any
) -> Response:
    response: Response
    said = redact_text(said)
    if wants_problem(request.url.path, request.headers.get("accept", "")):
        response = problem(status, said, request.url.path, **more)
    else:
        response = request.app.state.site.page(
            request, "error.html", status, title=HTTPStatus(status).phrase, said=said, status=status
        )
    response.headers.update(headers or {})
    return response
