"""What is refused before a message concerns the channel: one probe, everything else waits, a day long."""

from __future__ import annotations

import asyncio
import base64
import html
import json
import socket
from collections.abc import Callable
from datetime import timedelta
from urllib.parse import quote

import httpx
import pytest

from tests.fetch.asking import POLICY
from tests.outgoing.test_sending import bot, composed, deliver, rows
from tests.outgoing.world import HOUR, NOON, channel, mail, senders
from tests.servers import Answer, HttpServer, SlackServer
from tests.smtp_script import ScriptedMailServer
from watcher.fetch.ssrf_guard import SsrfGuard
from watcher.fetch.transport import GuardedTransport
from watcher.model.digest import Channel, DeliveryState
from watcher.pipeline.delivery import DeliverySummary, deliver_waiting
from watcher.pipeline.digests import DigestContext, resend_delivery
from watcher.store.database import Database
from watcher.store.outbox.blocked_channels import list_blocked_channels
from watcher.store.outbox.queue import requeue_deliveries

FIVE = tuple(f"{name}@desk.example" for name in ("ann", "bo", "cy", "di", "ed"))
REFUSALS = [
    pytest.param({"GREETING": "554 5.7.1 client host blocked"}, id="greeting"),
    pytest.param({"GREETING": "421 4.3.2 too busy"}, id="greeting for now"),
    pytest.param({"EHLO": "550 5.7.1 go away", "HELO": "550 5.7.1 go away"}, id="EHLO"),
    pytest.param({"MAIL": "530 5.7.0 authentication required"}, id="MAIL without login"),
    pytest.param({"MAIL": "550 5.7.708 access denied, traffic not accepted from this IP"}, id="MAIL, address banned"),
    pytest.param({"MAIL": "553 5.1.8 sender domain not found"}, id="MAIL, sender unknown"),
    pytest.param({"MAIL": "452 4.3.1 no room"}, id="MAIL for now"),
    pytest.param({"RCPT": "550 5.7.1 relaying denied"}, id="RCPT, no relay"),
    pytest.param({"RCPT": "530 5.7.1 Authentication required"}, id="RCPT without login"),
    pytest.param({"BODY": "550 5.4.5 Daily user sending limit exceeded"}, id="quota after DATA"),
    pytest.param({"BODY": "550 5.7.26 this mail is unauthenticated (SPF, DKIM)"}, id="sender's domain after DATA"),
    pytest.param({"DATA": "554 5.7.1 the account is suspended"}, id="account at DATA"),
]


@pytest.mark.parametrize("answers", REFUSALS)
def test_channel_that_is_refused_is_tried_once_and_loses_no_message(sqlite: Database, answers: dict[str, str]) -> None:
    with ScriptedMailServer(answers) as server:
        ready = composed(sqlite, mail(server.port, *FIVE))

        refused = deliver(sqlite, ready)
        tried = server.connections
        server.answers.update(ScriptedMailServer().answers)
        repaired = deliver(sqlite, ready, NOON + HOUR)

    assert (refused.retrying, refused.dead, refused.uncertain) == (1, 0, 0)
    assert tried == 1
    assert repaired.sent == 5
    assert [row.state for row in rows(sqlite)] == [DeliveryState.SENT] * 5


@pytest.mark.parametrize(
    "answers",
    [
        pytest.param({"RCPT": "550 5.1.1 no such user"}, id="unknown"),
        pytest.param({"RCPT": "550 no such user here"}, id="unknown, without a status"),
        pytest.param({"RCPT": "552 5.2.2 mailbox over its quota, user quota exceeded"}, id="mailbox full"),
        pytest.param({"BODY": "554 5.6.0 message looks like spam"}, id="content"),
        pytest.param({"BODY": "552 5.3.4 message too big"}, id="size"),
        pytest.param({"RCPT": "550 5.7.133 sender not authenticated for this group"}, id="group takes members only"),
    ],
)
def test_message_that_is_refused_is_dead_and_stops_no_other(sqlite: Database, answers: dict[str, str]) -> None:
    with ScriptedMailServer(answers) as server:
        ready = composed(sqlite, mail(server.port, *FIVE))

        done = deliver(sqlite, ready)

    assert (done.dead, done.retrying) == (5, 0)


