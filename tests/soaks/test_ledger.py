"""The books of a soak find what they are kept for: each fault is planted, and has to be named."""

from __future__ import annotations

import pytest
from sqlalchemy import delete, insert, select, update

from bench.soaks.items import Timelines
from bench.soaks.ledger import Ledger
from bench.soaks.plan import DAY, HOUR
from bench.soaks.planning import make_plan
from bench.soaks.violations import Violations
from tests.outgoing.world import NOON, daily, found, mail, press
from watcher.pipeline.digests import compose_now
from watcher.store.database import Database
from watcher.store.tables import entries, outbox

PLAN = make_plan(1, 2, 20)


@pytest.fixture
def ledger() -> Ledger:
    return Ledger(PLAN, Timelines(PLAN.feeds, PLAN.seed, PLAN.end), Violations(lambda _line: None))


def kinds(ledger: Ledger) -> dict[str, int]:
    return dict(ledger.violations.counts)


def test_items_that_were_served_and_never_stored_are_lost(ledger: Ledger) -> None:
    ledger.check_items(PLAN.end)

    assert ledger.owed > 100
    assert kinds(ledger) == {"item lost": ledger.owed}


def test_an_item_that_is_stored_twice_is_named(ledger: Ledger, sqlite: Database) -> None:
    found(sqlite, "Harbour council x0001n4", "Harbour council x0001n4, updated", "Harbour council x0001n5")

    ledger.follow(sqlite, HOUR)

    assert kinds(ledger) == {"stored twice": 1}


def test_an_entry_that_leaves_before_its_time_is_named(ledger: Ledger, sqlite: Database) -> None:
    found(sqlite, "Harbour council x0001n4", "Harbour council x0001n5")
    ledger.follow(sqlite, HOUR)
    with sqlite.write() as db:
        db.execute(delete(entries).where(entries.c.title.endswith("n5")))

    ledger.check_kept(sqlite, DAY)

    assert kinds(ledger) == {"pruned too early": 1}


def test_a_hit_that_no_digest_tells_is_named_for_each_digest(ledger: Ledger, sqlite: Database) -> None:
    found(sqlite, "Harbour council x0001n4")
    ledger.follow(sqlite, HOUR)

    ledger.check_told(sqlite, 5 * DAY)

    assert kinds(ledger) == {"hit told in no digest": 2}


def test_a_slot_without_its_digest_is_named(ledger: Ledger) -> None:
    ledger.check_digests(1.9 * DAY)

    assert kinds(ledger) == {"digest of a slot": 3}


@pytest.mark.parametrize(
    ("mails", "state", "expected"),
    [
        ([], "sent", {"message never arrived": 1}),
        ([1], "dead", {"message not sent": 1}),
        ([1, 1], "sent", {"message repeated": 1}),
        ([1, 0], "sent", {"message that nobody wrote": 1}),
        ([1], "sent", {}),
    ],
)
def test_messages_are_held_against_what_the_servers_took(
    ledger: Ledger, sqlite: Database, mails: list[int], state: str, expected: dict[str, int]
) -> None:
    compose_now(sqlite, press([daily(channels=("mail",), empty="send")], [mail(25)]), "daily", NOON)
    with sqlite.write() as db:
        db.execute(update(outbox).values(state=state))
        row = db.execute(select(outbox)).one()
        # The ledger expects two readers of every digest.
        other = {**row._mapping, "id": 99, "recipient": "b@desk.example", "message_id": "<other@desk.example>"}
        db.execute(insert(outbox).values(**other | {"state": "sent"}))
    taken = [(0.0, row.message_id if known else "<foreign@desk.example>", row.recipient) for known in mails]
    taken.append((0.0, "<other@desk.example>", "b@desk.example"))

    ledger.check_messages(sqlite, taken, [], DAY)

    assert kinds(ledger) == expected
