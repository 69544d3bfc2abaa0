"""What the database holds, followed through the run and compared with what it should hold."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field

from sqlalchemy import func, select

from bench.soaks.configuring import ALERTS, DAILY, READERS, RETENTION_DAYS, WEEKLY
from bench.soaks.items import TOKEN, Timelines
from bench.soaks.plan import (
    CLOCK_STEPS,
    DAY,
    DOWNTIMES,
    HOUR,
    NO_POLLS,
    OWED_AFTER,
    STORAGE,
    TICK,
    Plan,
    Span,
    moment,
    subtract,
)
from bench.soaks.violations import Violations
from watcher.store.database import Database
from watcher.store.tables import digest_items, digests, entries, feeds, hits, outbox

UNTOLD_FOR = 3 * DAY


@dataclass(frozen=True, slots=True)
class ComposedDigest:
    """A digest, and the true time at which it was found."""

    id: int
    name: str
    slot: float
    sent: bool
    at: float


@dataclass(slots=True)
class Ledger:
    """Follows entries, hits, digests and messages."""

    plan: Plan
    timelines: Timelines
    violations: Violations
    tokens: Counter[str] = field(default_factory=Counter)
    composed: list[ComposedDigest] = field(default_factory=list)
    hit_count: int = 0
    owed: int = 0
    _last_entry: int = 0
    _last_digest: int = 0
    _kept: dict[int, float] = field(default_factory=dict)
    _hit_marks: list[tuple[float, int]] = field(default_factory=list)
    _told_until: int = 0

    def follow(self, database: Database, at: float) -> None:
        """Take in what is new."""
        with database.read() as db:
            rows = db.execute(
                select(entries.c.id, entries.c.title).where(entries.c.id > self._last_entry).order_by(entries.c.id)
            ).all()
            made = db.execute(
                select(digests.c.id, digests.c.name, digests.c.slot_at, digests.c.sent)
                .where(digests.c.id > self._last_digest)
                .order_by(digests.c.id)
            ).all()
            latest_hit = db.execute(select(func.max(hits.c.id))).scalar() or 0
        for row in rows:
            self._last_entry = row.id
            self._kept[row.id] = at
            found = TOKEN.search(row.title)
            if found is None:
                self.violations.add("foreign entry", at, row.title)
                continue
            self.tokens[found[0]] += 1
            if self.tokens[found[0]] > 1:
                self.violations.add("stored twice", at, row.title)
        for id_, name, slot_at, sent in made:
            self._last_digest = id_
            slot = (slot_at - moment(0)).total_seconds()
            self.composed.append(ComposedDigest(id_, name, slot, sent, at))
        self._hit_marks.append((at, latest_hit))
        self.hit_count = latest_hit

    def check_kept(self, database: Database, at: float) -> None:
        """Look for entries that left before their time."""
        with database.read() as db:
            present = set(db.execute(select(entries.c.id)).scalars())
        missing = [(id_, seen_at) for id_, seen_at in self._kept.items() if id_ not in present]
        for id_, seen_at in missing:
            if at - seen_at < RETENTION_DAYS * DAY - HOUR:
                self.violations.add("pruned too early", at, f"entry {id_}, kept for {(at - seen_at) / DAY:.1f} days")
            del self._kept[id_]

    def check_told(self, database: Database, at: float, *, older_than: float = UNTOLD_FOR) -> None:
        """Look for hits that no digest has told in time."""
        marks = [hit for seen_at, hit in self._hit_marks if seen_at <= at - older_than]
        if not marks:
            return
        until = marks[-1]
        with database.read() as db:
            for name in (DAILY, ALERTS):
                told = (
                    select(digest_items.c.hit_id)
                    .where(digest_items.c.name == name, digest_items.c.hit_id == hits.c.id)
                    .exists()
                )
                untold = (
                    select(hits.c.id, hits.c.matched_at, entries.c.title)
                    .join(entries, entries.c.id == hits.c.entry_id)
                    .where(hits.c.id > self._told_until, hits.c.id <= until)
                    .where(~told, ~entries.c.baseline, ~entries.c.quarantined)
                )
                for row in db.execute(untold):
                    self.violations.add("hit told in no digest", at, f"{name}: {row.matched_at} {row.title}")
        self._told_until = until
        self._hit_marks = [mark for mark in self._hit_marks if mark[0] > at - UNTOLD_FOR - DAY]

    def check_items(self, at: float) -> None:
        """Compare what was served for long enough with what was stored, at the run's end."""
        for feed in self.plan.feeds:
            timeline = self.timelines.of(feed.number)
            readable = self.plan.readable(feed)
            for number in range(len(timeline.times)):
                visible = timeline.visible(number, self.plan.end)
                longest = max(
                    (min(span.end, visible.end) - max(span.start, visible.start) for span in readable), default=0.0
                )
                if longest < OWED_AFTER:
                    continue
                self.owed += 1
                if not self.tokens[timeline.token(number)]:
                    since = max(visible.start, feed.watched.start)
                    listed = f"listed from day {since / DAY:.2f} to {visible.end / DAY:.2f}"
                    detail = f"({feed.id_style}), {listed}, readable for {longest / HOUR:.1f} h"
                    self.violations.add("item lost", at, f"{timeline.token(number)} {detail}")

    def check_floods(self, database: Database, at: float) -> dict[str, int]:
        """Look for floods whose excess was neither stored nor counted as possibly missing."""
        stored = Counter(token[1:5] for token in self.tokens if "f" in token)
        with database.read() as db:
            counted = {
                row.name: (row.lost or 0) + (row.left_out or 0) + (row.gaps or 0)
                for row in db.execute(select(feeds.c.name, feeds.c.lost, feeds.c.left_out, feeds.c.gaps))
            }
        sizes = {}
        for feed in self.plan.feeds:
            if feed.flood is None or feed.flood.end > at:
                continue
            read = any(
                min(span.end, feed.flood.end) - max(span.start, feed.flood.start) > 3.6 * HOUR
                for span in find_readable(self.plan, feed.number)
            )
            sizes[f"feed {feed.number}"] = stored[f"{feed.number:04}"]
            if read and not counted.get(f"Feed {feed.number}") and stored[f"{feed.number:04}"] < 3_000:
                self.violations.add(
                    "flood not counted", at, f"feed {feed.number}: {stored[f'{feed.number:04}']} of 3000 items"
                )
        return sizes

    def check_digests(self, at: float) -> None:
        """Look for slots without their digest, and for slots with two."""
        by_slot: defaultdict[tuple[str, int], list[ComposedDigest]] = defaultdict(list)
        for made in self.composed:
            # A clock that was days ahead came to slots before their time: when it is right again they come once more.
            if self.plan.incident(made.at, CLOCK_STEPS.keys()) is None:
                by_slot[made.name, int(made.slot)].append(made)
        for name, slot in self._slots(at):
            found = by_slot.get((name, int(slot)), [])
            if len(found) != 1:
                self.violations.add("digest of a slot", slot, f"{name}: composed {len(found)} times")
            elif found[0].at - slot > HOUR + TICK:
                self.violations.add("digest late", slot, f"{name}: {(found[0].at - slot) / HOUR:.1f} h")

    def _slots(self, at: float) -> list[tuple[str, float]]:
        """Return the slots whose hour passed while the watcher ran under a right clock."""
        slots = [(DAILY, day * DAY + 7 * HOUR) for day in range(int(at / DAY) + 1)]
        slots += [(WEEKLY, week * 7 * DAY + 8 * HOUR) for week in range(int(at / DAY / 7) + 1)]
        disturbing = CLOCK_STEPS.keys() | DOWNTIMES | STORAGE
        return [
            (name, slot)
            for name, slot in slots
            if slot < at - TICK and self.plan.incident(slot, disturbing) is None
            and self.plan.incident(slot + TICK, disturbing) is None
            # A clock that was ahead and is set right at this very moment came to the slot before, and that counts.
            and self.plan.incident(slot - TICK, CLOCK_STEPS.keys()) is None
        ]  # fmt: skip

    def check_messages(
        self, database: Database, mails: list[tuple[float, str, str]], slack: list[tuple[float, str]], at: float
    ) -> dict[str, int]:
        """Compare the outbox with what the servers took: every message once, and twice only where it was in doubt."""
        taken = Counter((message_id, reader) for _at, message_id, reader in mails)
        posted = Counter(message_id for _at, message_id in slack)
        with database.read() as db:
            rows = db.execute(
                select(
                    outbox.c.kind, outbox.c.recipient, outbox.c.message_id, outbox.c.state, outbox.c.doubts,
                    outbox.c.error, outbox.c.created_at, outbox.c.channel,
                )
            ).all()  # fmt: skip
            sent_digests = db.execute(select(func.count()).select_from(digests).where(digests.c.sent)).scalar_one()
        repeated = 0
        for row in rows:
            key = (row.message_id, row.recipient)
            times = taken.pop(key, 0) if row.kind == "email" else posted.pop(row.message_id, 0)
            line = f"{row.kind} {row.message_id} of {row.created_at:%m-%d %H:%M}, {row.state}, {row.error or ''}"
            if row.state != "sent":
                self.violations.add("message not sent", at, line)
            if times == 0:
                self.violations.add("message never arrived", at, line)
            elif times > 1 + row.doubts:
                self.violations.add("message repeated", at, f"{times} times with {row.doubts} doubts: {line}")
            repeated += max(0, times - 1)
        for left in [*taken, *posted]:
            self.violations.add("message that nobody wrote", at, str(left))
        mails_wanted = sum(row.kind == "email" for row in rows)
        if mails_wanted != len(READERS) * sent_digests:
            self.violations.add("messages of a digest", at, f"{mails_wanted} mails for {sent_digests} digests")
        return {"digests": sent_digests, "messages": len(rows), "repeated under their identity": repeated}


def find_readable(plan: Plan, number: int) -> list[Span]:
    """Return when a feed could be read, floods included."""
    feed = plan.feeds[number]
    gaps = [Span(event.span.start, event.span.end + HOUR) for event in plan.events if event.incident in NO_POLLS]
    gaps += [Span(outage.span.start, outage.span.end + outage.recovery) for outage in feed.outages]
    return subtract(feed.watched, sorted(gaps, key=lambda span: span.start))