def test_channel_refused_for_more_than_a_day_gives_its_messages_up_with_the_reason(database: Database) -> None:
    with ScriptedMailServer({"GREETING": "554 5.7.1 client host blocked"}) as server:
        ready = composed(database, mail(server.port, *FIVE))
        states = []
        for hour in (0, 1, 12, 23, 25):
            deliver(database, ready, NOON + hour * HOUR)
            states.append({row.state for row in rows(database)})

    assert all(DeliveryState.DEAD not in state for state in states[:-1])
    assert states[-1] == {DeliveryState.DEAD}
    assert all("client host blocked" in (row.error or "") for row in rows(database))


def test_all_dead_messages_of_a_channel_are_put_back_in_line_and_have_a_day_again(database: Database) -> None:
    with ScriptedMailServer({"GREETING": "554 5.7.1 client host blocked"}) as server:
        ready = composed(database, mail(server.port, *FIVE))
        for hour in (0, 25):
            deliver(database, ready, NOON + hour * HOUR)

        with database.write() as db:
            other = requeue_deliveries(db, NOON + 26 * HOUR, states=[DeliveryState.DEAD], channel="other")
            again = requeue_deliveries(db, NOON + 26 * HOUR, states=[DeliveryState.DEAD], channel="mail")
        still = deliver(database, ready, NOON + 26 * HOUR)
        server.answers.update(ScriptedMailServer().answers)
        sent = deliver(database, ready, NOON + 27 * HOUR)

    assert (other, again) == (0, 5)
    assert (still.dead, still.retrying) == (0, 1)
    assert sent.sent == 5


def test_refused_channel_is_known_with_its_reason_until_a_message_goes_through(sqlite: Database) -> None:
    with ScriptedMailServer({"MAIL": "550 5.7.1 sender rejected"}) as server:
        ready = composed(sqlite, mail(server.port))
        deliver(sqlite, ready)
        with sqlite.read() as db:
            [known] = list_blocked_channels(db)
        server.answers.update(ScriptedMailServer().answers)
        deliver(sqlite, ready, NOON + HOUR)
        with sqlite.read() as db:
            after = list_blocked_channels(db)

    assert (known.channel, known.since) == ("mail", NOON)
    assert known.reason == "MAIL FROM: 550 5.7.1 sender rejected"
    assert after == ()


def test_one_message_sent_again_by_hand_clears_what_is_known_of_its_channel(sqlite: Database) -> None:
    with ScriptedMailServer({"MAIL": "550 5.7.1 sender rejected"}) as server:
        ready = composed(sqlite, mail(server.port))
        for hour in (0, 25):
            deliver(sqlite, ready, NOON + hour * HOUR)
    resend_delivery(sqlite, 1, NOON + 26 * HOUR)

    with sqlite.read() as db:
        assert list_blocked_channels(db) == ()


SLACK_FAULTS = [
    "invalid_auth", "token_revoked", "account_inactive", "not_in_channel", "channel_not_found", "is_archived",
    "missing_scope", "restricted_action",
]  # fmt: skip


@pytest.mark.parametrize("fault", SLACK_FAULTS)
def test_slack_that_refuses_token_or_channel_keeps_the_message(sqlite: Database, fault: str) -> None:
    with SlackServer() as slack:
        slack.next_answers = [Answer(body=f'{{"ok": false, "error": "{fault}"}}')]
        ready = composed(sqlite, bot(slack))
        refused = deliver(sqlite, ready)
        slack.messages.clear()
        later = deliver(sqlite, ready, NOON + HOUR)

    assert (refused.retrying, refused.dead) == (1, 0)
    assert later.sent == 1


