"""Source, scheme and host of a request from the headers of trusted proxies, and of nobody else.

`X-Forwarded-For`, `-Proto` and `-Host`, or `Forwarded` (RFC 7239). In a chain of proxies the source is the last address
that is not one of them: what comes before it was written by the visitor.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from watcher.web.auth.sources import Proxies, parse_address

MAX_HOPS = 32
_PAIR = re.compile(r'\s*([!#$%&\'*+.^_`|~0-9A-Za-z-]+)=("(?:[^"\\]|\\.)*"|[^\s,;"]*)\s*')
_HOST = re.compile(r"[A-Za-z0-9.\-_:\[\]]{1,255}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Hop:
    """What one proxy wrote about the request that it received; empty where it wrote nothing."""

    source: str = ""
    scheme: str = ""
    host: str = ""


class ForwardedHeaders:
    """Middleware that puts the visitor's own address, scheme and host into the scope."""

    def __init__(self, app: ASGIApp, proxies: Proxies) -> None:
        self._app = app
        self._proxies = proxies

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        peer = (scope.get("client") or ("", 0))[0]
        if scope["type"] == "http" and self._proxies.include(peer):
            scope = self._resolve(scope, peer)
        await self._app(scope, receive, send)

    def _resolve(self, scope: Scope, peer: str) -> Scope:
        hop = find_hop(Headers(scope=scope), peer, self._proxies)
        headers = scope["headers"]
        if hop.host:
            headers = [pair for pair in headers if pair[0] != b"host"] + [(b"host", hop.host.encode("ascii"))]
        return {**scope, "client": (hop.source, 0), "scheme": hop.scheme or scope["scheme"], "headers": headers}


def find_hop(headers: Headers, peer: str, proxies: Proxies) -> Hop:
    """Return the source of a request that a trusted proxy forwarded, with its scheme and host.

    A proxy writes one kind of header and forwards the other as the visitor sent it: where both are there and differ,
    neither is trusted.
    """
    candidates = [
        _find_outermost(hops, peer, proxies)
        for hops in (_read_x_forwarded(headers), _read_forwarded(headers.getlist("forwarded")))
        if hops
    ]
    if not candidates or (len(candidates) == 2 and candidates[0].source != candidates[1].source):
        return Hop(source=peer)
    return candidates[0]


def _find_outermost(hops: Sequence[Hop], peer: str, proxies: Proxies) -> Hop:
    """Return the hop farthest from us up to which all proxies are trusted."""
    outermost = Hop(source=peer)
    for hop in reversed(hops[-MAX_HOPS:]):
        # A name that hides the source (RFC 7239, 6.3) or is malformed: the proxy that wrote it is all that is known.
        source = parse_address(hop.source)
        outermost = Hop(source=str(source) if source else outermost.source, scheme=hop.scheme, host=hop.host)
        if source is None or not proxies.include(str(source)):
            break
    return outermost


def _read_x_forwarded(headers: Headers) -> list[Hop]:
    sources = _split_values(headers.getlist("x-forwarded-for"))
    schemes, hosts = (
        _split_values(headers.getlist("x-forwarded-proto")),
        _split_values(headers.getlist("x-forwarded-host")),
    )
    count = max(len(sources), 1 if schemes or hosts else 0)
    return [
        Hop(
            source=_strip_port(_get_value(sources, at, count)),
            scheme=_parse_scheme(_get_value(schemes, at, count)),
            host=_parse_host(_get_value(hosts, at, count)),
        )
        for at in range(count)
    ]


def _read_forwarded(lines: Sequence[str]) -> list[Hop]:
    hops = []
    for element in _split_elements(", ".join(lines)):
        pairs = {name.lower(): _unquote(value) for name, value in _PAIR.findall(element)}
        hops.append(
            Hop(
                source=_strip_port(pairs.get("for", "")),
                scheme=_parse_scheme(pairs.get("proto", "")),
                host=_parse_host(pairs.get("host", "")),
            )
        )
    return hops


def _split_elements(line: str) -> list[str]:
    """Split at the commas outside of quotes."""
    return [element for element in re.findall(r'(?:[^,"]|"(?:[^"\\]|\\.)*"?)+', line) if element.strip()]


def _split_values(lines: Sequence[str]) -> list[str]:
    return [value.strip() for line in lines for value in line.split(",")] if lines else []


def _get_value(values: Sequence[str], at: int, count: int) -> str:
    """Return the value of a hop: the one at its place, or the last where a proxy wrote one for all."""
    if not values:
        return ""
    return values[at] if len(values) == count else values[-1]


def _strip_port(text: str) -> str:
    """Return the address in `192.0.2.7:1234`, `[2001:db8::1]:1234` or a plain address."""
    if text.startswith("["):
        return text[1:].partition("]")[0]
    return text.partition(":")[0] if text.count(":") == 1 else text


def _unquote(text: str) -> str:
    return re.sub(r"\\(.)", r"\1", text[1:-1]) if text.startswith('"') else text


def _parse_scheme(text: str) -> str:
    return text.lower() if text.lower() in {"http", "https"} else ""


def _parse_host(text: str) -> str:
    return text if _HOST.fullmatch(text) else ""
