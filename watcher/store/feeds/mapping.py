"""Maps a feed and the state of polling it to its row and back."""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import timedelta
from operator import attrgetter
from typing import Any
from urllib.parse import urlsplit
from zlib import crc32

from sqlalchemy import Row

from watcher.model.feed import (
    Budget,
    BudgetUse,
    DocumentState,
    Feed,
    FeedConfig,
    FeedState,
    FeedStats,
    LegacyKeyRule,
    Move,
    PollState,
    PushState,
    Validators,
)
from watcher.store.tables import feeds

SHARD_COUNT = 64
"""How many shards hosts are divided into; with another number every row would have to be written again."""
UNPOLLED_STATES = (FeedState.GONE.value, FeedState.PAUSED.value)
_COLUMNS = tuple(feeds.c.keys())
_RESULT_COLUMNS = {
    "state": "state.value",
    "etag": "poll.validators.etag",
    "last_modified": "poll.validators.last_modified",
    "validators_url": "poll.validators.url",
    "barren": "poll.empty_polls",
    "failures": "poll.failures",
    "failing_since": "poll.failing_since",
    "error_kind": "poll.error_kind",
    "error": "poll.error",
}
"""Columns that a poll may change which found nothing new, and where in a feed their values are."""
_RESULT = attrgetter(*_RESULT_COLUMNS.values())
_NO_MARKS: frozenset[bytes] = frozenset()
_NOT_STORED = {"url", "address", "access", "secrets"}
"""The url has a column of its own. How a feed is requested stays in the configuration: it may hold secrets."""
_DEFAULTS = {name: value for name, value in asdict(FeedConfig(url="")).items() if name not in _NOT_STORED}


def read_feed_row(values: Row[Any]) -> Feed:
    """Return the Feed of a row that has all columns of `feeds`, in their order."""
    row = dict(zip(_COLUMNS, values, strict=True))
    move = None
    if row["move_url"]:
        move = Move(url=row["move_url"], first_seen_at=row["move_first_seen_at"], sightings=row["move_sightings"])
    return Feed(
        id=row["id"],
        config=parse_feed_config(row["url"], row["source"]),
        fetch_url=row["fetch_url"],
        title=row["title"],
        language=row["language"],
        site_url=row["site_url"],
        state=FeedState(row["state"]),
        poll=PollState(
            next_poll_at=row["next_poll_at"],
            interval=row["interval"],
            polled_at=row["polled_at"],
            succeeded_at=row["succeeded_at"],
            read_at=row["read_at"],
            validators=Validators(etag=row["etag"], last_modified=row["last_modified"], url=row["validators_url"]),
            conditional=row["conditional"],
            body_hash=row["body_hash"],
            empty_polls=row["barren"],
            failures=row["failures"],
            failing_since=row["failing_since"],
            error_kind=row["error_kind"],
            error=row["error"],
            move=move,
        ),
        stats=FeedStats(
            publish_interval=row["rhythm"],
            new_at=row["new_at"],
            baseline_at=row["baseline_at"],
            gaps=row["gaps"],
            lost=row["lost"],
            gap_at=row["gap_at"],
            merged=row["merged"],
            recovered=row["recovered"],
            left_out=row["left_out"],
        ),
        document=DocumentState(
            keys=frozenset(row["document_keys"].split()),
            item_marks=parse_item_marks(row["item_marks"] or b""),
            left_marks=parse_item_marks(row["left_marks"] or b""),
            left_unmarked=row["left_unmarked"],
            baseline_marks=parse_item_marks(row["baseline_marks"] or b""),
            identity_version=row["identity_version"],
            legacy_key_rule=LegacyKeyRule(row["key_rule"]),
            id_changes=row["id_changes"],
        ),
        budget_use=BudgetUse(day=row["budget_day"], entries=row["budget_entries"], versions=row["budget_versions"]),
        push=PushState(hub=row["hub"], topic_url=row["topic_url"], pushed_at=row["pushed_at"]),
        lease=row["lease"],
        host=row["host"],
        shard=row["shard"],
    )


def changed_columns(before: Feed, after: Feed) -> dict[str, Any]:
    """Return the columns that a poll changed, by name: most polls change no more than times.

    Columns come in three groups, and a group is written whole, so that few different statements are needed.
    """
    columns = _schedule_columns(after.poll)
    if _lasting(before) != _lasting(after):
        return columns | _result_columns(after) | _lasting_columns(after)
    if _RESULT(before) != _RESULT(after):
        return columns | _result_columns(after)
    return columns


