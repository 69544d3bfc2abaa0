"""The server that writes texts, as configured."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class TextServiceOptions:
    """A server that writes texts: an OpenAI-compatible chat endpoint with a `model`, else LibreTranslate.

    `to` is the reader's language. `timeout` bounds everything that is asked for one digest.
    """

    url: str
    model: str | None = None
    api_key: str | None = None
    to: str = "en"
    timeout: timedelta = timedelta(seconds=20)

    @property
    def name(self) -> str:
        """What names the service in the cache and beside its texts."""
        return self.model or "libretranslate"

    def __repr__(self) -> str:
        # The key is secret, and the address may hold a password.
        return f"TextServiceOptions(model={self.model!r}, to={self.to!r})"
