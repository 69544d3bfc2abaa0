"""What the configuration files may say: every section and key, its type, its bounds and its default."""

from __future__ import annotations

import math
import re
import secrets
from collections.abc import Set
from datetime import timedelta
from enum import StrEnum
from typing import Any, Literal, Self
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, field_validator, model_validator

from watcher.model.encoder import EncoderEngine
from watcher.model.feed_config import Budget
from watcher.model.proxy import DIRECT, parse_proxy
from watcher.model.subscription import EmptyPolicy, ImportanceWeights
from watcher.model.topic import DEFAULT_PROPOSALS
from watcher.settings.logins import Login, Oidc
from watcher.settings.timezones import validate_timezone
from watcher.settings.value_types import DailyBudget, Networks, Sentences, Size, TimeOfDay, Verify
from watcher.text.idn import validate_addresses
from watcher.text.suggest import did_you_mean
from watcher.text.written_values import (
    HttpUrl,
    Length,
    Section,
    Strings,
    split_list,
    validate_name,
    validate_names,
)  # fmt: skip

OWN_PATHS = frozenset({
    "account", "api", "archive", "as-of", "audit", "channels", "deliveries", "digests", "digests.atom", "entries",
    "events", "feeds", "feeds.opml", "healthz", "help", "history", "hits", "hits.atom", "hits.csv", "hits.jsonl",
    "hits.md", "label", "login", "logout", "metrics", "notes", "overview", "people", "proposals", "query", "readyz",
    "settings", "setup", "static", "stories", "topics", "triage", "unsubscribe", "views", "websub", "workbench",
})  # fmt: skip
"""What the page's own addresses begin with: the path of `web.base_url` must not look like one of them."""
TOKEN_BITS = 128
MINUTE = timedelta(minutes=1)
ENVIRONMENT = "environment"
"""What stands where a proxy could be and leaves it to the variables of the environment."""


class EngineName(StrEnum):
    """Who runs the steps: one process by itself, or any number of them over PostgreSQL."""

    LOCAL = "local"
    PROCRASTINATE = "procrastinate"


def validate_header_value(text: str | None) -> str | None:
    """Return a text that can be sent as a header. Raises ValueError."""
    if text is not None and not (text.isprintable() and text.isascii()):
        raise ValueError("must be one line of ASCII: it is sent as a header")
    return text


def is_strong_token(token: str) -> bool:
    """Return whether a random token of this look has TOKEN_BITS; digits and hexadecimal ones need more characters."""
    letters = 10 if token.isdigit() else 16 if re.fullmatch(r"[0-9a-fA-F]+", token) else 64
    return len(token) * math.log2(letters) >= TOKEN_BITS and len(set(token)) >= 8


def make_token() -> str:
    """Return a random token of 192 bits that no shell and no option parser takes for anything else."""
    while not (token := secrets.token_urlsafe(24))[0].isalnum() or not is_strong_token(token):
        pass
    return token


class Storage(Section):
    """Where what was seen is kept."""

    url: str | None = None

    @field_validator("url")
    @classmethod
    def _of_a_kind(cls, url: str | None) -> str | None:
        kind, separator, _rest = (url or "").partition("://")
        if separator and kind.partition("+")[0] not in {"sqlite", "postgres", "postgresql"}:
            raise ValueError(
                f"databases of kind {kind!r} are not supported: use sqlite:///PATH or postgresql://USER@HOST/NAME"
            )
        return url


class WrittenBudget(Section):
    """How much of one feed is stored in a day (UTC); a bare number is of entries."""

    entries: int = Field(Budget().entries, ge=1, le=10_000_000)
    versions: int = Field(Budget().versions, ge=1, le=10_000_000)

    @model_validator(mode="before")
    @classmethod
    def _of_entries(cls, written: Any) -> Any:
        return written if isinstance(written, dict | cls) else {"entries": written}

    @property
    def budget(self) -> Budget:
        """Return it as the rest of the watcher takes it."""
        return Budget(entries=self.entries, versions=self.versions)


def _check_proxy(proxy: SecretStr | None, words: Set[str]) -> SecretStr | None:
    """Return a proxy's address, or a word that stands in its place; raises ValueError for what is neither."""
    written = proxy.get_secret_value().strip() if proxy is not None else ""
    if not written:
        return None
    if written.lower() in words:
        return SecretStr(written.lower())
    parse_proxy(written)
    return SecretStr(written)


