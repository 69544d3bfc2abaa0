"""Who is let in: sessions, passwords, tokens, and whom a trusted proxy vouches for."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

from fastapi.concurrency import run_in_threadpool

from watcher.app.people.logins import Vouched, admit_person
from watcher.app.people.sessions import TOKEN_PREFIX, hash_secret
from watcher.errors import BusyError, StoreError
from watcher.model.person import DESK, Account, Actor, Person, Role, StoredSession, make_login
from watcher.settings import Web
from watcher.settings.logins import get_first_role
from watcher.store.database import Database, Db
from watcher.store.people.audit import add_audit_entry
from watcher.store.people.sessions import add_session, end_sessions, touch_session
from watcher.store.people.tokens import touch_token
from watcher.web.auth.allowed_hosts import is_own_host, list_own_hosts
from watcher.web.auth.hashing import HashingQueue
from watcher.web.auth.known_people import KnownPeople
from watcher.web.auth.oidc import OidcClient
from watcher.web.auth.paths import get_path_prefix
from watcher.web.auth.secrets import Secrets, VerifiedPasswords, is_plausible
from watcher.web.auth.sessions import COOKIE, LIFETIME, Session, Sessions
from watcher.web.auth.throttle import Throttle

SEEN_EVERY = timedelta(minutes=5)
"""How exactly the list of sessions says when each was last seen: a write for every request would be too much."""
MAX_AGENT_LENGTH = 200


class AccessControl:
    """Knows who makes a request. A login is needed wherever a password or a token is set, or people have names."""

    def __init__(self, web: Web, key: bytes, clock: Callable[[], datetime], database: Database) -> None:
        self._key = key
        self.secrets = Secrets(web)
        self.sessions = Sessions(hmac.new(key, b"sessions", hashlib.sha256).digest())
        self.throttle = Throttle()
        self.prefix = get_path_prefix(web.base_url)
        self.clock = clock
        self.base_url = web.base_url
        self.is_https = urlsplit(web.base_url or "").scheme == "https"
        self.people = KnownPeople(database)
        self.first_role = get_first_role(web.login.first_role)
        self._asks_for_login = web.asks_for_login
        redirect_uri = f"{web.address}/login/oidc/callback"
        self.oidc = OidcClient(web.oidc, redirect_uri, key) if web.oidc is not None else None
        self._own_hosts = list_own_hosts(web)
        self._hashing = HashingQueue()
        self._verified = VerifiedPasswords()
        self._database = database
        self._seen: dict[str, datetime] = {}
        self._touching: set[asyncio.Task[None]] = set()

    def replace_secrets(self, web: Web) -> None:
        """Take over the password and token of a configuration; where one is new, the sessions of the desk end."""
        self.secrets = Secrets(web)
        self._asks_for_login = web.asks_for_login

    @property
    def login_needed(self) -> bool:
        """Whether a login is needed, by what was last read of the people."""
        return self._asks_for_login or self.people.population.has_people

    async def is_login_needed(self) -> bool:
        """Return whether a login is needed. Raises StoreError where the database was never reached."""
        return self._asks_for_login or (await self.people.load_population()).has_people

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

    async def get_session(self, cookie: str | None, source: str, now: datetime) -> Session:
        """Return the session of a cookie, with who logged in; a new one where there is none or it has ended."""
        session = self.sessions.parse_cookie(cookie, now)
        if session is None or not session.claims_login:
            return session or self.sessions.create(now)
        try:
            known = await self.people.find_session(session.stored_id)
        except StoreError:
            known = None  # whatever the visitor asks for says what is wrong with the database
        if known is None or known.session.created_at + LIFETIME < now:
            return self.sessions.create(now)
        if known.session.person == DESK.name:
            person = DESK if hmac.compare_digest(known.session.secret_mark, self._get_secret_mark()) else None
        else:
            person = None if known.account is None else known.account.person
        if person is None:
            return self.sessions.create(now)
        self._note_seen(known.session, source, now)
        return replace(session, person=person)

    async def open_session(self, person: Person, source: str, agent: str, now: datetime, via: str = "page") -> Session:
        """Return a new session of somebody who has just logged in. Raises StoreError."""
        session = self.sessions.create(now, claims_login=True)
        stored = StoredSession(
            id=session.stored_id,
            person=person.name,
            secret_mark=self._get_secret_mark() if person == DESK else "",
            created_at=datetime.fromtimestamp(session.created, UTC),
            last_seen_at=now,
            last_seen_from=source,
            agent=" ".join(agent.split())[:MAX_AGENT_LENGTH],
        )

        def store(db: Db) -> None:
            """Store the login."""
            add_session(db, stored, now - LIFETIME)
            add_audit_entry(db, Actor(person=person, via=via), now, "logged in", person.name, after=source)

        await self._write(store)
        return replace(session, person=person)

    async def end_session(self, session: Session, now: datetime) -> None:
        """Log a session out for good, in every process on this database; raises StoreError where that is down."""
        person = session.person
        if person is None:
            return

        def store(db: Db) -> None:
            """Store that the session ended."""
            if end_sessions(db, person.name, now, only=session.stored_id):
                add_audit_entry(db, Actor(person=person, via="page"), now, "logged out", person.name)

        await self._write(store)
        self.people.forget()

    async def check_password(self, name: str, password: str, source: str, now: datetime) -> Person | timedelta:
        """Return whose password this is, else how long this source has to wait before the next try.

        Zero where it was checked and is wrong. Raises BusyError where too many others are being checked.
        """
        if (wait := self.throttle.get_wait(source, now)) > timedelta():
            return wait
        rank = self.throttle.get_rank(source)
        # Counted before it is checked, so that many tries at once are many tries.
        self.throttle.count_failure(source, now)
        if not is_plausible(password):
            return timedelta()
        owner, password_hash = await self._find_owner(make_login(name))
        if owner is None and not self.people.population.has_people:
            return timedelta()

        def is_right() -> bool:
            """Check the password; the desk's is hashed first where it is configured as it is."""
            return self._verified.is_right(self.secrets.password_hash if owner == DESK else password_hash, password)

        try:
            right = await self._hashing.run(is_right, rank)
        except BusyError:
            self.throttle.uncount_failure(source)
            raise
        if not right or owner is None:
            return timedelta()
        self.throttle.count_success(source)
        return owner

    async def _find_owner(self, login: str) -> tuple[Person | None, str | None]:
        """Return who logs in by password under a name, and the hash of a named person's password."""
        population = await self.people.load_population()
        account = await self.people.find_account(login) if population.has_people else None
        if account is None:
            # Until somebody is an admin under a name, the one password opens everything, whatever name comes with it.
            is_desks = self.secrets.has_password and not population.has_admin
            return (DESK if is_desks else None), None
        if account.disabled_at is not None:
            return None, None
        password = await self.people.find_password(login)
        return account.person, None if password is None else password[1]

    async def hash_password(self, hashing: Callable[[], str], source: str) -> str:
        """Run the hashing of a new password, a few at once. Raises BusyError and what `hashing` raises."""
        return await self._hashing.run(hashing, self.throttle.get_rank(source))

    async def find_token_owner(self, text: str, now: datetime) -> Person | None:
        """Return whose token this is, with what the token may do; None where it is nobody's. Raises StoreError."""
        if self.secrets.is_token(text):
            return DESK
        if not text.startswith(TOKEN_PREFIX):
            return None
        known = await self.people.find_token(hash_secret(text))
        if known is None:
            return None
        role = min(known.token.role, known.account.role, key=lambda role: role.rank)
        self._note_used(known.token.id, known.token.last_used_at, now)
        return Person(name=known.account.name, role=role)

    async def admit(self, name: str, subject: str | None, role: Role | None, first_role: Role | None) -> Account:
        """Return the person whom a trusted service vouches for. Raises RefusedLoginError and StoreError."""
        known = await self.people.find_account(make_login(name)) if subject is None else None
        if known is not None and known.disabled_at is None and role in (None, known.role):
            return known
        vouched = Vouched(name=name, subject=subject, role=role, first_role=first_role)

        def admit() -> Account:
            """Add the person, or find who it is."""
            with self._database.write() as db:
                return admit_person(db, vouched, self.clock())

        account = await run_in_threadpool(admit)
        self.people.forget()
        return account

    def _get_secret_mark(self) -> str:
        """Return what changes with the configured password and token, and does not show them."""
        return hmac.new(self._key, self.secrets.fingerprint.encode(), hashlib.sha256).hexdigest()

    def _note_seen(self, session: StoredSession, source: str, now: datetime) -> None:
        """Store that a session was seen, from time to time."""
        if now - max(session.last_seen_at, self._seen.get(session.id, session.last_seen_at)) >= SEEN_EVERY:
            self._seen[session.id] = now
            self._write_later(lambda db: touch_session(db, session.id, now, source))

    def _note_used(self, token_id: int, last_used_at: datetime | None, now: datetime) -> None:
        """Store that a token was used, from time to time."""
        key = f"token {token_id}"
        latest = max((moment for moment in (last_used_at, self._seen.get(key)) if moment is not None), default=None)
        if latest is None or now - latest >= SEEN_EVERY:
            self._seen[key] = now
            self._write_later(lambda db: touch_token(db, token_id, now))

    async def _write(self, change: Callable[[Db], None]) -> None:
        """Write to the database in a thread. Raises StoreError."""

        def write() -> None:
            """Change something in a transaction of its own."""
            with self._database.write() as db:
                change(db)

        await run_in_threadpool(write)

    def _write_later(self, change: Callable[[Db], None]) -> None:
        """Write to the database while the request is being answered; where it is down, nothing is written."""

        async def write() -> None:
            """Write, or leave it."""
            try:
                await self._write(change)
            except StoreError:
                return

        task = asyncio.get_running_loop().create_task(write())
        self._touching.add(task)
        task.add_done_callback(self._touching.discard)
