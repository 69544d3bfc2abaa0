"""The encoder that a command or a request opens for its own texts: one at a time in a process."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import TYPE_CHECKING

from watcher.errors import BusyError
from watcher.model.encoder import EncoderOptions

if TYPE_CHECKING:
    from watcher.inference import Encoder

ENCODER_WAIT = timedelta(seconds=10)
"""How long a text waits for another one to be encoded before it is refused."""
_encoding = threading.Lock()
"""Held while texts are encoded: each encoder is a process of its own, so one at a time bounds memory."""


@contextmanager
def open_text_encoder(options: EncoderOptions, *, serving: str | None = None) -> Iterator[Encoder | None]:
    """Open the configured encoder for a few texts, or that of the `serving` model; None where there is none.

    While another model is built, texts are compared by the one that still serves. Raises BusyError where others are
    being encoded for too long.
    """
    from watcher.inference.open_encoder import open_encoder, open_encoder_of

    encoder = open_encoder(options)
    if encoder is not None and serving not in (None, encoder.name):
        former = open_encoder_of(serving or "", options)
        if former is not None:
            encoder.close()
            encoder = former
    if encoder is None:
        yield None
        return
    if not _encoding.acquire(timeout=ENCODER_WAIT.total_seconds()):
        raise BusyError("Other texts are being compared. Try again in a few seconds.", 10)
    try:
        yield encoder
    finally:
        _encoding.release()
        encoder.close()
