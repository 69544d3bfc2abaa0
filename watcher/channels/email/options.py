"""Options of an e-mail channel."""

from __future__ import annotations

import re
from typing import Literal

from pydantic import Field, SecretStr, field_validator

from watcher.channels.base import RetriedOptions
from watcher.text.idn import encode_address, encode_domain
from watcher.text.written_values import Length, Strings

_ADDRESS = re.compile(r"[^\s@<>,;]+@[^\s@<>,;]+")


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
        if not _ADDRESS.fullmatch(address):
            raise ValueError(f"{text!r} is no mail address: write name@host or Name <name@host>")
        encode_address(address)
        return text

    @field_validator("to")
    @classmethod
    def _validate_addresses(cls, texts: tuple[str, ...]) -> tuple[str, ...]:
        for text in texts:
            if not _ADDRESS.fullmatch(text.strip()):
                raise ValueError(f"{text!r} is no mail address")
            encode_address(text.strip())
        return tuple(dict.fromkeys(text.strip() for text in texts))