class Fetch(Section):
    """How the watcher fetches: who it says it is, and how much it takes at most."""

    user_agent: str | None = Field(None, min_length=1, max_length=200)
    contact: str | None = Field(None, max_length=200)
    timeout: Length = Field(timedelta(seconds=60), ge=timedelta(seconds=1), le=timedelta(minutes=10))
    max_size: Size = Field(16 << 20, ge=1 << 10, le=1 << 30)
    concurrency: int = Field(64, ge=1, le=1000)
    per_host: int = Field(2, ge=1, le=50)
    spacing: Length = Field(timedelta(seconds=1), ge=timedelta(), le=timedelta(minutes=10))
    budget: WrittenBudget = WrittenBudget()
    allow: Networks = ()
    proxy: SecretStr | None = None
    no_proxy: Strings | None = None
    websub: bool = False

    @field_validator("proxy")
    @classmethod
    def _a_proxy(cls, proxy: SecretStr | None) -> SecretStr | None:
        return _check_proxy(proxy, {DIRECT, ENVIRONMENT})

    _one_line = field_validator("user_agent", "contact")(validate_header_value)


class Polling(Section):
    """How often feeds are asked, where `feeds.yaml` gives no interval; `backoff` is the longest wait after failures."""

    minimum: Length = Field(timedelta(minutes=5), ge=timedelta(seconds=1))
    default: Length = Field(timedelta(minutes=15), ge=timedelta(seconds=1))
    maximum: Length = Field(timedelta(hours=6), le=timedelta(days=30))
    backoff: Length = Field(timedelta(days=1), ge=timedelta(minutes=1), le=timedelta(days=30))

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if not self.minimum <= self.default <= self.maximum:
            raise ValueError("`minimum`, `default` and `maximum` must be in this order")
        return self


class Web(Section):
    """The page and the API. Off loopback a password or a token has to be set."""

    host: str = Field("127.0.0.1", min_length=1)
    port: int = Field(8080, ge=0, le=65535)
    base_url: HttpUrl | None = None
    password: SecretStr | None = None
    token: SecretStr | None = None
    secret_key: SecretStr | None = None
    hosts: Strings = ()
    trusted_proxies: Networks = ()
    login: Login = Login()
    oidc: Oidc | None = None
    max_connections: int = Field(500, ge=16, le=50_000)
    max_connections_per_source: int = Field(256, ge=8, le=50_000)

    @field_validator("password", "secret_key")
    @classmethod
    def _long_enough(cls, secret: SecretStr | None) -> SecretStr | None:
        if secret is not None and len(secret.get_secret_value()) < 8:
            raise ValueError("is shorter than 8 characters")
        return secret

    @field_validator("token")
    @classmethod
    def _random_enough(cls, token: SecretStr | None) -> SecretStr | None:
        # It is compared without a throttle, so that nobody can lock it out: it must not be guessed.
        if token is not None and not is_strong_token(token.get_secret_value()):
            raise ValueError("can be guessed: write at least 22 random characters; `watcher token` makes them")
        return token

    @field_validator("base_url")
    @classmethod
    def _place_of_a_page(cls, url: str | None) -> str | None:
        parts = urlsplit(url or "")
        if parts.query or parts.fragment or parts.username is not None:
            raise ValueError("must end with its path: no `?`, `#` or user name")
        first = parts.path.strip("/").partition("/")[0]
        if first in OWN_PATHS:
            raise ValueError(f"its path begins with /{first}, as an address of the page itself does: choose another")
        return url

    @property
    def asks_for_login(self) -> bool:
        """Return whether what is configured asks for a login; people in the database do, too."""
        has_secret = self.password is not None or self.token is not None
        return has_secret or self.oidc is not None or self.login.required or self.login.header is not None

    @property
    def address(self) -> str:
        """Return the address of the page, for links in digests: `base_url`, else host and port."""
        if self.base_url:
            return self.base_url.rstrip("/")
        host = "127.0.0.1" if self.host in ("0.0.0.0", "::", "") else self.host  # noqa: S104
        return f"http://{f'[{host}]' if ':' in host else host}:{self.port}"


class Retention(Section):
    """How long things are kept; what a sent digest or a label refers to always stays."""

    entries: Length = Field(timedelta(days=90), ge=timedelta(days=1))
    hits: Length = Field(timedelta(days=730), ge=timedelta(days=1))
    polls: Length = Field(timedelta(days=14), ge=timedelta(hours=1))
    payloads: Length = Field(timedelta(days=60), ge=timedelta(days=1))


class WrittenMeaning(Section):
    """What reads entries for their meaning; without an engine it is the bundled encoder where that is installed."""

    engine: EncoderEngine | None = None
    url: HttpUrl | None = None
    model: str | None = Field(None, min_length=1, max_length=200)
    api_key: SecretStr | None = None
    cpu: float = Field(0.5, gt=0, le=64, allow_inf_nan=False)
    timezone: str | None = None

    @field_validator("timezone")
    @classmethod
    def _known_zone(cls, text: str | None) -> str | None:
        return None if text is None else validate_timezone(text)

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if self.engine is EncoderEngine.OPENAI and (self.url is None or self.model is None):
            missing = "url" if self.url is None else "model"
            raise ValueError(f"`engine: openai` needs `url` and `model`: `{missing}` is missing")
        if self.engine is not EncoderEngine.OPENAI and (self.url or self.model or self.api_key):
            raise ValueError("`url`, `model` and `api_key` are those of a server: they need `engine: openai`")
        return self


