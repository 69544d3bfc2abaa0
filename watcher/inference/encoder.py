"""What every encoder does, and how refused texts are distinguished from an encoder that is unavailable."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Protocol, TypeAlias

from watcher.errors import EncoderFault, EncoderUnavailable

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Vectors: TypeAlias = NDArray[np.float32]

MAX_TEXT_CHARACTERS = 4_000
"""What is longer is cut: models read 512 tokens, and a long text costs time without saying more."""
SERVER_PREFIX = "openai/"
"""What the name of a model begins with that a server has."""
_PROBE_TEXT = "The council approved the budget on Tuesday."


class Encoder(Protocol):
    """Turns texts into unit vectors of `dimensions` numbers; one thread at a time may use it.

    Vectors of encoders with different names cannot be compared.
    """

    @property
    def name(self) -> str:
        """The engine and the model, which decide what a vector means."""
        ...

    @property
    def dimensions(self) -> int:
        """The length of a vector; raises EncoderUnavailable where it is not known before the first answer."""
        ...

    def encode_passages(self, texts: Sequence[str]) -> Vectors:
        """Return a row for each text that is searched in; raises EncoderUnavailable, EncoderFault."""
        ...

    def encode_queries(self, texts: Sequence[str]) -> Vectors:
        """Return a row for each text that is searched for; raises EncoderUnavailable, EncoderFault."""
        ...

    def close(self) -> None:
        """Release what the encoder holds; it may not be used afterwards."""
        ...


class BatchRefusedError(Exception):
    """A batch could not be encoded, and one of its texts may be the reason."""


def clean_text(text: str) -> str:
    """Return a text as an encoder can take it: bounded, without NUL (it ends a C string) and without surrogates."""
    bounded = text[:MAX_TEXT_CHARACTERS].replace("\0", " ")
    return bounded.encode("utf-8", "replace").decode("utf-8")


def split_batches(texts: Sequence[str], most_texts: int, most_characters: int) -> list[range]:
    """Return the positions of the texts in batches that are bounded in number and in characters."""
    batches: list[range] = []
    start = characters = 0
    for position, text in enumerate(texts):
        is_full = position - start == most_texts or characters + len(text) > most_characters
        if position > start and is_full:
            batches.append(range(start, position))
            start, characters = position, 0
        characters += len(text)
    if start < len(texts):
        batches.append(range(start, len(texts)))
    return batches


def encode_in_pieces(encode: Callable[[Sequence[str]], Vectors], texts: Sequence[str], reason: str) -> list[Vectors]:
    """Return the rows of a refused batch, in order, by halving it until each piece is accepted.

    Raises EncoderFault with the texts that are refused alone, and EncoderUnavailable where a harmless text is refused
    as well: then it is the encoder that does not work. `encode` raises BatchRefusedError, or EncoderUnavailable.
    """
    try:
        encode([_PROBE_TEXT])
    except BatchRefusedError as error:
        raise EncoderUnavailable(reason) from error
    faulty: list[int] = []
    pieces: list[Vectors] = []
    waiting = [range(len(texts))]
    while waiting:
        positions = waiting.pop()
        try:
            pieces.append(encode([texts[position] for position in positions]))
        except BatchRefusedError:
            if len(positions) == 1:
                faulty += positions
                continue
            middle = len(positions) // 2
            # The first half lies on top, so that rows stay in the order of the texts.
            waiting += [positions[middle:], positions[:middle]]
    if faulty:
        raise EncoderFault(reason, tuple(faulty))
    return pieces
