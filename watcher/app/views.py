"""What is kept, in the words of the contract: the JSON that the command prints and the API serves."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from watcher.model.digest import Channel, Coverage, Delivery, Digest, DigestHit, StoryLine, Subscription
from watcher.model.entry import StoredEntry
from watcher.model.feed import PollableFeed
from watcher.model.results import SearchResult, StoredHit
from watcher.model.story import Story
from watcher.model.topic import Evidence, Origin
from watcher.schedule import get_feed_health
from watcher.store.digests.queries import StoredDigest
from watcher.store.feeds.poll_history import PollRecord
from watcher.store.outbox.blocked_channels import BlockedChannel
from watcher.store.system.status import StatusSummary
from watcher.text.redact import redact_text, redact_url
from watcher.text.timestamps import format_optional_rfc3339

Json = dict[str, Any]


def moment(value: datetime | None) -> str | None:
    """Write a moment as RFC 3339 in UTC, to the second."""
    return format_optional_rfc3339(value)


def hit(found: StoredHit) -> Json:
    """Say a hit, its entry and its evidence."""
    return {
        "id": found.id,
        "topic": found.hit.topic_id,
        "score": round(found.hit.score, 4),
        "matched_at": moment(found.hit.matched_at),
        "backfill": found.hit.origin is Origin.BACKFILL,
        "edited": found.hit.origin is Origin.EDIT,
        "baseline": found.stored.baseline,
        "label": found.label,
        "topic_version": found.hit.topic_version,
        "story": {"id": found.story_id, "size": found.story_size},
        "entry": entry(found.stored),
        "evidence": evidence(still_there(found.hit.evidence, found.stored)),
    }


def entry(stored: StoredEntry, *, content: bool = False) -> Json:
    """Say an entry; its full text only where asked for."""
    item = stored.entry.item
    said: Json = {
        "id": stored.id,
        "title": item.title,
        "url": item.url,
        "source": stored.entry.source,
        "feed": stored.entry.feed_url,
        "author": item.author,
        "tags": list(item.tags),
        "published_at": moment(item.published_at),
        "first_seen_at": moment(stored.first_seen_at),
        "updated_at": moment(stored.updated_at),
        "version": stored.version,
        "baseline": stored.baseline,
        "quarantined": stored.quarantined,
        "summary": item.summary,
        "language": item.language,
        "enclosures": [{"url": each.url, "type": each.type, "bytes": each.bytes} for each in item.enclosures],
    }
    return said | ({"content": item.content} if content else {})


def version(before: Mapping[str, Any]) -> Json:
    """Say what an entry's text was, from when until when."""
    return {
        "version": before["version"],
        "title": before["title"],
        "summary": before["summary"],
        "content": before["content"],
        "seen_at": moment(before["seen_at"]),
        "replaced_at": moment(before["replaced_at"]),
    }


def match(found: SearchResult) -> Json:
    """Say an entry that a search found, and the words that show why."""
    return {
        "entry": entry(found.stored),
        "evidence": evidence(found.evidence),
        "story": {"id": found.story_id, "size": found.story_size},
    }


def evidence(shown: Iterable[Evidence]) -> list[Json]:
    """Say evidence: code points [start, end) of a field's stored text."""
    return [{"field": e.field, "start": e.start, "end": e.end, "text": e.text, "clause": e.clause} for e in shown]


def still_there(shown: Sequence[Evidence], stored: StoredEntry) -> tuple[Evidence, ...]:
    """Keep the evidence whose words still stand where they stood: an edit may have moved or removed some."""
    item = stored.entry.item
    texts = {"title": item.title, "summary": item.summary, "content": item.content, "author": item.author}
    return tuple(e for e in shown if e.field not in texts or texts[e.field][e.start : e.end] == e.text)


def story(told: Story) -> Json:
    """Say a story and its tellings in order of discovery."""
    return {
        "id": told.id,
        "title": told.tellings[0].title if told.tellings else "",
        "first_at": moment(told.first_at),
        "last_at": moment(told.last_at),
        "size": told.size,
        "outlets": list(dict.fromkeys(each.source for each in told.tellings)),
        "tellings": [
            {
                "entry": each.entry_id,
                "title": each.title,
                "url": each.url,
                "source": each.source,
                "first_seen_at": moment(each.first_seen_at),
                "copy": each.copy,
            }
            for each in told.tellings
        ],
    }


def feed(one: PollableFeed, now: datetime, entries: int = 0) -> Json:
    """Say a feed and its health."""
    return {
        "url": one.config.url,
        "title": one.name,
        "tags": list(one.config.tags),
        "language": one.config.language or one.language,
        "site_url": one.site_url and redact_url(one.site_url),
        "health": str(get_feed_health(one.summary, now)),
        "state": one.state.value,
        "fetch_url": redact_url(one.fetch_url),
        "moving_to": redact_url(one.poll.move.url) if one.poll.move else None,
        "interval_seconds": round(one.poll.interval.total_seconds()),
        "rhythm_seconds": round(one.stats.publish_interval.total_seconds()) if one.stats.publish_interval else None,
        "polled_at": moment(one.poll.polled_at),
        "succeeded_at": moment(one.poll.succeeded_at),
        "new_at": moment(one.stats.new_at),
        "next_poll_at": moment(one.poll.next_poll_at),
        "failures": one.poll.failures,
        "failing_since": moment(one.poll.failing_since),
        "error": {"kind": one.poll.error_kind, "message": redact_text(one.poll.error or "")}
        if one.poll.error_kind
        else None,
        "gaps": one.stats.gaps,
        "lost": one.stats.lost,
        "gap_at": moment(one.stats.gap_at),
        "left_out": one.stats.left_out,
        "merged": one.stats.merged,
        "recovered": one.stats.recovered,
        "entries": entries,
    }