def _schedule_columns(poll: PollState) -> dict[str, Any]:
    return {
        "next_poll_at": poll.next_poll_at,
        "interval": poll.interval,
        "polled_at": poll.polled_at,
        "succeeded_at": poll.succeeded_at,
        "read_at": poll.read_at,
    }


def _result_columns(feed: Feed) -> dict[str, Any]:
    return dict(zip(_RESULT_COLUMNS, _RESULT(feed), strict=True))


def _lasting(feed: Feed) -> tuple[object, ...]:
    """Return everything that `_lasting_columns` is made of."""
    poll = feed.poll
    own = feed.config, feed.fetch_url, feed.title, feed.language, feed.site_url
    return *own, poll.conditional, poll.body_hash, poll.move, feed.stats, feed.document, feed.budget_use, feed.push


def _lasting_columns(feed: Feed) -> dict[str, Any]:
    poll, stats, document, budget_use, push = feed.poll, feed.stats, feed.document, feed.budget_use, feed.push
    return {
        **locate_feed(feed.fetch_url),
        "name": feed.name,
        "title": feed.title,
        "language": feed.language,
        "site_url": feed.site_url,
        "conditional": poll.conditional,
        "body_hash": poll.body_hash,
        "rhythm": stats.publish_interval,
        "new_at": stats.new_at,
        "baseline_at": stats.baseline_at,
        "move_url": poll.move.url if poll.move else None,
        "move_first_seen_at": poll.move.first_seen_at if poll.move else None,
        "move_sightings": poll.move.sightings if poll.move else 0,
        "document_keys": " ".join(sorted(document.keys)),
        "item_marks": format_item_marks(document.item_marks),
        "gaps": stats.gaps,
        "lost": stats.lost,
        "gap_at": stats.gap_at,
        "identity_version": document.identity_version,
        "id_changes": document.id_changes,
        "merged": stats.merged,
        "recovered": stats.recovered,
        "left_out": stats.left_out,
        "left_marks": format_item_marks(document.left_marks),
        "left_unmarked": document.left_unmarked,
        "baseline_marks": format_item_marks(document.baseline_marks),
        "budget_day": budget_use.day,
        "budget_entries": budget_use.entries,
        "budget_versions": budget_use.versions,
        "hub": push.hub,
        "topic_url": push.topic_url,
        "pushed_at": push.pushed_at,
    }


def parse_item_marks(written: bytes) -> frozenset[bytes]:
    """Return the marks of a feed's items, of eight bytes each, that a column holds."""
    return frozenset([written[start : start + 8] for start in range(0, len(written), 8)]) if written else _NO_MARKS


def format_item_marks(marks: frozenset[bytes]) -> bytes | None:
    """Return the marks of a feed's items as a column holds them, in order; None for none."""
    return b"".join(sorted(marks)) or None


def parse_host(url: str) -> str:
    """Return the host of an address; the address itself where the configuration alone knows it (`${NAME}`)."""
    try:
        return urlsplit(url).hostname or url
    except ValueError:
        return url


def get_shard(host: str) -> int:
    """Return the shard of a host: the same for all its feeds, in every version."""
    return crc32(host.encode("utf-8", "surrogatepass")) % SHARD_COUNT


def locate_feed(fetch_url: str) -> dict[str, Any]:
    """Return the columns that follow from where a feed is fetched, by name."""
    host = parse_host(fetch_url)
    return {"fetch_url": fetch_url, "host": host, "shard": get_shard(host)}


def format_feed_config(config: FeedConfig) -> str:
    """Return what feeds.yaml says of a feed as JSON, beside its address and its access; defaults are left out."""
    written = {name: value for name, default in _DEFAULTS.items() if (value := getattr(config, name)) != default}
    if config.budget is not None:
        written["budget"] = asdict(config.budget)
    if config.interval is not None:
        written["interval"] = config.interval.total_seconds()
    return json.dumps(written, ensure_ascii=False, sort_keys=True)


def parse_feed_config(url: str, text: str) -> FeedConfig:
    """Return the FeedConfig that `format_feed_config` wrote."""
    if text == "{}":
        return FeedConfig(url=url)
    return FeedConfig(url=url, **parse_config_values(text))


def parse_config_values(text: str) -> dict[str, Any]:
    """Return the fields of a FeedConfig that `format_feed_config` wrote, by name; defaults are not among them."""
    values = {name: value for name, value in json.loads(text).items() if name in _DEFAULTS}
    if "tags" in values:
        values["tags"] = tuple(values["tags"])
    if values.get("budget") is not None:
        values["budget"] = Budget(**values["budget"])
    if values.get("interval") is not None:
        values["interval"] = timedelta(seconds=values["interval"])
    return values
