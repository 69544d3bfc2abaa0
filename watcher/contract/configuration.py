"""The configuration as the API shows and edits it: topics, digests, channels, feeds, settings, history.

In what is sent to edit something (`...Edit`), a key that is absent stays as it is, and null removes it. `etag` is sent
back as `If-Match`. Secrets are written and never returned: `secrets` names those that are set.
"""

from __future__ import annotations

from typing import Any, Literal

from pydantic import ConfigDict
from typing_extensions import TypedDict


class Boxes(TypedDict):
    """A query as three boxes: all of these, any of these, none of these. Several words are a phrase."""

    all_of: list[str]
    any_of: list[str]
    none_of: list[str]


class TopicSettings(TypedDict):
    """A topic as configured. `boxes` is null where three boxes cannot show the query; `formerly` are earlier ids."""

    id: str
    name: str
    description: str
    tags: list[str]
    query: str
    boxes: Boxes | None
    about: list[str]
    not_about: list[str]
    examples: list[str]
    not_examples: list[str]
    proposals: int | None
    paused: bool
    formerly: list[str]
    etag: str


class BroughtIn(TypedDict):
    """What saving a topic found in the stored items: how many were read, and how many hits are new."""

    tested: int
    hits: int


class SavedTopic(TopicSettings):
    """A topic as it was saved; `brought_in` is null where nothing was to be brought in."""

    brought_in: BroughtIn | None


class TopicEdit(TypedDict, total=False):
    """Changes of a topic. `boxes` and `query` are two ways to write the same; `bring_in` days are searched at once."""

    id: str
    name: str
    description: str | None
    tags: list[str] | None
    query: str | None
    boxes: Boxes
    about: list[str] | None
    not_about: list[str] | None
    examples: list[str] | None
    not_examples: list[str] | None
    proposals: int | Literal["none"] | None
    paused: bool | None
    bring_in: Literal[0, 7, 30]


class QuietHours(TypedDict):
    """The hours in which delivery waits, as `22:00` and `06:00` in the digest's time zone."""

    start: str
    end: str


class DigestSettings(TypedDict):
    """A digest as configured. Lengths of time are texts as in the files (`6h`); `next` are its next times (UTC).

    `owner` is the person whose own digest it is, empty for one of the desk's; `to` are its own mail addresses.
    """

    name: str
    title: str
    schedule: str
    timezone: str
    channels: list[str]
    topics: list[str]
    language: str
    empty: str
    max_stories: int
    max_age: str
    min_score: float
    include_baseline: bool
    include_backfill: bool
    quiet: QuietHours | None
    cooldown: str
    batch: str
    alarms: bool
    paused: bool
    formerly: list[str]
    owner: str
    to: list[str]
    next: list[str]
    etag: str


class OwnDigests(TypedDict):
    """The digests of a person's own."""

    digests: list[DigestSettings]


class OwnDigestEdit(TypedDict, total=False):
    """Changes of a person's own digest: it is mailed to the address in `to`."""

    title: str
    schedule: str
    timezone: str | None
    topics: list[str] | None
    to: str
    channel: str | None
    language: str | None
    paused: bool | None


class DigestEdit(TypedDict, total=False):
    """Changes of a digest; a new `name` renames it, with what it has sent."""

    name: str
    title: str | None
    schedule: str
    timezone: str | None
    channels: list[str]
    topics: list[str] | None
    language: str | None
    empty: Literal["send", "skip", "when-coverage-is-bad"] | None
    max_stories: int | None
    max_age: str | None
    min_score: float | None
    include_baseline: bool | None
    include_backfill: bool | None
    quiet: QuietHours | None
    cooldown: str | None
    batch: str | None
    alarms: bool | None
    paused: bool | None
    owner: str | None
    to: list[str] | None


class ChannelSettings(TypedDict):
    """A channel as configured. `options` are those of its kind without secrets; `used_by` names digests."""

    name: str
    kind: str
    options: dict[str, Any]
    secrets: list[str]
    recipients: list[str]
    used_by: list[str]
    etag: str


class ChannelSettingsList(TypedDict):
    """The configured channels."""

    channels: list[ChannelSettings]


