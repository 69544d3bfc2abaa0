"""Asks a server for a JSON answer, within a bound of time and size; its key and address never reach an error."""

from __future__ import annotations

import json
import re
import ssl
import time
from functools import cache
from typing import Any

import httpx

from watcher.errors import TextServiceError
from watcher.inference.bounded_body import BodyTooLargeError, BodyTooSlowError, read_bounded_body

MAX_ANSWER_BYTES = 1 << 20
_ADDRESS = re.compile(r"https?://|www\.|<[a-z/!]", re.IGNORECASE)


def post_json(url: str, body: object, *, api_key: str | None, deadline: float) -> Any:
    """Return the answer to a POST of JSON; raises TextServiceError. `deadline` is a moment of time.monotonic()."""
    left = deadline - time.monotonic()
    if left <= 0:
        raise TextServiceError("did not answer in time")
    headers = {"Authorization": f"Bearer {api_key}"} if api_key else {}
    try:
        with (
            httpx.Client(timeout=left, follow_redirects=False, trust_env=False, verify=_tls_context()) as client,
            client.stream("POST", url, json=body, headers=headers) as response,
        ):
            answer = read_bounded_body(response, deadline=deadline, max_bytes=MAX_ANSWER_BYTES)
    except (httpx.TimeoutException, BodyTooSlowError) as error:
        raise TextServiceError("did not answer in time") from error
    except BodyTooLargeError as error:
        raise TextServiceError("answered too much") from error
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        # The library's message may hold the address, and the address a password.
        raise TextServiceError(f"cannot be reached ({type(error).__name__})") from error
    if response.status_code != 200:
        raise TextServiceError(f"answered HTTP {response.status_code}")
    try:
        return json.loads(answer)
    except (ValueError, RecursionError) as error:
        raise TextServiceError("answered something that is no JSON") from error


def holds_address(text: str) -> bool:
    """Return whether a text holds an address or markup, which no translation and no summary needs."""
    return _ADDRESS.search(text) is not None


@cache
def _tls_context() -> ssl.SSLContext:
    """Return the context of every request: reading the authorities takes longer than many answers."""
    return httpx.create_ssl_context(trust_env=False)
