"""Fetching of feeds and pages: redirects are followed here, validators sent back, and nothing a server does raises."""

from __future__ import annotations

import asyncio
import hashlib
import ssl
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Self
from urllib.parse import urlencode, urlsplit

import httpx

from watcher.fetch import conditional, request_urls, response
from watcher.fetch.decompress import Body
from watcher.fetch.errors import FetchError
from watcher.fetch.host_limiter import HostLimiter
from watcher.fetch.policy import FetchPolicy
from watcher.fetch.request_identity import RequestIdentity
from watcher.fetch.robots import Robots
from watcher.fetch.ssrf_guard import Resolver, SsrfGuard
from watcher.fetch.time_budget import TimeBudget
from watcher.fetch.transport import Exchange, GuardedTransport, parse_target
from watcher.model.access import Access
from watcher.model.feed import PollableFeed, Validators
from watcher.model.poll import Document, Failed, FailureKind, FetchResult, NotModified, Redirect

_FEED_TYPES = (
    "application/rss+xml, application/atom+xml, application/feed+json, application/rdf+xml;q=0.9, "
    "application/xml;q=0.8, text/xml;q=0.8, application/json;q=0.7, */*;q=0.5"
)
_PAGE_TYPES = "text/html, application/xhtml+xml, */*;q=0.5"
_REDIRECTS = {301, 302, 303, 307, 308}
_SAME_AGAIN = {307, 308}
_USUAL = Access()
_NO_VALIDATORS: Mapping[str, str] = {}
_PEACE = timedelta(minutes=1)
"""How long a host that says 429 and not until when is left alone by the feeds that were about to ask it as well."""


def _allow() -> None:
    """Allow every request: do nothing."""


@dataclass(frozen=True, slots=True)
class _Answer:
    status: int
    headers: dict[str, str]
    body: bytes
    wire: int
    url: str
    hops: tuple[Redirect, ...]
    conditional: bool


