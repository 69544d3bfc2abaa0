"""Reads the body of an answer within a bound of time and size."""

from __future__ import annotations

import time

import httpx


class BodyTooSlowError(Exception):
    """The body did not end before its deadline."""


class BodyTooLargeError(Exception):
    """The body is larger than what is read of it."""


def read_bounded_body(response: httpx.Response, *, deadline: float, max_bytes: int) -> bytes:
    """Read a body; `deadline` is a moment of time.monotonic(). Raises BodyTooSlowError and BodyTooLargeError."""
    body = bytearray()
    for part in response.iter_bytes():
        body += part
        if time.monotonic() > deadline:
            raise BodyTooSlowError
        if len(body) > max_bytes:
            raise BodyTooLargeError
    return bytes(body)
