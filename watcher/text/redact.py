"""Keeps secrets out of what is shown: logins and tokens in addresses, and addresses inside other text."""

from __future__ import annotations

import re
from collections.abc import Iterable
from urllib.parse import unquote, urlsplit

from watcher.text.secret_patterns import MASK, mask_secrets

HIDDEN = MASK
SHORTEST_SECRET = 4
"""Characters; what is shorter stands in any text by chance."""

# Parameters that carry a secret, alone or as the end of a longer name: `token`, `feed_token`, `X-Amz-Signature`.
_NAME = (
    r"(?:[\w.%-]*[_.-])?(?:key|auth|pw|pwd|pass|passwd|passphrase|sig|credentials?|jwt)"
    r"|[\w.%-]*(?:token|secret|password|signature)"
    r"|[\w.%-]*(?:api|auth|access|private|user|feed|rss)key"
)
# A `${NAME}` stands for a value that is not in the text.
_PARAMETER = re.compile(rf"(?i)(?P<name>(?:(?<=[?&;#]))(?:{_NAME})=)(?P<value>(?:\$\{{[^}}]*\}}|[^&#;\s\"'<>])+)")
_REFERENCE = re.compile(r"\$\{[^}]*\}")
_SCHEME = r"[A-Za-z][A-Za-z0-9+.-]{0,20}://"
_ADDRESS = re.compile(rf"{_SCHEME}[^\s<>\"'`]+")
_USERINFO = re.compile(rf"({_SCHEME})[^\s/?#]*@")
_USERINFO_WITH_SLASH = re.compile(rf"({_SCHEME})\S*@")
_LOGIN = re.compile(rf"^({_SCHEME})(?:\$\{{[^}}]*\}}|[^\s/?#])*@")
_NO_SCHEME = re.compile(r"^[^\s/@:]+:[^\s/@]*@(?=[^\s@])")


def redact_url(url: str) -> str:
    """Return an address for showing: `***` in place of its login, and of values that names such as `token` carry."""
    if "@" in url:
        if "://" in url:
            url = (_USERINFO if _is_url(url) else _USERINFO_WITH_SLASH).sub(rf"\1{HIDDEN}@", url)
        else:
            url = _NO_SCHEME.sub(f"{HIDDEN}@", url)
    return _redact_parameters(url)


def redact_text(text: str) -> str:
    """Return a text in which every address is redacted."""
    if "://" not in text:
        return text
    return _ADDRESS.sub(lambda match: redact_url(match[0]), text)


def redact_values(text: str, secrets: Iterable[str]) -> str:
    """Return a text in which no secret stands, neither as it is nor in any usual coding; short ones are left."""
    return mask_secrets(text, (secret for secret in secrets if len(secret) >= SHORTEST_SECRET))


def make_public_url(url: str) -> str:
    """Return the address that a feed is known by: without login, with `***` for tokens; `${NAME}` stays as written."""
    return _redact_parameters(strip_userinfo(url))


def strip_userinfo(url: str) -> str:
    """Return an address less its login; also of one with `${NAME}` inside, which no URL parser takes."""
    return _LOGIN.sub(r"\1", url) if "@" in url else url


def parse_userinfo(url: str) -> tuple[str, str] | None:
    """Return the user and the password that an address holds, decoded; None where it holds neither."""
    if "@" not in (netloc := urlsplit(url).netloc):
        return None
    user, _, password = netloc.rpartition("@")[0].partition(":")
    return unquote(user), unquote(password)


def list_secret_values(url: str) -> tuple[str, ...]:
    """Return the values that `redact_url` hides in an address, as written and decoded."""
    values = [match["value"] for match in _PARAMETER.finditer(url) if match["value"] != HIDDEN]
    if "@" in (netloc := urlsplit(url).netloc):
        values.append(netloc.rpartition("@")[0].partition(":")[2])
    return tuple(dict.fromkeys(form for value in values for form in (value, unquote(value)) if form))


def _redact_parameters(url: str) -> str:
    if "=" not in url:
        return url
    return _PARAMETER.sub(lambda match: match[0] if _is_reference(match["value"]) else match["name"] + HIDDEN, url)


def _is_reference(value: str) -> bool:
    return _REFERENCE.fullmatch(value) is not None


def _is_url(url: str) -> bool:
    """Return whether a parser finds host and port: else a `/` may stand inside the password."""
    try:
        parts = urlsplit(url)
        return bool(parts.hostname) and (parts.port or 1) > 0
    except ValueError:
        return False
