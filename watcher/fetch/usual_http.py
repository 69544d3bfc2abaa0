"""The usual requests and heads of answers in HTTP/1.1, written and read in a fifth of the time that h11 takes for them.

h11 is the slow twin: it gets whatever is not exactly as here, and decides what is no HTTP.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import h11

_NAMES = frozenset({
    b"Host", b"User-Agent", b"Accept", b"Accept-Encoding", b"A-IM", b"Authorization", b"Cache-Control", b"Connection",
    b"Cookie", b"If-Modified-Since", b"If-None-Match", b"Pragma",
})  # fmt: skip
"""What the watcher's own requests carry: no name among them says how a request is framed."""
_TARGET = re.compile(rb"[!-~]+")
_VALUE = re.compile(rb"[!-~]++(?:[ ]++[!-~]++)*+")
# A line without anything that h11 would read in another way than it stands: folded, cut short, or with controls.
_LINE = rb"[!#$%&'*+.^_`|~0-9A-Za-z-]++:[\t -~\x80-\xff]*+\r\n"
_HEAD = re.compile(rb"HTTP/1\.1 ([2-5][0-9][0-9])(?: [ -~]*+)?+\r\n((?:" + _LINE + rb")++)\r\n")
_LENGTH = re.compile(rb"[0-9]{1,15}")
_WITHOUT_BODY = {204, 304}


class Head(NamedTuple):
    """The head of an answer: names in lower case. `length` is that of its body, `end` where its first byte stands."""

    status_code: int
    headers: Sequence[tuple[bytes, bytes]]
    length: int
    end: int
    keeps_open: bool


@dataclass(slots=True)
class Question:
    """A request, whose headers begin with the host; `written` is None where h11 has to write it.

    Raises h11.LocalProtocolError for what cannot be sent.
    """

    method: str
    target: bytes
    headers: Sequence[tuple[bytes, bytes]]
    written: bytes | None = field(init=False)
    _for_h11: h11.Request | None = field(init=False, default=None)

    def __post_init__(self) -> None:
        self.written = format_request(self.method, self.target, self.headers)
        if self.written is None:
            self.to_h11()

    def to_h11(self) -> h11.Request:
        """Return the request for h11."""
        if self._for_h11 is None:
            self._for_h11 = h11.Request(method=self.method, target=self.target, headers=list(self.headers))
        return self._for_h11


def format_request(method: str, target: bytes, headers: Sequence[tuple[bytes, bytes]]) -> bytes | None:
    """Return the bytes of a request without a body, as h11 writes it; None where it is not a usual one."""
    if method != "GET" or _TARGET.fullmatch(target) is None or headers[0][0] != b"Host":
        return None
    lines = [b"GET %b HTTP/1.1" % target]
    names = set()
    for name, value in headers:
        if name not in _NAMES or name in names or _VALUE.fullmatch(value) is None:
            return None
        names.add(name)
        lines.append(b"%b: %b" % (name, value))
    lines.append(b"\r\n")
    return b"\r\n".join(lines)


def parse_head(data: bytes) -> Head | None:
    """Parse the head with which some bytes begin; None where it is not whole, or not a usual one.

    A usual answer says how long its body is, or can have none.
    """
    matched = _HEAD.match(data)
    if matched is None:
        return None
    # Two lengths, a coding of the transfer and another protocol decide about the body in ways that h11 knows.
    status = int(matched[1])
    headers = []
    length: bytes | None = None
    keeps_open = True
    for line in matched[2].split(b"\r\n")[:-1]:
        name, _colon, value = line.partition(b":")
        name, value = name.lower(), value.strip(b" \t")
        headers.append((name, value))
        if name == b"content-length":
            if length is not None or _LENGTH.fullmatch(value) is None:
                return None
            length = value
        elif name in {b"transfer-encoding", b"upgrade"}:
            return None
        elif name == b"connection":
            keeps_open = keeps_open and b"close" not in map(bytes.strip, value.lower().split(b","))
    if status in _WITHOUT_BODY:
        length = b"0"
    return Head(status, headers, int(length), matched.end(), keeps_open) if length is not None else None
