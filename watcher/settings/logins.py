"""How people log in besides by password: a proxy's header, and OpenID Connect."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping
from typing import Literal
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, field_validator

from watcher.model.role import Role
from watcher.text.written_values import HttpUrl, Section, Strings

_HEADER = re.compile(r"[A-Za-z][A-Za-z0-9-]{0,63}")
_OTHERS = frozenset({"authorization", "cookie", "host", "forwarded", "origin", "content-type", "content-length"})
FirstRole = Literal["reader", "editor", "admin", "none"]


class Login(Section):
    """Who logs in how. `header` is believed from `web.trusted_proxies` alone.

    `required` asks for a login although no password or token is configured: that of people in the database.
    `first_role` is that of somebody whom the proxy names for the first time; `none` keeps such people out.
    """

    header: str | None = None
    first_role: FirstRole = "reader"
    required: bool = False

    @field_validator("header")
    @classmethod
    def _own_header(cls, name: str | None) -> str | None:
        if name is not None and (
            not _HEADER.fullmatch(name) or name.lower() in _OTHERS or name.lower().startswith("x-forwarded-")
        ):
            raise ValueError("must be the name of a header of its own, such as X-Remote-User")
        return name


class Oidc(Section):
    """An issuer of OpenID Connect. `roles` says which role a value of `role_claim` stands for; the highest counts."""

    issuer: HttpUrl
    client_id: str = Field(min_length=1, max_length=500)
    client_secret: SecretStr | None = None
    scopes: Strings = ("openid", "profile")
    name_claim: str = Field("preferred_username", min_length=1, max_length=100)
    role_claim: str | None = Field(None, min_length=1, max_length=100)
    roles: Mapping[str, Role] = Field(default_factory=dict)
    first_role: FirstRole = "reader"
    title: str = Field("single sign-on", min_length=1, max_length=60)

    @field_validator("issuer")
    @classmethod
    def _protected(cls, url: str) -> str:
        if not is_protected(url):
            raise ValueError("must begin with https: (http: only on this machine)")
        return url

    @field_validator("scopes")
    @classmethod
    def _with_openid(cls, scopes: tuple[str, ...]) -> tuple[str, ...]:
        if "openid" not in scopes:
            raise ValueError("must have `openid` among them")
        return scopes


def is_protected(url: str) -> bool:
    """Return whether nobody between here and an address can read or change what is sent: https, or this machine."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    try:
        is_own = ipaddress.ip_address(host).is_loopback
    except ValueError:
        is_own = host == "localhost" or host.endswith(".localhost")
    return bool(host) and (parts.scheme == "https" or (parts.scheme == "http" and is_own))


def get_first_role(first_role: FirstRole) -> Role | None:
    """Return the role of somebody who comes for the first time, None where such people stay out."""
    return None if first_role == "none" else Role(first_role)
