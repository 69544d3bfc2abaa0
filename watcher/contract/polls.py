"""A cycle of polls, as `watcher poll` and `watcher demo` print it."""

from __future__ import annotations

from typing_extensions import TypedDict

from watcher.contract.digests import Digest
from watcher.contract.hits import Hit
from watcher.contract.stories import Story


class PolledFeeds(TypedDict):
    """How many feeds were polled, by outcome."""

    due: int
    fetched: int
    unchanged: int
    failed: int


class PolledEntries(TypedDict):
    """How many entries the documents held, and how many of them were stored."""

    seen: int
    new: int
    updated: int


class PollFailure(TypedDict):
    """A feed that could not be read, and why."""

    feed: str
    kind: str
    message: str


class PollCycle(TypedDict):
    """The sums of a cycle of polls. `lost` is an estimate of the items that went by between two polls."""

    feeds: PolledFeeds
    entries: PolledEntries
    hits: int
    lost: int
    left_out: int
    merged: int
    recovered: int
    failures: list[PollFailure]


class HeldFeeds(TypedDict):
    """How many feeds another process holds, and until when."""

    owner: str
    feeds: int
    until: str


class PrintedPoll(PollCycle):
    """What `watcher poll --json` prints."""

    seconds: float
    held: list[HeldFeeds]


class DemoPoll(PollCycle):
    """A cycle of the demonstration, counted from 0."""

    poll: int


class Demonstration(TypedDict):
    """What `watcher demo --json` prints."""

    polls: list[DemoPoll]
    hits: list[Hit]
    stories: list[Story]
    digest: Digest
    files: list[str]
