"""Options of a webhook channel."""

from __future__ import annotations

from urllib.parse import urlsplit

from pydantic import SecretStr, field_validator

from watcher.channels.options_model import RetriedOptions
from watcher.text.written_values import Length, validate_secret_url


class WebhookOptions(RetriedOptions):
    """An address that takes JSON; with `secret` each request carries an HMAC-SHA256 signature."""

    url: SecretStr
    secret: SecretStr | None = None
    timeout: Length | None = None

    _valid_url = field_validator("url")(validate_secret_url)

    @property
    def recipients(self) -> tuple[str, ...]:
        return (urlsplit(self.url.get_secret_value()).hostname or "webhook",)
