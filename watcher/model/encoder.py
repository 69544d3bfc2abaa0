"""The encoder that turns texts into vectors, and how it is configured."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class EncoderEngine(StrEnum):
    """What turns texts into vectors: the encoder that is installed, a server, or nothing."""

    BUNDLED = "bundled"
    OPENAI = "openai"
    NONE = "none"


@dataclass(frozen=True, slots=True, kw_only=True)
class EncoderOptions:
    """How the encoder is configured. `url`, `model` and `api_key` are those of a server that speaks the OpenAI API.

    `cpu` is the share of one core that reading for meaning may take while other work waits. `timezone` names the zone
    in which a day of proposals begins and ends. `is_default` says that nobody chose the engine.
    """

    engine: EncoderEngine = EncoderEngine.NONE
    url: str | None = None
    model: str | None = None
    api_key: str | None = None
    cpu: float = 0.5
    timezone: str = "UTC"
    is_default: bool = True

    def __repr__(self) -> str:
        # The key is secret, and the address may hold a password.
        return f"EncoderOptions(engine={self.engine.value!r}, model={self.model!r}, cpu={self.cpu})"


@dataclass(frozen=True, slots=True, kw_only=True)
class EncoderModel:
    """A model whose vectors are comparable with each other: `name` includes its version."""

    name: str
    dimensions: int
