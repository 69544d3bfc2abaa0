"""Errors as responses: problem+json (RFC 9457) for programs, a page for people."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from pathlib import Path

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.routing import Match, Mount
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from typing_extensions import TypedDict

from watcher.contract.problems import InvalidValue, Problem
from watcher.errors import (
    BusyError,
    ConfigError,
    ConflictError,
    EncoderUnavailable,
    NotFoundError,
    QueryError,
    RefusedEditError,
    StorageError,
    StoreError,
    TooLongError,
    UsageError,
    WatcherError,
)
from watcher.text.redact import redact_text

log = structlog.get_logger()


class ProblemResponse(JSONResponse):
    """A response with a problem document."""

    media_type = "application/problem+json"


class ErrorDetails(TypedDict, total=False):
    """What a problem document adds to its message: a place in the query, or the invalid values of the request."""

    line: int | None
    column: int | None
    suggestion: str | None
    errors: list[InvalidValue]
    current: str
    proposed: str


NO_DETAILS: ErrorDetails = {}


def make_problem(status: int, detail: str, instance: str = "", details: ErrorDetails = NO_DETAILS) -> ProblemResponse:
    """Return a problem document (RFC 9457)."""
    problem: Problem = {
        "type": "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": detail,
    }
    if instance:
        problem["instance"] = instance
    return ProblemResponse({**problem, **details}, status)


def wants_problem(path: str, accept: str) -> bool:
    """Return whether the client is a program, by the path and its Accept header."""
    # A page for people stands below the address of what it describes.
    is_programs = path != "/api/docs" and path.startswith(("/api/", "/mcp", "/metrics", "/events"))
    return is_programs or path.endswith((".atom", ".json")) or ("json" in accept and "text/html" not in accept)


def get_http_status(error: WatcherError) -> int:
    """Return the HTTP status of an error."""
    match error:
        case NotFoundError():
            return 404
        case QueryError() | UsageError():
            return 400
        case RefusedEditError():
            return 422
        case ConfigError():
            return 409
        case ConflictError():
            return 412
        case TooLongError():
            return 413
        case StoreError() | BusyError() | EncoderUnavailable():
            return 503
        case _:
            return 502


def install_error_handlers(web: FastAPI) -> None:
    """Answer every error with a problem document or an error page."""

    @web.exception_handler(WatcherError)
    async def handle_watcher_error(request: Request, error: WatcherError) -> Response:
        """Respond to an error of the watcher."""
        if isinstance(error, StorageError):
            # The log names the path, once; a visitor gets the reason alone.
            request.app.state.context.storage.fail("page", error)
            message = f"{error.fault}: try again in a minute"
            return _respond(request, get_http_status(error), message, {"Retry-After": "60"})
        return _respond_to_error(request, error)

    @web.exception_handler(RequestValidationError)
    async def handle_invalid_request(request: Request, error: RequestValidationError) -> Response:
        """Respond with every invalid value of a request."""
        invalid: list[InvalidValue] = [
            {"at": ".".join(str(part) for part in fault["loc"]), "message": fault["msg"]} for fault in error.errors()
        ]
        message = "; ".join(f"{value['at']}: {value['message']}" for value in invalid)
        return _respond(request, 422, message[:1000], details={"errors": invalid[:50]})

    @web.exception_handler(HTTPException)
    async def handle_http_exception(request: Request, error: HTTPException) -> Response:
        """Respond to an HTTP error; 405 names the allowed methods."""
        message = str(error.detail) if error.detail != HTTPStatus(error.status_code).phrase else ""
        if error.status_code == 404:
            message = message or "There is nothing at this address."
        headers = dict(error.headers or {})
        if error.status_code == 405:
            headers["Allow"] = ", ".join(_list_allowed_methods(request))
        return _respond(request, error.status_code, message or HTTPStatus(error.status_code).phrase, headers)


def _list_allowed_methods(request: Request) -> list[str]:
    """Return every method of this address: several routes may share it."""
    routes = [route for route in request.app.router.routes if not isinstance(route, Mount)]
    allowed: set[str] = set()
    for method in ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"):
        scope = {**request.scope, "method": method}
        if any(route.matches(scope)[0] is Match.FULL for route in routes):
            allowed.add(method)
    if "GET" in allowed:
        allowed.add("HEAD")
    return sorted(allowed)


class Bulkhead:
    """Middleware that turns an unexpected exception into a response and a line in the log."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        started = False

        async def send_noted(message: Message) -> None:
            """Send a message, and note that the response has started."""
            nonlocal started
            started = started or message["type"] == "http.response.start"
            await send(message)

        try:
            await self._app(scope, receive, send_noted)
        except ClientDisconnect:
            return  # there is nobody to respond to
        except BusyError as error:
            if started:
                raise
            await _respond_to_error(Request(scope), error)(scope, receive, send)
        except Exception:
            log.exception("request failed", path=scope["path"])
            if started:
                raise
            message = "This request failed because of an error in the watcher. Its log has the details."
            await _respond(Request(scope), 500, message)(scope, receive, send)


def _respond_to_error(request: Request, error: WatcherError) -> Response:
    status = get_http_status(error)
    if status >= 500 and not isinstance(error, BusyError):
        log.error("request failed", path=request.url.path, error=str(error))
    headers = {"Retry-After": str(error.retry_after)} if isinstance(error, BusyError) else None
    if isinstance(error, QueryError):
        details: ErrorDetails = {
            "line": error.line,
            "column": error.column,
            "suggestion": error.suggestion or None,
        }
        return _respond(request, status, error.message, headers, details)
    if isinstance(error, RefusedEditError):
        errors: list[InvalidValue] = [
            {"at": f"{Path(fault.file).name}:{fault.line}:{fault.column}", "message": fault.message}
            for fault in error.faults
        ]
        message = "; ".join(fault.message for fault in error.faults)
        return _respond(request, status, f"Not saved: {message}"[:1000], headers, {"errors": errors[:50]})
    if isinstance(error, ConflictError):
        return _respond(request, status, str(error), headers, {"current": error.current, "proposed": error.proposed})
    return _respond(request, status, str(error), headers)


def _respond(
    request: Request,
    status: int,
    message: str,
    headers: Mapping[str, str] | None = None,
    details: ErrorDetails = NO_DETAILS,
) -> Response:
    response: Response
    message = redact_text(message)
    if wants_problem(request.url.path, request.headers.get("accept", "")):
        response = make_problem(status, message, request.url.path, details)
    else:
        response = request.app.state.context.render_page(
            request, "error.html", status, title=HTTPStatus(status).phrase, message=message, status=status
        )
    response.headers.update(headers or {})
    return response