class Fetcher:
    """Fetches under one policy; an async context manager, one for a process.

    `resolver` replaces the system's name service, `context` its trusted authorities, `monotonic` the clock that hosts
    rest by. Everything it or `client()` dials has passed the guard.
    """

    def __init__(
        self,
        policy: FetchPolicy,
        resolver: Resolver | None = None,
        context: ssl.SSLContext | None = None,
        *,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self.policy = policy
        self.guard = SsrfGuard(policy.allow, resolver, policy.resolve)
        self._transport = GuardedTransport(policy, self.guard, context)
        self._limiter = HostLimiter(policy.per_host, policy.spacing, monotonic)
        self._slots = asyncio.Semaphore(policy.concurrency)
        self._robots: dict[str | None, Robots] = {}
        self._clients: list[httpx.AsyncClient] = []

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_error: object) -> None:
        for client in self._clients:
            await client.aclose()
        await self._transport.aclose()

    def client(self) -> httpx.AsyncClient:
        """Return a plain httpx client over the guarded transport: no redirects followed, nothing of the environment."""
        client = httpx.AsyncClient(
            transport=self._transport,
            trust_env=False,
            follow_redirects=False,
            timeout=self.policy.total.total_seconds(),
            headers={"User-Agent": self.policy.user_agent},
        )
        self._clients.append(client)
        return client

    async def feed(
        self, feed: PollableFeed, *, unconditional: bool = False, check: Callable[[], None] = _allow
    ) -> FetchResult:
        """Fetch a feed, with its validators unless `unconditional`; what the server does comes back as an outcome.

        `check` is called when a request's turn comes, and again just before it is sent, and may raise: then none is
        made. A server that cannot answer a conditional request is asked once more without validators.
        """
        requester = RequestIdentity(feed.fetch_url, self.policy.user_agent, feed.config.access)
        headers = {"Accept": _FEED_TYPES, "A-IM": "feed"}
        validators = {} if unconditional else conditional.headers(feed)
        fetched, was_conditional = await self._get_feed(
            requester, feed, headers, check, validators, feed.poll.validators.url
        )
        # Once more without validators where they may be what the server stumbles over; see `conditional`.
        if (
            again := conditional.headers_to_ask_again(
                fetched, was_conditional=was_conditional, failures=feed.poll.failures
            )
        ) is not None:
            refetched, _was_conditional = await self._get_feed(requester, feed, headers | again, check)
            if not isinstance(refetched, Failed):
                fetched = replace(refetched, conditional=False if was_conditional else None)
        if isinstance(fetched, Failed) and fetched.status == 429:
            last = fetched.hops[-1].url if fetched.hops else feed.fetch_url
            self._limiter.pause(urlsplit(last).hostname or "", fetched.retry_after or _PEACE)
        return fetched

    async def _get_feed(
        self,
        requester: RequestIdentity,
        feed: PollableFeed,
        headers: dict[str, str],
        check: Callable[[], None],
        validators: Mapping[str, str] = _NO_VALIDATORS,
        conditional_for: str | None = None,
    ) -> tuple[FetchResult, bool]:
        """Return what an answer means for a feed, and whether the request had `validators`, and at its last hop still.

        They belong to the address `conditional_for` and are sent to no other.
        """
        exchange = await self._get(
            requester, feed.fetch_url, {**headers, **validators}, conditional_for=conditional_for, check=check
        )
        if isinstance(exchange, Failed):
            return exchange, bool(validators)
        answer, elapsed = exchange
        was_conditional = bool(validators) and answer.conditional
        return _to_fetched(feed, answer, elapsed, conditional=True if was_conditional else None), was_conditional

    async def page(self, url: str, *, obey_robots: bool = True, access: Access = _USUAL) -> Document | Failed:
        """Fetch an article or any other page; robots.txt is asked first (RFC 9309) unless a person named the page.

        `access` is that of a feed that lists the page: its way is taken, and its credentials stay at home.
        """
        if obey_robots and not await self._robots_of(access).allows(url):
            return Failed(kind=FailureKind.FORBIDDEN, message="robots.txt does not allow this page")
        exchange = await self._get(self._stranger(url, access), url, {"Accept": _PAGE_TYPES})
        if isinstance(exchange, Failed):
            return exchange
        answer, elapsed = exchange
        if answer.status != 200:
            return _to_failed(answer, elapsed)
        return _document(url, answer, elapsed)

    async def post(self, url: str, form: Mapping[str, str]) -> tuple[int, str] | Failed:
        """Send a form (to a hub), and again where a 307 or 308 leads; return the status and the start of the answer."""
        headers = {"Content-Type": "application/x-www-form-urlencoded", "Accept": "text/plain, */*;q=0.5"}
        exchange = await self._get(self._stranger(url), url, headers, form=urlencode(form).encode())
        if isinstance(exchange, Failed):
            return exchange
        answer, _elapsed = exchange
        return answer.status, answer.body[:500].decode("utf-8", "replace")

    def _stranger(self, url: str, access: Access = _USUAL) -> RequestIdentity:
        """Return who asks for a page: nobody that its server knows, on the way that `access` names."""
        return RequestIdentity(url, self.policy.user_agent, Access(proxy=access.proxy, user_agent=access.user_agent))

    def _robots_of(self, access: Access) -> Robots:
        """Return the rules as they are seen on one way: what lies behind a proxy is asked for through it."""
        robots = self._robots.get(access.proxy)
        if robots is None:

            async def read(url: str) -> tuple[int, str]:
                """Return the status and text of a robots.txt; 0 and nothing where there was no answer."""
                exchange = await self._get(self._stranger(url, access), url, {"Accept": "text/plain, */*;q=0.1"})
                if isinstance(exchange, Failed):
                    return exchange.status or 0, ""
                return exchange[0].status, exchange[0].body[:512_000].decode("utf-8", "replace")

            robots = self._robots[access.proxy] = Robots(read, self.policy.user_agent)
        return robots

    async def _get(
        self,
        requester: RequestIdentity,
        url: str,
        headers: dict[str, str],
        *,
        conditional_for: str | None = None,
        form: bytes | None = None,
        check: Callable[[], None] = _allow,
    ) -> tuple[_Answer, timedelta] | Failed:
        total = self.policy.total
        budget = TimeBudget(total, check)
        hops: list[Redirect] = []
        try:
            answer = await self._follow(requester, url, headers, hops, conditional_for, budget, form)
            return answer, total - timedelta(seconds=budget.left)
        except TimeoutError:
            error = FetchError(FailureKind.TIMEOUT, f"not done within {total.total_seconds():.0f} s")
        except FetchError as fault:
            error = fault
        except (httpx.InvalidURL, ValueError) as fault:
            error = FetchError(FailureKind.REFUSED, f"no address that can be fetched: {fault}"[:200])
        return Failed(
            kind=error.kind,
            message=_redact_logins(str(error)),
            seems=error.seems,
            retry_after=error.retry_after,
            hops=tuple(hops),
            elapsed=total - timedelta(seconds=budget.left),
        )

    async def _follow(
        self,
        requester: RequestIdentity,
        url: str,
        headers: dict[str, str],
        hops: list[Redirect],
        conditional_for: str | None,
        budget: TimeBudget,
        form: bytes | None,
    ) -> _Answer:
        for _redirect in range(self.policy.most_redirects + 1):
            sent_headers = dict(headers)
            if conditional_for is not None and request_urls.strip_url(url) != request_urls.strip_url(conditional_for):
                # Validators belong to the address that gave them; elsewhere they may mean something else.
                for condition in conditional.HEADERS:
                    sent_headers.pop(condition, None)
            answer = await self._once(requester, url, sent_headers, tuple(hops), budget, form)
            if answer.status not in (_REDIRECTS if form is None else _SAME_AGAIN):
                return answer
            parse_target = request_urls.resolve_redirect(url, answer.headers.get("location", ""))
            if any(hop.url == parse_target for hop in hops) or parse_target == request_urls.strip_url(url):
                raise FetchError(FailureKind.REDIRECT, "redirects in a circle")
            hops.append(Redirect(status=answer.status, url=parse_target))
            url = parse_target
        raise FetchError(FailureKind.REDIRECT, f"more than {self.policy.most_redirects} redirects")

    async def _once(
        self,
        requester: RequestIdentity,
        url: str,
        headers: dict[str, str],
        hops: tuple[Redirect, ...],
        budget: TimeBudget,
        form: bytes | None,
    ) -> _Answer:
        address = request_urls.strip_url(url)
        to = parse_target(address)
        sent = requester.headers(url, headers)
        if form is not None:
            sent["Content-Length"] = str(len(form))
        written = [(b"Host", to.authority), *((name.encode(), value.encode("latin-1")) for name, value in sent.items())]
        # The host's turn first: who waits for it holds no place that another host's feed could use.
        async with self._limiter.entered(to.host), self._slots, budget:
            method = "GET" if form is None else "POST"
            exchange = await self._transport.exchange(
                method, to, written, form or b"", requester.way(url), trace=budget.trace
            )
            try:
                return await self._read(exchange, address, hops, not sent.keys().isdisjoint(conditional.HEADERS))
            finally:
                await exchange.close()

    async def _read(self, exchange: Exchange, url: str, hops: tuple[Redirect, ...], is_conditional: bool) -> _Answer:
        status = exchange.status
        headers = _join_headers(exchange.headers)
        if status in _REDIRECTS or status in {204, 205, 304}:
            return _Answer(status, headers, b"", 0, url, hops, is_conditional)
        # An error's body is only looked at to name it; a success has to be whole.
        success = 200 <= status < 300
        most_body = self.policy.most_body if success else response.ERROR_BODY_BYTES * 4
        body = Body(headers.get("content-encoding", ""), most_wire=self.policy.most_wire, most_body=most_body)
        started_at, patience = time.monotonic(), self.policy.slow_after.total_seconds()
        try:
            async for piece in exchange.pieces():
                body.feed(piece)
                took = time.monotonic() - started_at
                if took > patience and body.wire < self.policy.least_rate * took:
                    raise FetchError(FailureKind.TIMEOUT, f"{body.wire:,} bytes in {took:.0f} s are too few")
            whole = body.finished()
        except FetchError:
            if success:
                raise
            whole = b""
        return _Answer(status, headers, whole, body.wire, url, hops, is_conditional)


