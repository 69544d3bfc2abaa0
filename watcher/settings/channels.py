"""What each kind of channel needs, and where its secrets are."""

from __future__ import annotations

import re
from typing import Any, Literal
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, field_validator, model_validator

from watcher.model.digest import ChannelKind
from watcher.settings.schema import Section, read_names
from watcher.settings.value_types import Length, Strings, read_http_url
from watcher.text.idn import encode_address

_ADDRESS = re.compile(r"[^\s@<>,;]+@[^\s@<>,;]+")


def read_secret_url(secret: SecretStr | None) -> SecretStr | None:
    """Accept a secret that is an http(s) address, never repeating it. Raises ValueError."""
    if secret is not None:
        try:
            read_http_url(secret.get_secret_value())
        except ValueError:
            raise ValueError("is no http(s) address") from None
    return secret


class ChannelSection(Section):
    """What a channel of any kind may say; `formerly` are names that it had before."""

    formerly: Strings = ()

    _named = field_validator("formerly")(read_names)


class Email(ChannelSection):
    """SMTP. One message for each recipient."""

    host: str = Field(min_length=1)
    port: int = Field(587, ge=1, le=65535)
    security: Literal["starttls", "tls", "none"] = "starttls"
    username: str | None = None
    password: SecretStr | None = None
    sender: str
    to: Strings = Field(min_length=1)
    reply_to: str | None = None
    timeout: Length | None = None
    on_uncertain: Literal["resend", "drop"] = "resend"

    @field_validator("sender", "reply_to")
    @classmethod
    def _an_address(cls, text: str | None) -> str | None:
        if text is None:
            return None
        bare = re.sub(r"^[^<>\r\n]*<([^<>]+)>$", r"\1", text.strip())
        if not _ADDRESS.fullmatch(bare):
            raise ValueError(f"{text!r} is no mail address: write name@host or Name <name@host>")
        encode_address(bare)
        return text

    @field_validator("to")
    @classmethod
    def _addresses(cls, texts: tuple[str, ...]) -> tuple[str, ...]:
        for text in texts:
            if not _ADDRESS.fullmatch(text.strip()):
                raise ValueError(f"{text!r} is no mail address")
            encode_address(text.strip())
        return tuple(dict.fromkeys(text.strip() for text in texts))


class Slack(ChannelSection):
    """Slack: an incoming webhook, or a bot's token and a conversation."""

    webhook_url: SecretStr | None = None
    token: SecretStr | None = None
    channel: str | None = None
    api_url: str | None = None
    on_uncertain: Literal["resend", "drop"] = "resend"

    _url = field_validator("webhook_url")(read_secret_url)

    @model_validator(mode="after")
    def _one_way(self) -> Slack:
        if (self.webhook_url is None) == (self.token is None):
            raise ValueError("needs either `webhook_url`, or `token` and `channel`")
        if self.token is not None and not self.channel:
            raise ValueError("`token` needs a `channel` to post to")
        return self


class File(ChannelSection):
    """Digests as files; a relative folder counts from the state folder (`var`)."""

    folder: str = "digests"
    formats: Strings = ("html", "text")

    @field_validator("formats")
    @classmethod
    def _known(cls, texts: tuple[str, ...]) -> tuple[str, ...]:
        for text in texts:
            if text not in ("html", "text", "markdown", "json"):
                raise ValueError(f"{text!r} is none of html, text, markdown, json")
        return texts


class Webhook(ChannelSection):
    """A POST of JSON; with `secret` it carries an HMAC-SHA256 signature."""

    url: SecretStr
    secret: SecretStr | None = None
    timeout: Length | None = None
    on_uncertain: Literal["resend", "drop"] = "resend"

    _url = field_validator("url")(read_secret_url)


class Apprise(ChannelSection):
    """Everything that Apprise can reach; the addresses hold keys and count as secrets."""

    urls: tuple[SecretStr, ...] = Field(min_length=1)

    @field_validator("urls", mode="before")
    @classmethod
    def _one_or_many(cls, value: Any) -> Any:
        return [value] if isinstance(value, str) else value

    @field_validator("urls")
    @classmethod
    def _addresses(cls, secrets: tuple[SecretStr, ...]) -> tuple[SecretStr, ...]:
        for secret in secrets:
            if not urlsplit(secret.get_secret_value()).scheme:
                raise ValueError("an Apprise address begins with its service and ://")
        return secrets


KINDS: dict[ChannelKind, type[ChannelSection]] = {
    ChannelKind.EMAIL: Email,
    ChannelKind.SLACK: Slack,
    ChannelKind.FILE: File,
    ChannelKind.WEBHOOK: Webhook,
    ChannelKind.APPRISE: Apprise,
}


def recipients(options: ChannelSection) -> tuple[str, ...]:
    """Name who a channel reaches, as the outbox counts them: one delivery for each. Never a secret."""
    match options:
        case Email(to=to):
            return to
        case Slack(channel=str(channel)):
            return (channel,)
        case File(folder=folder):
            return (folder,)
        case Webhook(url=url):
            return (urlsplit(url.get_secret_value()).hostname or "webhook",)
        case Apprise(urls=urls):
            return tuple(f"{urlsplit(url.get_secret_value()).scheme}-{n}" for n, url in enumerate(urls, 1))
        case _:
            return ("slack",)


def bare(options: ChannelSection) -> dict[str, object]:
    """Give the options as the senders take them: secrets as plain text, absent ones left out."""
    return {name: _bare(value) for name, value in options if value is not None and name != "formerly"}


def _bare(value: object) -> object:
    if isinstance(value, SecretStr):
        return value.get_secret_value()
    if isinstance(value, tuple):
        return tuple(_bare(each) for each in value)
    return value
