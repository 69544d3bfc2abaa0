"""The gate before every route: the name that was asked for, where a request comes from, and who sends it."""

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
from watcher.web.auth.allowed_hosts import is_own, own_names, same_origin
from watcher.web.auth.hashing import HashingQueue
from watcher.web.auth.paths import prefix_of
from watcher.web.auth.secrets import Secrets
from watcher.web.auth.sessions import COOKIE, LIFETIME, Session, Sessions
from watcher.web.auth.sources import source_of
from watcher.web.auth.throttle import Throttle
from watcher.web.errors import problem, wants_problem

OPEN = ("/healthz", "/readyz", "/login", "/static/", "/label/", "/unsubscribe/", "/websub/")
"""Served to anybody: health says nothing, and a signed address is its own proof."""
FROM_ANYWHERE = ("/unsubscribe/", "/websub/")
"""Called by mail services and hubs, which no browser of a visitor stands behind."""
WITHOUT_COOKIE = ("/api/", "/static/", "/healthz", "/readyz", "/metrics", "/events")
_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
LOOK_FOR_LOGOUTS_EVERY = 10.0
"""Seconds after which a log-out in another process is known ctx."""


class Gate:
    """Decides who comes in. A login is needed wherever a password or a token is set."""

    def __init__(self, web: Web, key: bytes, clock: Callable[[], datetime], database: Database) -> None:
        self.secrets = Secrets(web)
        self.sessions = Sessions(hmac.new(key, self.secrets.fingerprint.encode(), hashlib.sha256).digest())
        self.throttle = Throttle()
        self.prefix = prefix_of(web.base_url)
        self.clock = clock
        self.base_url = web.base_url
        self.is_https = (web.base_url or "").startswith("https:")
        self._names = own_names(web)
        self._hashing = HashingQueue()
        self._database = database
        self._looked_at = float("-inf")

    @property
    def login_needed(self) -> bool:
        return self.secrets.any

    def form_token(self, session: Session) -> str:
        """Give the token for this visitor's forms."""
        return self.sessions.form_token(session)

    def knows(self, host: str) -> bool:
        """Tell whether a Host header names this server."""
        return is_own(host, self._names)

    def cookie(self, session: Session) -> str:
        """Write the Set-Cookie header of a session."""
        secure = "; Secure" if self.is_https else ""
        age = int(LIFETIME.total_seconds())
        path = self.prefix or "/"
        return f"{COOKIE}={self.sessions.write(session)}; Path={path}; Max-Age={age}; HttpOnly; SameSite=Lax{secure}"

    async def session_of(self, cookie: str | None, now: datetime) -> Session:
        """Return the session of a cookie, or a new one."""
        session = self.sessions.read(cookie, now)
        if session is not None and session.authenticated:
            session = self.sessions.read(cookie, now) if await self._know_logouts() else None
        return session or self.sessions.begin(now)

    async def end_session(self, session: Session) -> None:
        """Log a session out for good, in every process on this database; raises StoreError where it is away."""
        self.sessions.end(session)
        until = datetime.fromtimestamp(session.began, UTC) + LIFETIME

        def note() -> None:
            with self._database.write() as db:
                add_ended_session(db, session.id, until, self.clock())

        await run_in_threadpool(note)

    async def check_password(self, password: str, source: str, now: datetime) -> timedelta | None:
        """Return None where the password is right, else how long this source has to wait before it may try again.

        Zero where it was looked at and is wrong. Raises BusyError where too many others are being looked at.
        """
        if (wait := self.throttle.wait(source, now)) > timedelta():
            return wait
        rank = self.throttle.rank(source)
        # Counted before it is checked, so that many tries at once are many tries.
        self.throttle.failed(source, now)
        if not self.secrets.may_be_password(password):
            return timedelta()
        try:
            right = await self._hashing.run(lambda: self.secrets.is_password(password), rank)
        except BusyError:
            self.throttle.take_back(source)
            raise
        if not right:
            return timedelta()
        self.throttle.passed(source)
        return None

    async def _know_logouts(self) -> bool:
        """Return whether it is known which sessions were logged out; looks again from time to time."""
        if time.monotonic() - self._looked_at < LOOK_FOR_LOGOUTS_EVERY:
            return True

        def look() -> frozenset[str]:
            with self._database.read() as db:
                return list_ended_sessions(db)

        try:
            self.sessions.replace_ended(await run_in_threadpool(look))
        except StoreError:
            return self._looked_at > float("-inf")
        self._looked_at = time.monotonic()
        return True


@dataclass(frozen=True, slots=True)
class _RefusalError(Exception):
    response: Response