def _to_fetched(feed: PollableFeed, answer: _Answer, elapsed: timedelta, *, conditional: bool | None) -> FetchResult:
    validators = Validators(
        etag=answer.headers.get("etag"), last_modified=answer.headers.get("last-modified"), url=answer.url
    )
    if answer.status in {204, 205, 304}:
        if answer.status == 304 and not answer.conditional:
            return Failed(
                kind=FailureKind.HTTP,
                message="HTTP 304 to a question without validators",
                status=304,
                hops=answer.hops,
                elapsed=elapsed,
            )
        return NotModified(
            url=answer.url,
            headers=answer.headers,
            validators=validators,
            hops=answer.hops,
            elapsed=elapsed,
            conditional=conditional,
        )
    if answer.status not in {200, 203, 226}:
        return _to_failed(answer, elapsed)
    if response.is_bot_check(answer.headers, answer.body):
        return Failed(
            kind=FailureKind.CHALLENGE,
            message=f"a bot check in place of the feed (HTTP {answer.status})",
            status=answer.status,
            hops=answer.hops,
            elapsed=elapsed,
        )
    if not answer.body.strip():
        return Failed(
            kind=FailureKind.EMPTY, message="an empty answer", status=answer.status, hops=answer.hops, elapsed=elapsed
        )
    return _document(feed.fetch_url, answer, elapsed, validators, conditional)


def _to_failed(answer: _Answer, elapsed: timedelta) -> Failed:
    failed = response.to_failed(answer.status, answer.headers, answer.body, answer.hops, datetime.now(UTC))
    return replace(failed, elapsed=elapsed)


def _document(
    url: str,
    answer: _Answer,
    elapsed: timedelta,
    validators: Validators | None = None,
    conditional: bool | None = None,
) -> Document:
    return Document(
        url=url,
        final_url=answer.url,
        status=answer.status,
        headers=answer.headers,
        body=answer.body,
        body_hash=hashlib.blake2b(answer.body, digest_size=16).digest(),
        validators=validators or Validators(),
        hops=answer.hops,
        wire_bytes=answer.wire,
        elapsed=elapsed,
        conditional=conditional,
    )


def _join_headers(headers: Iterable[tuple[bytes, bytes]]) -> dict[str, str]:
    """Return headers by name, repeated ones joined; bytes that are no ASCII are latin-1."""
    joined: dict[str, str] = {}
    for raw_name, raw_value in headers:
        name, value = raw_name.decode("latin-1"), raw_value.decode("latin-1")
        joined[name] = f"{joined[name]}, {value}" if name in joined and name not in {"etag", "date"} else value
    return joined


def _redact_logins(message: str) -> str:
    return message if "@" not in message else " ".join(word.rpartition("@")[2] for word in message.split(" "))
