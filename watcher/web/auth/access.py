"""Access control before every route: the Host header, the origin of a request, and its login."""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass
from datetime import datetime, timedelta
from http.cookies import CookieError, SimpleCookie
from typing import NoReturn
from urllib.parse import quote

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from watcher.app.people.logins import RefusedLoginError
from watcher.errors import BusyError, StoreError
from watcher.model.person import DESK, NOBODY, Person
from watcher.web.auth.allowed_hosts import is_same_origin
from watcher.web.auth.control import AccessControl
from watcher.web.auth.person import PERSON, acting_person
from watcher.web.auth.sessions import COOKIE, Session
from watcher.web.auth.sources import get_source
from watcher.web.auth.trusted_header import VOUCHED
from watcher.web.errors import make_problem, wants_problem

PUBLIC_PATHS = ("/healthz", "/readyz", "/login", "/help", "/static/", "/label/", "/unsubscribe/", "/websub/")
"""Served without a login: health and the manual reveal nothing, and a signed address is its own proof."""
CROSS_ORIGIN_PATHS = ("/unsubscribe/", "/websub/")
"""Called by mail services and hubs: there is no visitor's browser to be misused."""
COOKIELESS_PATHS = ("/api/", "/mcp", "/static/", "/healthz", "/readyz", "/metrics", "/events")
_SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})


@dataclass(frozen=True, slots=True)
class _RefusalError(Exception):
    response: Response


class AccessMiddleware:
    """Middleware that passes a request to the routes, or refuses it."""

    def __init__(self, app: ASGIApp, gate: AccessControl) -> None:
        self._app = app
        self._gate = gate

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        now = self._gate.clock()
        session = await self._gate.get_session(_get_cookie(headers), get_visitor_source(scope), now)
        scope["watcher.session"] = session
        try:
            person = await self._find_person(scope, headers, session, now)
        except _RefusalError as refusal:
            await refusal.response(scope, receive, send)
            return
        scope[PERSON] = person
        acting_person.set(person)

        async def send_with_cookie(message: Message) -> None:
            """Send a message; the first response of a new session sets its cookie."""
            if message["type"] == "http.response.start" and session.is_new and _gets_cookie(scope["path"]):
                response_headers = MutableHeaders(scope=message)
                if "set-cookie" not in response_headers:
                    response_headers.append("set-cookie", self._gate.format_cookie(session))
            await send(message)

        await self._app(scope, receive, send_with_cookie)

    async def _find_person(self, scope: Scope, headers: Headers, session: Session, now: datetime) -> Person:
        """Return who makes a request. Raises _RefusalError where it is not served."""
        gate, path, host = self._gate, scope["path"], headers.get("host", "")
        if not gate.is_own_host(host):
            message = f"This server does not answer to the name {host[:100]!r}. Add it to web.hosts in watcher.yaml."
            raise _RefusalError(_refuse(scope, headers, 421, message))
        is_public = path.startswith(PUBLIC_PATHS)
        try:
            login_needed = gate.login_needed if is_public else await gate.is_login_needed()
            # A token or password in the header proves that no browser was misused (CSRF); cookies do not.
            person = await self._check_authorization(scope, headers, now) if login_needed else None
            visitor = await self._find_visitor(scope, headers, session)
        except StoreError as error:
            raise _RefusalError(_refuse_for_now(scope, headers, "The database cannot be reached.", 60)) from error
        if scope["method"] not in _SAFE_METHODS and person is None and not path.startswith(CROSS_ORIGIN_PATHS):
            self._check_origin(scope, headers, host)
        person = person or visitor or (None if login_needed else DESK)
        if person is None and not is_public:
            self._ask_for_login(scope, headers)
        return person or NOBODY

    async def _find_visitor(self, scope: Scope, headers: Headers, session: Session) -> Person | None:
        """Return whom a trusted proxy names, else who logged in with the session. Raises StoreError."""
        if VOUCHED not in scope:
            return session.person
        try:
            return (await self._gate.admit(scope[VOUCHED], None, None, self._gate.first_role)).person
        except RefusedLoginError as refusal:
            raise _RefusalError(_refuse(scope, headers, 403, f"Not logged in: {refusal}.")) from refusal

    def _ask_for_login(self, scope: Scope, headers: Headers) -> NoReturn:
        """Send a person to the form, and a program to its token."""
        path = scope["path"]
        if scope["method"] == "GET" and not wants_problem(path, headers.get("accept", "")):
            query = scope["query_string"].decode("latin-1")
            target = quote(path + (f"?{query}" if query else ""), safe="")
            raise _RefusalError(RedirectResponse(f"/login?next={target}", 303))
        response = _refuse(scope, headers, 401, "Log in, or send the token: `Authorization: Bearer TOKEN`.")
        response.headers["WWW-Authenticate"] = 'Bearer realm="news-watcher"'
        raise _RefusalError(response)

    def _check_origin(self, scope: Scope, headers: Headers, host: str) -> None:
        """Refuse a request that another site's page makes in the visitor's name (CSRF)."""
        origin, site = headers.get("origin"), headers.get("sec-fetch-site")
        if origin is not None and not is_same_origin(origin, host, self._gate.base_url):
            raise _RefusalError(_refuse(scope, headers, 403, "This request comes from another site's page."))
        if origin is None and site is not None and site not in {"same-origin", "none"}:
            raise _RefusalError(_refuse(scope, headers, 403, "This request comes from another site's page."))

    async def _check_authorization(self, scope: Scope, headers: Headers, now: datetime) -> Person | None:
        """Return whose Authorization header this is, None without one; an invalid one is refused and counted."""
        scheme, _, value = headers.get("authorization", "").partition(" ")
        if not scheme:
            return None
        name, credential = _parse_credential(scheme.lower(), value.strip())
        # The token first, and without the throttle: it cannot be guessed, so others' tries must not keep it out.
        if credential is not None and (owner := await self._gate.find_token_owner(credential, now)) is not None:
            return owner
        checked = await self._check_basic(name, credential, scope, headers, now)
        if isinstance(checked, Person):
            return checked
        if checked > timedelta():
            raise _RefusalError(refuse_too_soon(scope, headers, checked))
        response = _refuse(scope, headers, 401, "Wrong token or password.")
        response.headers["WWW-Authenticate"] = 'Bearer realm="news-watcher", error="invalid_token"'
        raise _RefusalError(response)

    async def _check_basic(
        self, name: str | None, password: str | None, scope: Scope, headers: Headers, now: datetime
    ) -> Person | timedelta:
        """Return whose password this is, else how long to wait before the next try; `name` is None for a token."""
        source = get_visitor_source(scope)
        if name is None or password is None:
            wait = self._gate.throttle.get_wait(source, now)
            self._gate.throttle.count_failure(source, now)
            return wait
        try:
            return await self._gate.check_password(name, password, source, now)
        except BusyError as error:
            raise _RefusalError(_refuse_for_now(scope, headers, str(error), error.retry_after)) from error


