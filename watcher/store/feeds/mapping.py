"""How a feed and the memory of polling it stand in a row."""

from __future__ import annotations

import json
from dataclasses import asdict, fields, replace
from datetime import timedelta
from operator import attrgetter
from typing import Any
from urllib.parse import urlsplit

from sqlalchemy import Row

from watcher.model.feed import Budget, Feed, FeedState, KeyRule, Move, Source, Validators
from watcher.store.tables import feeds

UNPOLLED_STATES = (FeedState.GONE.value, FeedState.PAUSED.value)
_COLUMNS = tuple(feeds.c.keys())
_TIMES = {"next_poll_at", "interval", "polled_at", "succeeded_at", "read_at"}
_PASSING = _TIMES | {"state", "validators", "barren", "failures", "failing_since", "error_kind", "error"}
_LASTING = attrgetter(*(field.name for field in fields(Feed) if field.name not in _PASSING | {"lease"}))
_HOW_IT_WENT = attrgetter(*sorted(_PASSING - _TIMES))


_APART = {"url", "address", "access", "secrets"}
"""The url has a column of its own. How a feed is asked for stays in the configuration: it may hold secrets."""
_UNSAID = {name: value for name, value in asdict(Source(url="")).items() if name not in _APART}


def read_feed_row(found: Row[Any]) -> Feed:
    """Make a Feed of a row that has all columns of `feeds`, in their order."""
    row = dict(zip(_COLUMNS, found, strict=True))
    return Feed(
        id=row["id"],
        source=parse_feed_config(row["url"], row["source"]),
        fetch_url=row["fetch_url"],
        title=row["title"],
        language=row["language"],
        site_url=row["site_url"],
        state=FeedState(row["state"]),
        validators=Validators(etag=row["etag"], last_modified=row["last_modified"], url=row["validators_url"]),
        conditional=row["conditional"],
        body_hash=row["body_hash"],
        key_rule=KeyRule(row["key_rule"]),
        next_poll_at=row["next_poll_at"],
        interval=row["interval"],
        rhythm=row["rhythm"],
        polled_at=row["polled_at"],
        succeeded_at=row["succeeded_at"],
        read_at=row["read_at"],
        new_at=row["new_at"],
        baseline_at=row["baseline_at"],
        barren=row["barren"],
        failures=row["failures"],
        failing_since=row["failing_since"],
        error_kind=row["error_kind"],
        error=row["error"],
        move=(
            Move(url=row["move_url"], first_seen_at=row["move_first_seen_at"], sightings=row["move_sightings"])
            if row["move_url"]
            else None
        ),
        document_keys=frozenset(row["document_keys"].split()),
        item_marks=parse_item_marks(row["item_marks"] or b""),
        gaps=row["gaps"],
        lost=row["lost"],
        gap_at=row["gap_at"],
        identity_version=row["identity_version"],
        id_changes=row["id_changes"],
        merged=row["merged"],
        recovered=row["recovered"],
        left_out=row["left_out"],
        left_marks=parse_item_marks(row["left_marks"] or b""),
        left_unmarked=row["left_unmarked"],
        baseline_marks=parse_item_marks(row["baseline_marks"] or b""),
        budget_day=row["budget_day"],
        budget_entries=row["budget_entries"],
        budget_versions=row["budget_versions"],
        hub=row["hub"],
        topic_url=row["topic_url"],
        pushed_at=row["pushed_at"],
        lease=row["lease"],
    )


def changed_columns(before: Feed, after: Feed) -> dict[str, Any]:
    """Give what a poll changed of a feed, by column, and what goes with it: most change no more than times."""
    if _LASTING(before) != _LASTING(after):
        return _times(after) | _how_it_went(after) | _lasting(after)
    if _HOW_IT_WENT(before) != _HOW_IT_WENT(after):
        return _times(after) | _how_it_went(after)
    return _times(after)


def _times(feed: Feed) -> dict[str, Any]:
    return {
        "next_poll_at": feed.next_poll_at,
        "interval": feed.interval,
        "polled_at": feed.polled_at,
        "succeeded_at": feed.succeeded_at,
        "read_at": feed.read_at,
    }


def _how_it_went(feed: Feed) -> dict[str, Any]:
    return {
        "state": feed.state.value,
        "etag": feed.validators.etag,
        "last_modified": feed.validators.last_modified,
        "validators_url": feed.validators.url,
        "barren": feed.barren,
        "failures": feed.failures,
        "failing_since": feed.failing_since,
        "error_kind": feed.error_kind,
        "error": feed.error,
    }


def _lasting(feed: Feed) -> dict[str, Any]:
    return {
        "fetch_url": feed.fetch_url,
        "host": parse_host(feed.fetch_url),
        "name": feed.name,
        "title": feed.title,
        "language": feed.language,
        "site_url": feed.site_url,
        "conditional": feed.conditional,
        "body_hash": feed.body_hash,
        "rhythm": feed.rhythm,
        "new_at": feed.new_at,
        "baseline_at": feed.baseline_at,
        "move_url": feed.move.url if feed.move else None,
        "move_first_seen_at": feed.move.first_seen_at if feed.move else None,
        "move_sightings": feed.move.sightings if feed.move else 0,
        "document_keys": " ".join(sorted(feed.document_keys)),
        "item_marks": format_item_marks(feed.item_marks),
        "gaps": feed.gaps,
        "lost": feed.lost,
        "gap_at": feed.gap_at,
        "identity_version": feed.identity_version,
        "id_changes": feed.id_changes,
        "merged": feed.merged,
        "recovered": feed.recovered,
        "left_out": feed.left_out,
        "left_marks": format_item_marks(feed.left_marks),
        "left_unmarked": feed.left_unmarked,
        "baseline_marks": format_item_marks(feed.baseline_marks),
        "budget_day": feed.budget_day,
        "budget_entries": feed.budget_entries,
        "budget_versions": feed.budget_versions,
        "hub": feed.hub,
        "topic_url": feed.topic_url,
        "pushed_at": feed.pushed_at,
    }


def parse_item_marks(written: bytes) -> frozenset[bytes]:
    """Read the marks of a feed's items, which have eight bytes each."""
    return frozenset(written[place : place + 8] for place in range(0, len(written), 8))


def format_item_marks(marks: frozenset[bytes]) -> bytes | None:
    """Write the marks of a feed's items, in order; None for none."""
    return b"".join(sorted(marks)) or None


def parse_host(url: str) -> str:
    """Return the host of an address; the address itself where the configuration alone knows it (`${NAME}`)."""
    try:
        return urlsplit(url).hostname or url
    except ValueError:
        return url


def format_feed_config(source: Source) -> str:
    """Format what feeds.yaml says of a feed, beside its address and its access; what it leaves open is not written."""
    facts = {name: value for name, value in asdict(source).items() if name in _UNSAID and value != _UNSAID[name]}
    if source.interval is not None:
        facts["interval"] = source.interval.total_seconds()
    return json.dumps(facts, ensure_ascii=False, sort_keys=True)


def parse_feed_config(url: str, written: str) -> Source:
    """Read what `write_source` wrote."""
    if written == "{}":
        return Source(url=url)
    facts = {name: value for name, value in json.loads(written).items() if name in _UNSAID}
    if "tags" in facts:
        facts["tags"] = tuple(facts["tags"])
    if facts.get("budget") is not None:
        facts["budget"] = Budget(**facts["budget"])
    if facts.get("interval") is not None:
        facts["interval"] = timedelta(seconds=facts["interval"])
    return replace(Source(url=url), **facts)
