"""Options of a pager."""

from __future__ import annotations

from pydantic import Field, SecretStr, field_validator

from watcher.channels.base import RetriedOptions
from watcher.text.written_values import validate_secret_url


class PagerOptions(RetriedOptions):
    """A gateway, its key, and a number of up to `length` characters."""

    gateway: SecretStr
    key: SecretStr
    number: str = Field(min_length=3)
    length: int = Field(160, ge=20, le=1000)

    _valid_gateway = field_validator("gateway")(validate_secret_url)

    @property
    def recipients(self) -> tuple[str, ...]:
        return (self.number,)
