"""Any server with an OpenAI-compatible `/v1/embeddings`: Ollama, vLLM, TEI, a cloud.

What the server answers is checked before it is used: a vector of another length, or one that is no number, would
silently spoil every comparison from then on.
"""

from __future__ import annotations

import json
import math
import threading
import time
from collections.abc import Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit, urlunsplit

import httpx

from watcher.errors import EncoderFault, EncoderUnavailable
from watcher.inference.bounded_body import BodyTooLargeError, BodyTooSlowError, read_bounded_body
from watcher.inference.encoder import SERVER_PREFIX, BatchRefusedError, clean_text, encode_in_pieces, split_batches
from watcher.text.http_headers import parse_retry_after
from watcher.text.lines import one_line

if TYPE_CHECKING:
    from watcher.inference.encoder import Vectors

BATCH_TEXTS = 64
BATCH_CHARACTERS = 64_000
ANSWER_SECONDS = 60.0
"""For a whole answer, however slowly it arrives."""
MAX_ANSWER_BYTES = 32 * 2**20
MAX_DIMENSIONS = 8_192
RETRY_AFTER = timedelta(minutes=1)
REFUSED_AFTER = timedelta(minutes=15)
"""A wrong key or address, or answers that are no vectors, need a person."""
MAX_RETRY_AFTER = timedelta(hours=6)
_ABOUT_TEXTS = frozenset({400, 413, 422})
_ABOUT_SETUP = frozenset({301, 302, 303, 307, 308, 401, 402, 403, 404, 405, 407, 410})
_PROBE_TEXT = "News"
_MASK = "***"


class OpenAIEncoder:
    """Asks a server for vectors. Its address may end in `/v1` or `/embeddings`, or be a host alone.

    The OpenAI API knows no difference between passages and queries, so both are sent as they are.
    """

    def __init__(
        self, url: str, model: str, *, api_key: str | None = None, timeout_seconds: float = ANSWER_SECONDS
    ) -> None:
        self._url = _complete_url(url)
        self._model = model
        self._api_key = api_key
        self._timeout = timeout_seconds
        self._dimensions: int | None = None
        self._use = threading.Lock()
        self._client = httpx.Client(
            timeout=httpx.Timeout(timeout_seconds, connect=min(10.0, timeout_seconds)),
            headers={"Authorization": f"Bearer {api_key}"} if api_key else None,
            follow_redirects=False,
        )

    @property
    def name(self) -> str:
        """The model as the server calls it; which server that is changes nothing about its vectors."""
        return SERVER_PREFIX + self._model

    @property
    def dimensions(self) -> int:
        """The length of a vector, from the first answer; raises EncoderUnavailable."""
        if self._dimensions is None:
            self._encode([_PROBE_TEXT])
        assert self._dimensions is not None
        return self._dimensions

    def encode_passages(self, texts: Sequence[str]) -> Vectors:
        """Return a unit row for each text that is searched in; raises EncoderUnavailable, EncoderFault."""
        return self._encode(texts)

    def encode_queries(self, texts: Sequence[str]) -> Vectors:
        """Return a unit row for each text that is searched for; raises EncoderUnavailable, EncoderFault."""
        return self._encode(texts)

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def _encode(self, texts: Sequence[str]) -> Vectors:
        import numpy as np

        # A server may refuse an empty text, which some items have.
        cleaned = [clean_text(text).strip() or "-" for text in texts]
        parts: list[Vectors] = []
        with self._use:
            for batch in split_batches(cleaned, BATCH_TEXTS, BATCH_CHARACTERS):
                parts += self._encode_batch(cleaned, batch)
        return np.concatenate(parts) if parts else np.empty((0, self._dimensions or 0), np.float32)

    def _encode_batch(self, texts: Sequence[str], batch: range) -> list[Vectors]:
        """Return a batch's rows; raises EncoderFault with the positions of those that are refused."""
        part = texts[batch.start : batch.stop]
        try:
            return [self._request_rows(part)]
        except BatchRefusedError as error:
            try:
                return encode_in_pieces(self._request_rows, part, str(error))
            except EncoderFault as fault:
                positions = tuple(batch.start + position for position in fault.positions)
                raise EncoderFault(fault.reason, positions) from error

    def _request_rows(self, texts: Sequence[str]) -> Vectors:
        """Return the rows of one request; raises BatchRefusedError where the texts are refused."""
        request = {"model": self._model, "input": list(texts), "encoding_format": "float"}
        try:
            with self._client.stream("POST", self._url, json=request) as response:
                deadline = time.monotonic() + self._timeout
                body = read_bounded_body(response, deadline=deadline, max_bytes=MAX_ANSWER_BYTES)
        except BodyTooSlowError as error:
            raise EncoderUnavailable("the embeddings server did not answer in time", RETRY_AFTER) from error
        except BodyTooLargeError as error:
            raise EncoderUnavailable("the embeddings server answered too much", REFUSED_AFTER) from error
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            # The address may hold a password; the library's message may hold the address.
            what = "did not answer in time" if isinstance(error, httpx.TimeoutException) else "cannot be reached"
            raise EncoderUnavailable(f"the embeddings server {what} ({type(error).__name__})", RETRY_AFTER) from error
        if response.status_code != 200:
            raise self._judge_status(response, body)
        rows = _read_vectors(body, len(texts))
        if self._dimensions is not None and rows.shape[1] != self._dimensions:
            reason = f"the embeddings server answered {rows.shape[1]} dimensions instead of {self._dimensions}"
            raise EncoderUnavailable(reason, REFUSED_AFTER)
        self._dimensions = rows.shape[1]
        return rows

    def _judge_status(self, response: httpx.Response, body: bytes) -> EncoderUnavailable | BatchRefusedError:
        """Return what a status other than 200 means for the texts and for the server."""
        answer = body.decode("utf-8", "replace")
        if self._api_key:
            answer = answer.replace(self._api_key, _MASK)
        reason = f"the embeddings server answered HTTP {response.status_code} {one_line(answer, 120)}".strip()
        if response.status_code in _ABOUT_TEXTS:
            return BatchRefusedError(reason)
        wait = parse_retry_after(response.headers.get("retry-after", ""), response.headers.get("date", ""))
        usual = REFUSED_AFTER if response.status_code in _ABOUT_SETUP else RETRY_AFTER
        return EncoderUnavailable(reason, min(wait, MAX_RETRY_AFTER) if wait is not None else usual)