class Guarded:
    """Let a request through to the routes, or answer it at the gate."""

    def __init__(self, app: ASGIApp, gate: Gate) -> None:
        self._app = app
        self._gate = gate

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        now = self._gate.clock()
        session = await self._gate.session_of(_cookie(headers), now)
        scope["watcher.session"] = session
        try:
            await self._admit(scope, headers, session, now)
        except _RefusalError as refusal:
            await refusal.response(scope, receive, send)
            return

        async def sending(message: Message) -> None:
            if message["type"] == "http.response.start" and session.fresh and _gets_cookie(scope["path"]):
                answered = MutableHeaders(scope=message)
                if "set-cookie" not in answered:
                    answered.append("set-cookie", self._gate.cookie(session))
            await send(message)

        await self._app(scope, receive, sending)

    async def _admit(self, scope: Scope, headers: Headers, session: Session, now: datetime) -> None:
        gate, path, host = self._gate, scope["path"], headers.get("host", "")
        if not gate.knows(host):
            said = f"this server does not answer to the name {host[:100]!r}; add it to web.hosts in watcher.yaml"
            raise _RefusalError(_refuse(scope, headers, 421, said))
        called = await self._called(scope, headers, now)
        if scope["method"] not in _SAFE and not called and not path.startswith(FROM_ANYWHERE):
            self._from_our_pages(scope, headers, host)
        if not gate.login_needed or called or session.authenticated or path.startswith(OPEN):
            return
        if scope["method"] == "GET" and not wants_problem(path, headers.get("accept", "")):
            query = scope["query_string"].decode("latin-1")
            wanted = quote(path + (f"?{query}" if query else ""), safe="")
            raise _RefusalError(RedirectResponse(f"/login?next={wanted}", 303))
        response = _refuse(scope, headers, 401, "log in, or send the token: `Authorization: Bearer TOKEN`")
        response.headers["WWW-Authenticate"] = 'Bearer realm="news-watcher"'
        raise _RefusalError(response)

    def _from_our_pages(self, scope: Scope, headers: Headers, host: str) -> None:
        """Refuse what another site's page sends in the name of our visitor."""
        origin, site = headers.get("origin"), headers.get("sec-fetch-site")
        if origin is not None and not same_origin(origin, host, self._gate.base_url):
            raise _RefusalError(_refuse(scope, headers, 403, "this comes from another site's page"))
        if origin is None and site is not None and site not in {"same-origin", "none"}:
            raise _RefusalError(_refuse(scope, headers, 403, "this comes from another site's page"))

    async def _called(self, scope: Scope, headers: Headers, now: datetime) -> bool:
        """Tell whether the request proves itself by its Authorization header; a wrong one is refused and counted."""
        scheme, _, said = headers.get("authorization", "").partition(" ")
        if not scheme or not self._gate.login_needed:
            return False
        credential = _credential(scheme.lower(), said.strip())
        # The token first, and without a throttle: it cannot be guessed, so nobody else's tries may keep it out.
        if credential is not None and self._gate.secrets.is_token(credential):
            return True
        wait = await self._wait_after(credential if scheme.lower() == "basic" else None, scope, headers, now)
        if wait is None:
            return True
        if wait > timedelta():
            raise _RefusalError(too_soon(scope, headers, wait))
        response = _refuse(scope, headers, 401, "this token or password is not right")
        response.headers["WWW-Authenticate"] = 'Bearer realm="news-watcher", error="invalid_token"'
        raise _RefusalError(response)

    async def _wait_after(
        self, password: str | None, scope: Scope, headers: Headers, now: datetime
    ) -> timedelta | None:
        """Return None where a password is right, else how long to wait before the next try."""
        source = visitor_source(scope)
        if password is None:
            wait = self._gate.throttle.wait(source, now)
            self._gate.throttle.failed(source, now)
            return wait
        try:
            return await self._gate.check_password(password, source, now)
        except BusyError as error:
            response = _refuse(scope, headers, 503, str(error))
            response.headers["Retry-After"] = str(error.retry_after)
            raise _RefusalError(response) from error


def visitor_source(scope: Scope) -> str:
    """Return what a visitor's tries are counted under."""
    return source_of((scope.get("client") or ("", 0))[0])


def too_soon(scope: Scope, headers: Headers, wait: timedelta) -> Response:
    """Answer one who guesses too fast."""
    seconds = max(1, round(wait.total_seconds() + 0.5))
    response = _refuse(scope, headers, 429, f"too many wrong tries; wait {seconds} s")
    response.headers["Retry-After"] = str(seconds)
    return response


def _refuse(scope: Scope, headers: Headers, status: int, said: str) -> Response:
    if wants_problem(scope["path"], headers.get("accept", "")):
        return problem(status, said, scope["path"])
    return PlainTextResponse(said + "\n", status)


def _credential(scheme: str, said: str) -> str | None:
    if scheme == "bearer":
        return said
    if scheme != "basic":
        return None
    try:
        return base64.b64decode(said, validate=True).decode().partition(":")[2]
    except (binascii.Error, UnicodeDecodeError):
        return None


def _cookie(headers: Headers) -> str | None:
    try:
        found = SimpleCookie(headers.get("cookie", "")).get(COOKIE)
    except CookieError:
        return None
    return found.value if found else None


def _gets_cookie(path: str) -> bool:
    return not path.startswith(WITHOUT_COOKIE) and not path.endswith((".atom", ".json", ".csv", ".jsonl"))
