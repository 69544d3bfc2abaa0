"""Vectors of texts that are measured again and again, kept in a file by text and model."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path

import numpy as np

from watcher.inference import Encoder
from watcher.meaning.vectors import Rows, decode_vectors, encode_vector

BATCH_TEXTS = 64
_KEY_BYTES = 16
_Progress = Callable[[int, int], None]


class VectorCache:
    """Encodes texts, each once for a model. The file is a list of records, a text's hash and its bytes; a record that
    was cut off by a crash is left out. A folder that cannot be written to costs time and nothing else."""

    def __init__(self, folder: Path, encoder: Encoder) -> None:
        self._encoder = encoder
        name = hashlib.blake2b(encoder.name.encode(), digest_size=8).hexdigest()
        self._file = folder / f"{name}-{encoder.dimensions}.vectors"
        self._vectors = dict(self._read())

    def encode(self, texts: Sequence[str], on_progress: _Progress | None = None) -> Rows:
        """Return a unit row for each text, as it would be restored from the database.

        `on_progress` gets how many new texts are encoded, and of how many. Raises EncoderUnavailable, EncoderFault.
        """
        missing = [text for text in dict.fromkeys(texts) if _hash_text(text) not in self._vectors]
        for start in range(0, len(missing), BATCH_TEXTS):
            batch = missing[start : start + BATCH_TEXTS]
            rows = self._encoder.encode_queries(batch)
            self._add([(_hash_text(text), encode_vector(row)) for text, row in zip(batch, rows, strict=True)])
            if on_progress is not None:
                on_progress(start + len(batch), len(missing))
        if not texts:
            return np.empty((0, self._encoder.dimensions), np.float32)
        return decode_vectors([self._vectors[_hash_text(text)] for text in texts])

    def _read(self) -> Iterator[tuple[bytes, bytes]]:
        size = _KEY_BYTES + self._encoder.dimensions
        with suppress(OSError):
            data = self._file.read_bytes()
            for start in range(0, len(data) - size + 1, size):
                yield data[start : start + _KEY_BYTES], data[start + _KEY_BYTES : start + size]

    def _add(self, records: Sequence[tuple[bytes, bytes]]) -> None:
        self._vectors.update(records)
        with suppress(OSError):
            self._file.parent.mkdir(parents=True, exist_ok=True)
            with self._file.open("ab") as file:
                # What a crash cut off would shift every record after it.
                file.truncate(file.tell() - file.tell() % (_KEY_BYTES + self._encoder.dimensions))
                file.write(b"".join(key + vector for key, vector in records))


def _hash_text(text: str) -> bytes:
    return hashlib.blake2b(text.encode("utf-8", "replace"), digest_size=_KEY_BYTES).digest()