class Quiet(Section):
    """Hours in which delivery waits; checking never does."""

    start: TimeOfDay
    end: TimeOfDay

    @model_validator(mode="after")
    def _a_span(self) -> Self:
        if self.start == self.end:
            raise ValueError("`start` and `end` are the same: that would be quiet all day")
        return self


class WrittenImportance(Section):
    """How much counts for a story's place in a digest; 0 leaves a part out."""

    outlets: float = Field(ImportanceWeights().outlets, ge=0, le=100, allow_inf_nan=False)
    novelty: float = Field(ImportanceWeights().novelty, ge=0, le=100, allow_inf_nan=False)
    match: float = Field(ImportanceWeights().match, ge=0, le=100, allow_inf_nan=False)
    freshness: float = Field(ImportanceWeights().freshness, ge=0, le=100, allow_inf_nan=False)


class WrittenDigest(Section):
    """A digest or alert."""

    name: str
    schedule: str = Field(min_length=1)
    channels: Strings = Field(min_length=1)
    topics: Strings = ()
    title: str = Field("", max_length=200)
    timezone: str = "UTC"
    empty: EmptyPolicy = EmptyPolicy.SKIP
    max_stories: int = Field(25, ge=1, le=1000)
    max_age: Length = Field(timedelta(days=7), ge=timedelta(hours=1))
    min_score: float = Field(0.0, ge=0.0)
    include_baseline: bool = False
    include_backfill: bool = False
    paused: bool = False
    quiet: Quiet | None = None
    cooldown: Length = Field(timedelta(hours=6), ge=timedelta())
    batch: Length = Field(timedelta(), ge=timedelta(), le=timedelta(days=1))
    alarms: bool = True
    formerly: Strings = ()
    language: str = Field("en", pattern=r"^([A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*)?$")
    importance: WrittenImportance = WrittenImportance()
    owner: str = Field("", max_length=100)
    to: Strings = ()

    _addressed = field_validator("to")(validate_addresses)

    _named = field_validator("name")(validate_name)
    _formerly_named = field_validator("formerly")(validate_names)

    _in_zone = field_validator("timezone")(validate_timezone)

    @field_validator("empty", mode="before")
    @classmethod
    def _known_policy(cls, value: Any) -> Any:
        policies = [policy.value for policy in EmptyPolicy]
        if value not in policies:
            raise ValueError(f"{value!r} is none of {', '.join(policies)}{did_you_mean(str(value), policies)}")
        return value


class WrittenFeed(Section):
    """A feed of `feeds.yaml`."""

    url: HttpUrl
    title: str = Field("", max_length=300)
    tags: Strings = ()
    language: str | None = Field(None, pattern=r"^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*$")
    interval: Length | None = Field(None, ge=MINUTE, le=timedelta(days=30))
    enabled: bool = True
    fulltext: bool = False
    budget: WrittenBudget | None = None
    weight: float = Field(1.0, gt=0, le=1000, allow_inf_nan=False)
    headers: dict[str, Any] = Field(default_factory=dict)
    cookie: SecretStr | None = None
    username: str | None = Field(None, min_length=1)
    password: SecretStr | None = None
    user_agent: str | None = Field(None, min_length=1, max_length=200)
    verify: Verify = True
    http_version: Literal["1.1", "2"] | None = None
    proxy: SecretStr | None = None

    _agent = field_validator("user_agent")(validate_header_value)

    @field_validator("cookie")
    @classmethod
    def _pairs(cls, cookie: SecretStr | None) -> SecretStr | None:
        text = cookie.get_secret_value() if cookie is not None else "a=b"
        if "=" not in text or text.lower().lstrip().startswith(("cookie:", "set-cookie:")):
            raise ValueError("is not a cookie: write `name=value`, several with `; ` between them")
        if not (text.isprintable() and text.isascii()):
            raise ValueError("must be one line of ASCII: it is sent as a header")
        return cookie

    @field_validator("proxy")
    @classmethod
    def _a_proxy(cls, proxy: SecretStr | None) -> SecretStr | None:
        return _check_proxy(proxy, {DIRECT})


class WrittenTopic(Section):
    """A topic of `topics.yaml`."""

    id: str
    name: str = Field("", max_length=200)
    description: str = ""
    tags: Strings = ()
    query: str | None = None
    keywords: tuple[str, ...] | None = None
    about: Sentences = ()
    not_about: Sentences = ()
    examples: Sentences = ()
    not_examples: Sentences = ()
    proposals: DailyBudget = DEFAULT_PROPOSALS
    paused: bool = False
    formerly: Strings = ()

    _named = field_validator("id")(validate_name)
    _formerly_named = field_validator("formerly")(validate_names)
    _listed = field_validator("keywords", mode="before")(split_list)