@pytest.mark.parametrize("status", [300, 301, 401, 402, 403, 404, 409, 410, 421, 426, 451])
@pytest.mark.parametrize("kind", ["webhook", "slack"])
def test_address_that_is_refused_keeps_the_message(sqlite: Database, status: int, kind: str) -> None:
    with HttpServer() as server:
        key = "url" if kind == "webhook" else "webhook_url"
        ready = composed(sqlite, channel("out", kind, "x", **{key: f"{server.url}/services/x"}))
        server.next_answers = [Answer(status=status, body="no")]

        refused = deliver(sqlite, ready)

    assert (refused.retrying, refused.dead) == (1, 0)


@pytest.mark.parametrize("status", [400, 413, 415, 422])
def test_message_that_a_webhook_does_not_take_is_dead(sqlite: Database, status: int) -> None:
    with HttpServer() as server:
        ready = composed(sqlite, webhook(f"{server.url}/in"))
        server.next_answers = [Answer(status=status, body="no")]

        assert deliver(sqlite, ready).dead == 1


def test_webhook_is_waited_for_no_longer_than_its_timeout(sqlite: Database) -> None:
    with HttpServer() as server:
        ready = composed(sqlite, webhook(f"{server.url}/in", timeout=timedelta(seconds=0.3)))
        server.next_answers = [Answer(stall=0.9)]

        deliver(sqlite, ready)

    assert rows(sqlite)[0].error == "perhaps it arrived: no answer within 0.3 s"


def deliver_guarded(database: Database, ready: DigestContext) -> DeliverySummary:
    """Deliver through the transport that the daemon uses."""

    async def run() -> DeliverySummary:
        transport = GuardedTransport(POLICY, SsrfGuard(POLICY.allow))
        async with httpx.AsyncClient(transport=transport) as client:
            return await deliver_waiting(database, ready.channels, senders(client), lambda: NOON, jitter=lambda: 1.0)

    return asyncio.run(run())


def webhook(url: str, **options: object) -> Channel:
    return channel("hook", "webhook", "x", url=url, **options)


