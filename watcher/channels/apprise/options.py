"""Options of an Apprise channel."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, field_validator

from watcher.channels.options_model import OptionsModel


class AppriseOptions(OptionsModel):
    """Addresses of services; they hold keys and count as secrets. A recipient is a service and a number (`tgram-2`)."""

    urls: tuple[SecretStr, ...] = Field(min_length=1)

    @property
    def recipients(self) -> tuple[str, ...]:
        return tuple(f"{urlsplit(url.get_secret_value()).scheme}-{n}" for n, url in enumerate(self.urls, 1))

    def find_url(self, recipient: str) -> str | None:
        """Return the address of a recipient; None where it is no longer configured."""
        number = recipient.rpartition("-")[2]
        index = int(number) - 1 if number.isdigit() else 0
        return self.urls[index].get_secret_value() if 0 <= index < len(self.urls) else None

    @field_validator("urls", mode="before")
    @classmethod
    def _accept_one(cls, value: Any) -> Any:
        return [value] if isinstance(value, str) else value

    @field_validator("urls")
    @classmethod
    def _validate_urls(cls, secrets: tuple[SecretStr, ...]) -> tuple[SecretStr, ...]:
        for secret in secrets:
            if not urlsplit(secret.get_secret_value()).scheme:
                raise ValueError("an Apprise address begins with its service and ://")
        return secrets