def _complete_url(url: str) -> str:
    parts = urlsplit(url)
    path = parts.path.rstrip("/")
    if not path.endswith("/embeddings"):
        path = f"{path or '/v1'}/embeddings"
    return urlunsplit(parts._replace(path=path))


def _read_vectors(body: bytes, count: int) -> Vectors:
    """Return unit rows in the order of the texts; raises EncoderUnavailable for anything else than `count` vectors."""
    import numpy as np

    try:
        vectors = _sort_vectors(json.loads(body)["data"], count)
        rows = np.array(vectors, np.float64)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        detail = str(error) if isinstance(error, _NoVectorsError) else "no list of vectors"
        raise EncoderUnavailable(f"the embeddings server answered {detail}", REFUSED_AFTER) from error
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    if not (np.isfinite(lengths).all() and (lengths > 0).all()):
        raise EncoderUnavailable("the embeddings server answered vectors that are no numbers", REFUSED_AFTER)
    unit: Vectors = (rows / lengths).astype(np.float32)
    return unit


class _NoVectorsError(ValueError):
    """An answer that is well-formed and not what was asked for."""


def _sort_vectors(data: Any, count: int) -> list[list[Any]]:
    """Return the vectors by their `index`, where the server states it (some leave it out); raises ValueError."""
    if not isinstance(data, list) or len(data) != count:
        raise _NoVectorsError(f"{len(data) if isinstance(data, list) else 'no'} vectors for {count} texts")
    # Every item is checked: one vector of another length or with one NaN would spoil each comparison it takes part in.
    places = [item.get("index", position) for position, item in enumerate(data)]
    if sorted(places) != list(range(count)):
        raise _NoVectorsError("vectors for other texts than those sent")
    vectors: list[list[Any]] = [[]] * count
    for place, item in zip(places, data, strict=True):
        vectors[place] = item["embedding"]
    lengths = {len(vector) for vector in vectors}
    if len(lengths) != 1 or not 0 < max(lengths) <= MAX_DIMENSIONS:
        raise _NoVectorsError("vectors of different lengths")
    if not all(isinstance(number, int | float) and math.isfinite(number) for vector in vectors for number in vector):
        raise _NoVectorsError("vectors that are no numbers")
    return vectors