@pytest.mark.parametrize("send", [deliver, deliver_guarded])
def test_webhook_without_a_connection_within_its_timeout_waits_in_line(
    sqlite: Database, send: Callable[[Database, DigestContext], DeliverySummary]
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:  # takes a connection, and answers no handshake
        url = f"https://127.0.0.1:{silent.getsockname()[1]}/in"
        ready = composed(sqlite, webhook(url, timeout=timedelta(seconds=0.3)))

        delivered = send(sqlite, ready)

    assert delivered.retrying == 1
    assert rows(sqlite)[0].error == "no connection within 0.3 s"


@pytest.mark.parametrize("send", [deliver, deliver_guarded])
@pytest.mark.parametrize("answer", [Answer(drop=True), Answer(stall=0.9)])
def test_webhook_that_takes_a_message_and_does_not_answer_perhaps_has_it(
    sqlite: Database, send: Callable[[Database, DigestContext], DeliverySummary], answer: Answer
) -> None:
    with HttpServer() as server:
        ready = composed(sqlite, webhook(f"{server.url}/in", timeout=timedelta(seconds=0.5)))
        server.next_answers = [answer]

        send(sqlite, ready)

    assert (rows(sqlite)[0].error or "").startswith("perhaps it arrived: no answer")


@pytest.mark.parametrize(
    ("kind", "options", "secrets"),
    [
        ("webhook", {"url": "{}/svc/Zebra9secret?key=Gnu77secret", "secret": "S3alingKey"},
         ["Zebra9secret", "Gnu77secret", "S3alingKey"]),
        ("slack", {"webhook_url": "{}/services/T0ABC/B0DEF/Yak5secret"}, ["Yak5secret"]),
    ],
)  # fmt: skip
@pytest.mark.parametrize("status", [400, 403, 500])
def test_server_that_repeats_secrets_gets_them_into_no_record(
    sqlite: Database, kind: str, options: dict[str, str], secrets: list[str], status: int
) -> None:
    with HttpServer() as server:
        given = {name: value.format(server.url) for name, value in options.items()}
        ready = composed(sqlite, channel("out", kind, "x", **given))
        repeated = " ".join(secrets)
        server.next_answers = [Answer(status=status, body=f"Cannot POST {repeated} {repeated.upper()}")]
        deliver(sqlite, ready)

    [row] = rows(sqlite)
    assert "***" in (row.error or "")
    assert not [secret for secret in secrets if secret.lower() in (row.error or "").lower()]


LONG_SECRET = "Zebra9/" + "s3cret+Key=" * 9 + "end"
REPETITIONS = {
    "address": lambda secret: quote(secret, safe=""),
    "every byte": lambda secret: "".join(f"%{byte:02X}" for byte in secret.encode()),
    "address twice": lambda secret: quote(quote(secret, safe=""), safe=""),
    "HTML of a strict escaper": lambda secret: html.escape(secret).replace("/", "&#x2F;").replace("=", "&#x3D;"),
    "JSON": lambda secret: json.dumps(secret).replace("/", "\\/"),
    "Base64": lambda secret: base64.b64encode(secret.encode()).decode(),
    "lines": lambda secret: "\n".join(secret[at : at + 20] for at in range(0, len(secret), 20)),
}


@pytest.mark.parametrize("repeat", REPETITIONS.values(), ids=REPETITIONS)
@pytest.mark.parametrize("length", [9, 40, len(LONG_SECRET)])
def test_server_that_repeats_a_secret_in_another_form_gets_it_into_no_record(
    sqlite: Database, repeat: Callable[[str], str], length: int
) -> None:
    secret = LONG_SECRET[:length]
    with HttpServer() as server:
        ready = composed(sqlite, channel("out", "webhook", "x", url=f"{server.url}/svc/{quote(secret, safe='')}"))
        server.next_answers = [Answer(status=403, body=f"Cannot POST {repeat(secret)}")]
        deliver(sqlite, ready)

    # The answer is shortened where it is long: no beginning of the secret is left either.
    error = rows(sqlite)[0].error or ""
    assert repeat(secret)[:8] not in error
    assert secret[:8] not in error
    assert "***" in error


@pytest.mark.parametrize(
    ("sender", "recipient", "wire"),
    [
        ("Wächter <watch@bücher.example>", "a@desk.example", "MAIL FROM:<watch@xn--bcher-kva.example>"),
        ("watch@desk.example", "jo@bücher.example", "RCPT TO:<jo@xn--bcher-kva.example>"),
        ("watch@desk.example", "ю@пример.рф", "RCPT TO:<ю@xn--e1afmkfd.xn--p1ai>"),
        ("wächter@desk.example", "jörg@desk.example", "MAIL FROM:<wächter@desk.example> SMTPUTF8"),
    ],
)
def test_address_beyond_ascii_is_sent_in_the_form_of_the_wire(
    sqlite: Database, sender: str, recipient: str, wire: str
) -> None:
    with ScriptedMailServer({"EHLO": "250-post.example\r\n250-SMTPUTF8\r\n250 8BITMIME"}) as server:
        done = deliver(sqlite, composed(sqlite, mail(server.port, recipient, sender=sender)))

    assert done.sent == 1
    assert wire in server.lines
    assert b"Message-ID: <" in server.messages[0]


def test_recipient_that_needs_smtputf8_is_dead_with_that_reason_where_it_is_not_offered(sqlite: Database) -> None:
    with ScriptedMailServer() as server:
        ready = composed(sqlite, mail(server.port, "jörg@desk.example", "ann@desk.example"))
        done = deliver(sqlite, ready)

    assert (done.sent, done.dead) == (1, 1)
    assert "SMTPUTF8" in (rows(sqlite)[0].error or "")


def test_sender_that_needs_smtputf8_blocks_the_channel_where_it_is_not_offered(sqlite: Database) -> None:
    with ScriptedMailServer() as server:
        done = deliver(sqlite, composed(sqlite, mail(server.port, sender="wächter@desk.example")))

    assert (done.retrying, done.dead, done.uncertain) == (1, 0, 0)