class ChannelEdit(TypedDict, total=False):
    """Changes of a channel; `options` are keys of its kind, secrets among them. A new `name` renames it."""

    name: str
    kind: str
    options: dict[str, str | int | float | bool | list[str] | None]


class FeedSettings(TypedDict):
    """A feed as configured. Its address holds no secrets; `headers` are the names of those that are sent."""

    url: str
    title: str
    tags: list[str]
    language: str | None
    interval: str | None
    paused: bool
    fulltext: bool
    weight: float
    username: str | None
    headers: list[str]
    user_agent: str | None
    http_version: str | None
    secrets: list[str]
    etag: str


class FeedEdit(TypedDict, total=False):
    """Changes of a feed; a new `url` is its new address, and what it brought stays its own."""

    url: str
    title: str | None
    tags: list[str] | None
    language: str | None
    interval: str | None
    paused: bool | None
    fulltext: bool | None
    weight: float | None
    username: str | None
    password: str | None
    cookie: str | None
    headers: dict[str, str] | None
    user_agent: str | None
    http_version: Literal["1.1", "2"] | None
    proxy: str | None


class FeedSearch(TypedDict):
    """The address of a site, a page or a feed, whose feeds are to be found."""

    url: str


class RetentionSettings(TypedDict):
    """How long things are kept (`90d`)."""

    entries: str
    hits: str
    polls: str
    payloads: str


class FetchSettings(TypedDict):
    """Who the watcher is to the servers that it asks."""

    contact: str | None
    user_agent: str | None


class PageSettings(TypedDict):
    """The page: its address for links in digests, and whether a password or token is needed."""

    base_url: str | None
    hosts: list[str]
    secrets: list[str]


class TextServiceSettings(TypedDict):
    """A server that translates or summarises; `url` is null where there is none."""

    url: str | None
    model: str | None
    to: str
    timeout: str
    secrets: list[str]


class Settings(TypedDict):
    """Single values of the configuration."""

    retention: RetentionSettings
    fetch: FetchSettings
    web: PageSettings
    translate: TextServiceSettings
    summarise: TextServiceSettings
    etag: str


class RetentionEdit(TypedDict, total=False):
    """Changes of how long things are kept."""

    entries: str | None
    hits: str | None
    polls: str | None
    payloads: str | None


class FetchEdit(TypedDict, total=False):
    """Changes of who the watcher is to servers."""

    contact: str | None
    user_agent: str | None


class PageEdit(TypedDict, total=False):
    """Changes of the page. A password is stored as its argon2 hash; a new one ends every session."""

    base_url: str | None
    hosts: list[str] | None
    password: str | None


class TextServiceEdit(TypedDict, total=False):
    """Changes of a server that translates or summarises; a null `url` switches it off."""

    url: str | None
    model: str | None
    api_key: str | None
    to: str | None
    timeout: str | None


class SettingsEdit(TypedDict, total=False):
    """Changes of single values, by section."""

    retention: RetentionEdit
    fetch: FetchEdit
    web: PageEdit
    translate: TextServiceEdit
    summarise: TextServiceEdit


class ConfigurationVersion(TypedDict):
    """An edit of the configuration: when, through which entry point, what, and the files that it changed."""

    number: int
    at: str
    by: str
    summary: str
    files: list[str]


class ConfigurationHistory(TypedDict):
    """The edits that can be undone, the newest first."""

    versions: list[ConfigurationVersion]


class SentNow(TypedDict):
    """A digest that was composed at once; `id` is null where another process was composing it."""

    id: int | None
    stories: int
    hits: int
    deliveries: int


# What is sent to edit something may hold no key that is not known. (A statement in its class would be none of a
# TypedDict for a type checker.)
for _model in (
    Boxes, TopicEdit, QuietHours, DigestEdit, OwnDigestEdit, ChannelEdit, FeedEdit, FeedSearch, RetentionEdit,
    FetchEdit, PageEdit, TextServiceEdit, SettingsEdit,
):  # fmt: skip
    setattr(_model, "__pydantic_config__", ConfigDict(extra="forbid"))  # noqa: B010
