"""Access control before every route: the Host header, the origin of a request, and its login."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from http.cookies import CookieError, SimpleCookie
from urllib.parse import quote

from fastapi.concurrency import run_in_threadpool
from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from watcher.errors import BusyError, StoreError
from watcher.settings import Web
from watcher.store.database import Database
from watcher.store.system.ended_sessions import add_ended_session, list_ended_sessions
from watcher.web.auth.allowed_hosts import is_own_host, is_same_origin, list_own_hosts
from watcher.web.auth.hashing import HashingQueue
from watcher.web.auth.paths import get_path_prefix
from watcher.web.auth.secrets import Secrets
from watcher.web.auth.sessions import COOKIE, LIFETIME, Session, Sessions
from watcher.web.auth.sources import get_source
from watcher.web.auth.throttle import Throttle
from watcher.web.errors import make_problem, wants_problem

PUBLIC_PATHS = ("/healthz", "/readyz", "/login", "/static/", "/label/", "/unsubscribe/", "/websub/")
"""Served without a login: health reveals nothing, and a signed address is its own proof."""
CROSS_ORIGIN_PATHS = ("/unsubscribe/", "/websub/")
"""Called by mail services and hubs: there is no visitor's browser to be misused."""
COOKIELESS_PATHS = ("/api/", "/mcp", "/static/", "/healthz", "/readyz", "/metrics", "/events")
_SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
LOGOUT_CHECK_SECONDS = 10.0
"""Seconds after which a log-out in another process is known here."""