def poll(one: PollRecord) -> Json:
    """Say one poll of a feed's history."""
    return {
        "at": moment(one.at),
        "outcome": one.outcome,
        "status": one.status,
        "bytes": one.wire_bytes,
        "seen": one.seen,
        "new": one.new,
        "updated": one.updated,
        "hits": one.hits,
        "lost": one.lost,
        "left_out": one.left_out,
        "merged": one.merged,
        "recovered": one.recovered,
        "seconds": round(one.elapsed.total_seconds(), 3),
        "message": redact_text(one.message),
    }


def coverage(known: Coverage) -> Json:
    """Say how much was watched."""
    return {
        "feeds": known.feeds,
        "fresh": known.fresh,
        "stale": known.stale,
        "failing": known.failing,
        "gone": known.gone,
        "unread": known.unread,
        "gaps": known.gaps,
        "lost": known.lost,
        "left_out": known.left_out,
        "merged": known.merged,
        "recovered": known.recovered,
        "entries": known.entries,
        "bad": known.bad,
        "notes": list(known.notes),
    }


def digest(said: Digest) -> Json:
    """Say a digest: topics, and the stories of each."""
    return {
        "id": said.id,
        "name": said.name,
        "title": said.title,
        "slot_at": moment(said.slot_at),
        "window": [moment(said.window[0]), moment(said.window[1])],
        "coverage": coverage(said.coverage),
        "alarms": list(said.alarms),
        "troubles": list(said.troubles),
        "topics": [
            {
                "id": section.topic_id,
                "name": section.name,
                "stories": [_story_line(line) for line in section.stories],
                "more": section.more,
            }
            for section in said.sections
        ],
    }


def composed(one: StoredDigest) -> Json:
    """Say a digest as it was composed, without its text."""
    return {
        "id": one.id,
        "name": one.name,
        "title": one.title,
        "slot_at": moment(one.slot_at),
        "window": [moment(one.window[0]), moment(one.window[1])],
        "composed_at": moment(one.composed_at),
        "hits": one.hits,
        "stories": one.stories,
        "sent": one.sent,
        "coverage": coverage(one.coverage),
    }


def delivery(one: Delivery) -> Json:
    """Say where a delivery stands; its payload and the channel's secrets stay inside."""
    return {
        "id": one.id,
        "digest": one.digest_id,
        "channel": one.channel,
        "kind": one.kind,
        "recipient": one.recipient,
        "part": one.part,
        "state": one.state.value,
        "attempts": one.attempts,
        "created_at": moment(one.created_at),
        "next_try_at": moment(one.next_try_at),
        "sent_at": moment(one.sent_at),
        "changed_at": moment(one.changed_at),
        "doubts": one.doubts,
        "message_id": one.message_id,
        "error": one.error,
    }


def status(
    known: StatusSummary, digests: Sequence[Mapping[str, Any]], version: str, database: str, revision: str | None
) -> Json:
    """Say how things stand."""
    return {
        "feeds": dict(known.feeds),
        "entries": known.entries,
        "hits": known.hits,
        "gaps": known.gaps,
        "lost": known.lost,
        "left_out": known.left_out,
        "merged": known.merged,
        "recovered": known.recovered,
        "lag_seconds": round(known.lag.total_seconds()),
        "last_poll_at": moment(known.last_poll_at),
        "clock": list(known.clock),
        "digests": [dict(each) for each in digests],
        "outbox": dict(known.outbox),
        "database": {"url": database, "revision": revision},
        "version": version,
    }


def channel(one: Channel, refused: BlockedChannel | None) -> Json:
    """Return a channel as configured, without its options, and since when and why it is refused."""
    blocked = {"since": moment(refused.since), "reason": refused.reason} if refused is not None else None
    return {"name": one.name, "kind": one.kind, "recipients": list(one.recipients), "blocked": blocked}


def subscription(one: Subscription, *, last_at: datetime | None = None, next_at: datetime | None = None) -> Json:
    """Say a digest as configured, and when it was and will be composed."""
    return {
        "name": one.name,
        "schedule": one.schedule,
        "timezone": one.timezone,
        "topics": list(one.topics),
        "channels": list(one.channels),
        "last_at": moment(last_at),
        "next_at": moment(next_at),
    }


def _story_line(line: StoryLine) -> Json:
    return {
        "story": line.lead.story_id,
        "title": line.lead.title,
        "url": line.lead.url,
        "outlets": list(line.outlets),
        "score": round(line.lead.score, 4),
        "hits": [_told(each) for each in (line.lead, *line.others)],
    }


def _told(each: DigestHit) -> Json:
    return {
        "id": each.hit_id,
        "entry": each.entry_id,
        "title": each.title,
        "url": each.url,
        "source": each.source,
        "published_at": moment(each.published_at),
        "first_seen_at": moment(each.first_seen_at),
        "matched_at": moment(each.matched_at),
        "backfill": each.origin is Origin.BACKFILL,
        "edited": each.edited,
        "matched_by_edit": each.matched_by_edit,
        "baseline": each.baseline,
        "evidence": evidence(each.evidence),
    }
