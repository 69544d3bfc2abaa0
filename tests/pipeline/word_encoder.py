"""A small encoder for tests: texts that share words have similar vectors, whatever the words mean."""

from __future__ import annotations

import re
import zlib
from collections.abc import Sequence
from datetime import timedelta

import numpy as np

from watcher.errors import EncoderFault, EncoderUnavailable
from watcher.meaning.vectors import Rows, normalize

DIMENSIONS = 64


class WordEncoder:
    """Adds up a fixed random direction for each word. `unavailable` stands for a server that is away."""

    def __init__(self, name: str = "words-1", *, dimensions: int = DIMENSIONS) -> None:
        self.name = name
        self.dimensions = dimensions
        self.unavailable = ""
        self.refused = ""
        self.texts: list[str] = []
        self.is_closed = False

    def encode_passages(self, texts: Sequence[str]) -> Rows:
        """Return a unit row for each text."""
        if self.unavailable:
            raise EncoderUnavailable(self.unavailable, timedelta(seconds=60))
        if self.refused and (places := tuple(n for n, text in enumerate(texts) if self.refused in text)):
            raise EncoderFault("cannot be read", places)
        self.texts += texts
        return np.stack([self._encode(text) for text in texts]) if texts else np.empty((0, self.dimensions), np.float32)

    encode_queries = encode_passages

    def close(self) -> None:
        """Note that nobody needs it any more."""
        self.is_closed = True

    def _encode(self, text: str) -> Rows:
        words = re.findall(r"\w+", text.lower()) or ["nothing"]
        seeds = [zlib.crc32(f"{self.name} {word}".encode()) for word in words]
        directions = [np.random.default_rng(seed).normal(size=self.dimensions) for seed in seeds]
        shared = np.random.default_rng(7).normal(size=self.dimensions)
        return normalize((np.sum(directions, axis=0) + shared).astype(np.float32))