def get_visitor_source(scope: Scope) -> str:
    """Return the source that a visitor's tries are counted under."""
    return get_source((scope.get("client") or ("", 0))[0])


def refuse_too_soon(scope: Scope, headers: Headers, wait: timedelta) -> Response:
    """Return the response to too many wrong tries (429)."""
    seconds = max(1, round(wait.total_seconds() + 0.5))
    response = _refuse(scope, headers, 429, f"Too many wrong tries. Wait {seconds} s.")
    response.headers["Retry-After"] = str(seconds)
    return response


def _refuse(scope: Scope, headers: Headers, status: int, message: str) -> Response:
    if wants_problem(scope["path"], headers.get("accept", "")):
        return make_problem(status, message, scope["path"])
    return PlainTextResponse(message + "\n", status)


def _refuse_for_now(scope: Scope, headers: Headers, message: str, retry_after: int) -> Response:
    response = _refuse(scope, headers, 503, message)
    response.headers["Retry-After"] = str(retry_after)
    return response


def _parse_credential(scheme: str, value: str) -> tuple[str | None, str | None]:
    """Return the name and the secret of a header: no name for a token, no secret where it cannot be read."""
    if scheme == "bearer":
        return None, value
    if scheme != "basic":
        return None, None
    try:
        name, _, secret = base64.b64decode(value, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return None, None
    return name, secret


def _get_cookie(headers: Headers) -> str | None:
    try:
        cookie = SimpleCookie(headers.get("cookie", "")).get(COOKIE)
    except CookieError:
        return None
    return cookie.value if cookie else None


def _gets_cookie(path: str) -> bool:
    return not path.startswith(COOKIELESS_PATHS) and not path.endswith((".atom", ".json", ".csv", ".jsonl"))
