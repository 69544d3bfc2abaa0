"""Digests that belong to a person: mailed to the person's own address, and not composed after the person has left."""

from __future__ import annotations

from datetime import timedelta

from tests.outgoing.world import HOUR, NOON, channel, daily, files, found, mail, press
from watcher.app.people.accounts import add_person, disable_person, enable_person
from watcher.model.person import SHELL, Role
from watcher.pipeline.digests import compose_due
from watcher.store.database import Database
from watcher.store.digests.slots import register_subscriptions
from watcher.store.outbox.queries import find_deliveries

SEVEN = NOON.replace(hour=7)
DAY = timedelta(days=1)


def recipients(database: Database) -> list[tuple[str, str]]:
    with database.read() as db:
        return sorted((delivery.channel, delivery.recipient) for delivery in find_deliveries(db).items)


def test_addresses_of_a_digest_take_the_place_of_the_channels(database: Database) -> None:
    folder = files()
    everybody = mail(25, "all@desk.example", "more@desk.example")
    slack = channel("slack", "slack", webhook_url="https://hooks.slack.com/services/T/B/x")
    ours = daily(name="ours", channels=("mail",))
    mine = daily(name="mine", channels=("mail", "files", "slack"), to=("ray@home.example",))
    with database.write() as db:
        register_subscriptions(db, ["ours", "mine"], SEVEN - DAY)
    found(database, "Five Eyes meet", at=SEVEN - HOUR)

    compose_due(database, press([ours, mine], [everybody, folder, slack]), SEVEN)

    assert recipients(database) == [
        ("files", folder.recipients[0]),
        ("mail", "all@desk.example"),
        ("mail", "more@desk.example"),
        ("mail", "ray@home.example"),
        ("slack", slack.recipients[0]),
    ]


def test_digest_of_somebody_who_left_waits_until_the_person_is_back(database: Database) -> None:
    with database.write() as db:
        add_person(db, "Ada", Role.ADMIN, None, SHELL, NOON)
        add_person(db, "Ráy  Moss", Role.READER, None, SHELL, NOON)
        register_subscriptions(db, ["mine", "of-nobody"], SEVEN - DAY)
    mine = daily(name="mine", channels=("mail",), to=("ray@home.example",), owner="ráy moss")
    of_nobody = daily(name="of-nobody", channels=("mail",), owner="Zoe")
    context = press([mine, of_nobody], [mail(25)])
    found(database, "Five Eyes meet", at=SEVEN - HOUR)

    with database.write() as db:
        disable_person(db, "Ráy Moss", SHELL, NOON)
    while_away = compose_due(database, context, SEVEN)
    with database.write() as db:
        enable_person(db, "Ráy Moss", SHELL, NOON)
    when_back = compose_due(database, context, SEVEN + DAY)

    assert while_away == ()
    assert [digest.name for digest in when_back] == ["mine"]
    assert [digest.story_count for digest in when_back] == [1]
    assert recipients(database) == [("mail", "ray@home.example")]