class AccessControl:
    """Decides which requests are served. A login is needed wherever a password or a token is set."""

    def __init__(self, web: Web, key: bytes, clock: Callable[[], datetime], database: Database) -> None:
        self._key = key
        self.secrets = Secrets(web)
        self.sessions = self._make_sessions()
        self.throttle = Throttle()
        self.prefix = get_path_prefix(web.base_url)
        self.clock = clock
        self.base_url = web.base_url
        self.is_https = (web.base_url or "").startswith("https:")
        self._own_hosts = list_own_hosts(web)
        self._hashing = HashingQueue()
        self._database = database
        self._logouts_checked_at = float("-inf")

    def replace_secrets(self, web: Web) -> None:
        """Take over the password and token of a configuration; where one is new, every session ends."""
        secrets = Secrets(web)
        if secrets.fingerprint != self.secrets.fingerprint:
            self.secrets = secrets
            self.sessions = self._make_sessions()
            self._logouts_checked_at = float("-inf")

    def _make_sessions(self) -> Sessions:
        return Sessions(hmac.new(self._key, self.secrets.fingerprint.encode(), hashlib.sha256).digest())

    @property
    def login_needed(self) -> bool:
        return self.secrets.any

    def form_token(self, session: Session) -> str:
        """Return the CSRF token of this session's forms."""
        return self.sessions.form_token(session)

    def is_own_host(self, host: str) -> bool:
        """Return whether a Host header names this server."""
        return is_own_host(host, self._own_hosts)

    def format_cookie(self, session: Session) -> str:
        """Return the Set-Cookie header of a session."""
        secure = "; Secure" if self.is_https else ""
        age = int(LIFETIME.total_seconds())
        path = self.prefix or "/"
        value = self.sessions.format_cookie(session)
        return f"{COOKIE}={value}; Path={path}; Max-Age={age}; HttpOnly; SameSite=Lax{secure}"

    async def get_session(self, cookie: str | None, now: datetime) -> Session:
        """Return the session of a cookie, or a new one."""
        session = self.sessions.parse_cookie(cookie, now)
        if session is not None and session.authenticated:
            session = self.sessions.parse_cookie(cookie, now) if await self._load_logouts() else None
        return session or self.sessions.create(now)

    async def end_session(self, session: Session) -> None:
        """Log a session out for good, in every process on this database; raises StoreError where that is down."""
        self.sessions.end(session)
        until = datetime.fromtimestamp(session.created, UTC) + LIFETIME

        def store_logout() -> None:
            """Store that the session ended."""
            with self._database.write() as db:
                add_ended_session(db, session.id, until, self.clock())

        await run_in_threadpool(store_logout)

    async def check_password(self, password: str, source: str, now: datetime) -> timedelta | None:
        """Return None where the password is right, else how long this source has to wait before the next try.

        Zero where it was checked and is wrong. Raises BusyError where too many others are being checked.
        """
        if (wait := self.throttle.get_wait(source, now)) > timedelta():
            return wait
        rank = self.throttle.get_rank(source)
        # Counted before it is checked, so that many tries at once are many tries.
        self.throttle.count_failure(source, now)
        if not self.secrets.is_plausible(password):
            return timedelta()
        try:
            is_right = await self._hashing.run(lambda: self.secrets.is_password(password), rank)
        except BusyError:
            self.throttle.uncount_failure(source)
            raise
        if not is_right:
            return timedelta()
        self.throttle.count_success(source)
        return None

    async def _load_logouts(self) -> bool:
        """Load which sessions were logged out, from time to time; returns whether they are known at all."""
        if time.monotonic() - self._logouts_checked_at < LOGOUT_CHECK_SECONDS:
            return True

        def list_ended() -> frozenset[str]:
            """Return the ids of the sessions that were logged out."""
            with self._database.read() as db:
                return list_ended_sessions(db)

        try:
            self.sessions.replace_ended(await run_in_threadpool(list_ended))
        except StoreError:
            return self._logouts_checked_at > float("-inf")
        self._logouts_checked_at = time.monotonic()
        return True


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
        session = await self._gate.get_session(_get_cookie(headers), now)
        scope["watcher.session"] = session
        try:
            await self._check_access(scope, headers, session, now)
        except _RefusalError as refusal:
            await refusal.response(scope, receive, send)
            return

        async def send_with_cookie(message: Message) -> None:
            """Send a message; the first response of a new session sets its cookie."""
            if message["type"] == "http.response.start" and session.is_new and _gets_cookie(scope["path"]):
                response_headers = MutableHeaders(scope=message)
                if "set-cookie" not in response_headers:
                    response_headers.append("set-cookie", self._gate.format_cookie(session))
            await send(message)

        await self._app(scope, receive, send_with_cookie)

    async def _check_access(self, scope: Scope, headers: Headers, session: Session, now: datetime) -> None:
        gate, path, host = self._gate, scope["path"], headers.get("host", "")
        if not gate.is_own_host(host):
            message = f"This server does not answer to the name {host[:100]!r}. Add it to web.hosts in watcher.yaml."
            raise _RefusalError(_refuse(scope, headers, 421, message))
        # A token or password in the header proves that no browser was misused (CSRF); cookies do not.
        has_credentials = await self._check_authorization(scope, headers, now)
        if scope["method"] not in _SAFE_METHODS and not has_credentials and not path.startswith(CROSS_ORIGIN_PATHS):
            self._check_origin(scope, headers, host)
        if not gate.login_needed or has_credentials or session.authenticated or path.startswith(PUBLIC_PATHS):
            return
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

    async def _check_authorization(self, scope: Scope, headers: Headers, now: datetime) -> bool:
        """Return whether the request has a valid Authorization header; an invalid one is refused and counted."""
        scheme, _, value = headers.get("authorization", "").partition(" ")
        if not scheme or not self._gate.login_needed:
            return False
        credential = _parse_credential(scheme.lower(), value.strip())
        # The token first, and without the throttle: it cannot be guessed, so others' tries must not keep it out.
        if credential is not None and self._gate.secrets.is_token(credential):
            return True
        wait = await self._get_wait(credential if scheme.lower() == "basic" else None, scope, headers, now)
        if wait is None:
            return True
        if wait > timedelta():
            raise _RefusalError(refuse_too_soon(scope, headers, wait))
        response = _refuse(scope, headers, 401, "Wrong token or password.")
        response.headers["WWW-Authenticate"] = 'Bearer realm="news-watcher", error="invalid_token"'
        raise _RefusalError(response)

    async def _get_wait(self, password: str | None, scope: Scope, headers: Headers, now: datetime) -> timedelta | None:
        """Return None where a password is right, else how long to wait before the next try."""
        source = get_visitor_source(scope)
        if password is None:
            wait = self._gate.throttle.get_wait(source, now)
            self._gate.throttle.count_failure(source, now)
            return wait
        try:
            return await self._gate.check_password(password, source, now)
        except BusyError as error:
            response = _refuse(scope, headers, 503, str(error))
            response.headers["Retry-After"] = str(error.retry_after)
            raise _RefusalError(response) from error


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


def _parse_credential(scheme: str, value: str) -> str | None:
    if scheme == "bearer":
        return value
    if scheme != "basic":
        return None
    try:
        return base64.b64decode(value, validate=True).decode().partition(":")[2]
    except (binascii.Error, UnicodeDecodeError):
        return None


def _get_cookie(headers: Headers) -> str | None:
    try:
        cookie = SimpleCookie(headers.get("cookie", "")).get(COOKIE)
    except CookieError:
        return None
    return cookie.value if cookie else None


def _gets_cookie(path: str) -> bool:
    return not path.startswith(COOKIELESS_PATHS) and not path.endswith((".atom", ".json", ".csv", ".jsonl"))
