"""Options of a Slack channel."""

from __future__ import annotations

from typing import Self

from pydantic import SecretStr, field_validator, model_validator

from watcher.channels.options_model import RetriedOptions
from watcher.text.written_values import validate_secret_url


class SlackOptions(RetriedOptions):
    """An incoming webhook, or a bot's token and a conversation."""

    webhook_url: SecretStr | None = None
    token: SecretStr | None = None
    channel: str | None = None
    api_url: str | None = None

    _valid_url = field_validator("webhook_url")(validate_secret_url)

    @property
    def recipients(self) -> tuple[str, ...]:
        return (self.channel if self.channel is not None else "slack",)

    @property
    def can_find_sent(self) -> bool:
        return self.token is not None

    @property
    def secrets(self) -> tuple[str, ...]:
        # The address of a proxy for the API may hold a key in its path.
        return (*super().secrets, *((self.api_url,) if self.api_url else ()))

    @model_validator(mode="after")
    def _validate_destination(self) -> Self:
        if (self.webhook_url is None) == (self.token is None):
            raise ValueError("needs either `webhook_url`, or `token` and `channel`")
        if self.token is not None and not self.channel:
            raise ValueError("`token` needs a `channel` to post to")
        return self
