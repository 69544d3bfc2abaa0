"""Reads `translate` and `summarise` of watcher.yaml: the servers that translate headlines and summarise stories."""

from __future__ import annotations

from datetime import timedelta

from pydantic import Field, SecretStr

from watcher.model.text_service import TextServiceOptions
from watcher.text.written_values import HttpUrl, Length, Section

LANGUAGE = r"^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*$"


class WrittenTranslate(Section):
    """A server that translates headlines: LibreTranslate, or with `model` an OpenAI-compatible chat endpoint."""

    url: HttpUrl | None = None
    model: str | None = Field(None, min_length=1, max_length=200)
    api_key: SecretStr | None = None
    to: str = Field("en", pattern=LANGUAGE)
    timeout: Length = Field(timedelta(seconds=20), ge=timedelta(seconds=1), le=timedelta(minutes=5))


class WrittenSummarise(WrittenTranslate):
    """An OpenAI-compatible chat endpoint that summarises stories; off without it."""


def build_text_service(written: WrittenTranslate) -> TextServiceOptions | None:
    """Return a server's options; None where none is configured."""
    if written.url is None:
        return None
    return TextServiceOptions(
        url=str(written.url),
        model=written.model,
        api_key=written.api_key.get_secret_value() if written.api_key is not None else None,
        to=written.to,
        timeout=written.timeout,
    )
