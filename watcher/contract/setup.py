"""The guided set-up as the API, the command and its answers file have it."""

from __future__ import annotations

from typing import Literal

from pydantic import ConfigDict
from typing_extensions import TypedDict

from watcher.contract.configuration import ChannelEdit
from watcher.contract.deliveries import ChannelTest


class Watch(TypedDict, total=False):
    """What to watch: a sentence in any language, or the address of an article that is about it.

    `words` are words and phrases of which one must occur; without them they are taken from the sentence or the article.
    `name` is the topic's.
    """

    sentence: str
    article: str
    words: list[str]
    name: str


class SetupDigest(TypedDict, total=False):
    """The digest: its title and schedule in words (`weekdays at 7:00`). `name` stands in addresses."""

    name: str
    title: str
    schedule: str


class SetupAnswers(TypedDict, total=False):
    """The answers to the guided set-up; `watcher setup --answers FILE` reads them as YAML or JSON.

    `packs` are names of packs, whose feeds and ready topics are taken. `feeds` are addresses of feeds or of sites,
    `opml` is the text of a list of feeds. Each channel is tested with a message unless `test` is false. The first
    digest reaches back `first_digest_days`, 3 by default; 0 sends none.
    """

    language: str
    timezone: str
    watch: list[Watch]
    packs: list[str]
    feeds: list[str]
    opml: str
    channels: list[ChannelEdit]
    digest: SetupDigest
    test: bool
    first_digest_days: int


class PackSummary(TypedDict):
    """A pack of feeds and ready topics; `checked` is the day when its addresses were last reviewed."""

    name: str
    title: str
    description: str
    region: str
    languages: list[str]
    feeds: int
    topics: list[str]
    checked: str


class FirstDigest(TypedDict):
    """How far the first digest is: `feeds_read` of `feeds` were read. `digest` is its id once it is composed."""

    state: Literal["none", "reading", "composing", "sent", "failed"]
    feeds: int
    feeds_read: int
    hits: int
    stories: int
    digest: int | None
    fault: str | None


class SetupState(TypedDict):
    """Whether anything is watched yet, what can be chosen, and how far the first digest is."""

    needed: bool
    packs: list[PackSummary]
    first_digest: FirstDigest


class SetupResult(TypedDict):
    """What the set-up wrote: topics and digests by name, the count of feeds, and the tests of the channels.

    `notes` name what was left out, such as an address without a feed. `next` are the digest's next times (UTC).
    """

    topics: list[str]
    feeds: int
    channels: list[str]
    digest: str | None
    next: list[str]
    tests: list[ChannelTest]
    notes: list[str]
    first_digest: FirstDigest


# What is sent is refused where it has a key that is not known: a mistyped one would be left out without a word.
for _model in (Watch, SetupDigest, SetupAnswers):
    setattr(_model, "__pydantic_config__", ConfigDict(extra="forbid"))  # noqa: B010
