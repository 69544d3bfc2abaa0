"""Options of an e-mail channel."""

from __future__ import annotations

import re
from typing import Literal

from pydantic import Field, SecretStr, field_validator

from watcher.channels.options_model import RetriedOptions
from watcher.text.idn import encode_domain, validate_address, validate_addresses
from watcher.text.written_values import Length, Strings


class EmailOptions(RetriedOptions):
    """An SMTP server, who sends, and to whom: one message for each recipient."""

    host: str = Field(min_length=1)
    port: int = Field(587, ge=1, le=65535)
    security: Literal["starttls", "tls", "none"] = "starttls"
    username: str | None = None
    password: SecretStr | None = None
    sender: str
    to: Strings = Field(min_length=1)
    reply_to: str | None = None
    timeout: Length | None = None

    _addressed = field_validator("to")(validate_addresses)

    @property
    def recipients(self) -> tuple[str, ...]:
        return self.to

    @property
    def identity_domain(self) -> str:
        domain = encode_domain(self.sender.rpartition("@")[2].strip("> "))
        return domain or super().identity_domain

    @field_validator("sender", "reply_to")
    @classmethod
    def _validate_mailbox(cls, text: str | None) -> str | None:
        if text is None:
            return None
        address = re.sub(r"^[^<>\r\n]*<([^<>]+)>$", r"\1", text.strip())
        try:
            validate_address(address)
        except ValueError as error:
            raise ValueError(f"{error}: write name@host or Name <name@host>") from error
        return text
