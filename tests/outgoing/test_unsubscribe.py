"""Readers who leave: no further message, what waits for them ends, and nobody else misses one."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from email.message import EmailMessage

from tests.outgoing.test_sending import deliver, rows
from tests.outgoing.world import HOUR, NOON, daily, found, mail, press
from tests.servers import MailServer
from watcher.digest.links import Links
from watcher.digest.unsubscribe_links import verify_unsubscribe
from watcher.model.digest import DeliveryState, Unsubscription
from watcher.pipeline.digests import DigestContext, compose_now
from watcher.store.database import Database
from watcher.store.digests.unsubscribes import add_unsubscription, delete_unsubscription, list_unsubscriptions
from watcher.store.outbox.mapping import UNSUBSCRIBED_ERROR

KEY = b"a key that nobody else has"
A = Unsubscription(subscription="daily", channel="mail", recipient="a@desk.example")
DAY = timedelta(days=1)


def ready(port: int, base_url: str | None = "https://watch.example") -> DigestContext:
    made = press([daily(channels=("mail",))], [mail(port, "a@desk.example", "b@desk.example")])
    return replace(made, links=Links(base_url=base_url, secret=KEY))


def token_in(message: EmailMessage) -> str:
    header = str(message["List-Unsubscribe"])
    return header.partition("/unsubscribe/")[2].partition(">")[0]


def test_a_mail_names_its_own_readers_way_out_in_header_html_and_text(sqlite: Database) -> None:
    found(sqlite, "Five Eyes partners meet", at=NOON - HOUR)
    with MailServer() as server:
        compose_now(sqlite, ready(server.port), "daily", NOON)
        deliver(sqlite, ready(server.port))

    first, second = server.messages
    assert verify_unsubscribe(KEY, token_in(first)) == A
    assert verify_unsubscribe(KEY, token_in(second)) == replace(A, recipient="b@desk.example")
    assert first["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert "mailto:watcher@desk.example" in str(first["List-Unsubscribe"])
    for form in ("plain", "html"):
        body = first.get_body((form,)).get_content()  # type: ignore[union-attr]
        assert token_in(first) in body
        assert token_in(second) not in body


def test_without_a_page_the_way_out_is_a_mail(sqlite: Database) -> None:
    found(sqlite, "Five Eyes partners meet", at=NOON - HOUR)
    with MailServer() as server:
        compose_now(sqlite, ready(server.port, None), "daily", NOON)
        deliver(sqlite, ready(server.port, None))

    [message, _other] = server.messages
    assert message["List-Unsubscribe"] == "<mailto:watcher@desk.example?subject=unsubscribe%20daily>"
    assert message["List-Unsubscribe-Post"] is None


def test_one_click_is_promised_over_https_alone(sqlite: Database) -> None:
    found(sqlite, "Five Eyes partners meet", at=NOON - HOUR)
    with MailServer() as server:
        compose_now(sqlite, ready(server.port, "http://watch.example"), "daily", NOON)
        deliver(sqlite, ready(server.port, "http://watch.example"))

    assert "http://watch.example/unsubscribe/" in str(server.messages[0]["List-Unsubscribe"])
    assert server.messages[0]["List-Unsubscribe-Post"] is None


def test_who_left_gets_no_further_digest_until_they_come_back(database: Database) -> None:
    with database.write() as db:
        add_unsubscription(db, A, NOON)
        add_unsubscription(db, A, NOON)
    compose_now(database, ready(9), "daily", NOON)
    with database.write() as db:
        assert list_unsubscriptions(db) == [(A, NOON)]
        assert delete_unsubscription(db, A)
        assert not delete_unsubscription(db, A)
    compose_now(database, ready(9), "daily", NOON + DAY)

    recipients = [row.recipient for row in rows(database)]
    assert recipients == ["b@desk.example", "a@desk.example", "b@desk.example"]


def test_what_waits_for_a_reader_who_leaves_is_not_sent(database: Database) -> None:
    with MailServer() as server:
        compose_now(database, ready(server.port), "daily", NOON)
        with database.write() as db:
            add_unsubscription(db, A, NOON)
        deliver(database, ready(server.port))

    assert server.recipients == ["b@desk.example"]
    assert [(row.state, row.error) for row in rows(database) if row.recipient == A.recipient] == [
        (DeliveryState.DEAD, UNSUBSCRIBED_ERROR)
    ]


def test_leaving_one_digest_leaves_no_other(database: Database) -> None:
    with database.write() as db:
        add_unsubscription(db, replace(A, subscription="weekly"), NOON)

    compose_now(database, ready(9), "daily", NOON)

    assert len(rows(database)) == 2
