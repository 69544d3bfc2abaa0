"""Requests to an issuer whose answers are bounded: a server that answers in its place must not fill the memory."""

from __future__ import annotations

from collections.abc import AsyncIterator
from functools import cache
from importlib import import_module
from types import ModuleType
from typing import Any

MAX_ANSWER_BYTES = 1_000_000
"""Far more than an issuer's addresses, keys, tokens and facts about a person take."""


@cache
def find_http_library() -> ModuleType:
    """Return the library with which authlib asks an issuer: httpx2, or httpx."""
    from authlib.integrations.httpx_client import AsyncOAuth2Client

    client = next(base for base in AsyncOAuth2Client.__mro__ if base.__name__ == "AsyncClient")
    return import_module(client.__module__.partition(".")[0])


@cache
def _get_transport_type() -> type[Any]:
    library = find_http_library()

    class BoundedStream(library.AsyncByteStream):  # type: ignore[name-defined, misc]
        def __init__(self, stream: Any, request: Any) -> None:
            self._stream = stream
            self._request = request

        async def __aiter__(self) -> AsyncIterator[bytes]:
            size = 0
            async for part in self._stream:
                size += len(part)
                if size > MAX_ANSWER_BYTES:
                    raise library.ReadError(f"more than {MAX_ANSWER_BYTES} bytes", request=self._request)
                yield part

        async def aclose(self) -> None:
            await self._stream.aclose()

    class BoundedTransport(library.AsyncHTTPTransport):  # type: ignore[name-defined, misc]
        async def handle_async_request(self, request: Any) -> Any:
            # A compressed answer could be a thousand times as large as what is counted.
            request.headers["Accept-Encoding"] = "identity"
            answer = await super().handle_async_request(request)
            if answer.headers.get("Content-Encoding", "identity").lower() != "identity":
                await answer.aclose()
                raise library.DecodingError("a compressed answer, which was not asked for", request=request)
            answer.stream = BoundedStream(answer.stream, request)
            return answer

    return BoundedTransport


def open_transport() -> Any:
    """Return a transport of authlib's HTTP library; what is too large or compressed raises an error of its."""
    return _get_transport_type()(trust_env=False)
