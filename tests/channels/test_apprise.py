"""Everything else by Apprise: a real post to a service on loopback, and what becomes of faults."""

from __future__ import annotations

import asyncio

import pytest
from pydantic import SecretStr

from tests.moments import NOON
from tests.servers import Answer, HttpServer
from watcher.channels.apprise.options import AppriseOptions
from watcher.channels.apprise.sender import AppriseSender
from watcher.channels.base import OutgoingMessage
from watcher.channels.outcome import Deferred, Refused, SendOutcome, Sent
from watcher.channels.payload import dump_payload

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")
MARKDOWN = "# The day\n\n- **Five Eyes** \\*meet\\*\n"


def send(*urls: str, recipient: str = "json-1") -> SendOutcome:
    message = OutgoingMessage(
        recipient=recipient, message_id="<1@x>", created_at=NOON,
        payload=dump_payload(name="daily", subject="The day: 1 story", markdown=MARKDOWN),
    )  # fmt: skip
    options = AppriseOptions.model_construct(urls=tuple(SecretStr(url) for url in urls))
    return asyncio.run(AppriseSender(options).send(message))


def test_a_service_that_apprise_knows_gets_the_digest() -> None:
    with HttpServer() as server:
        outcome = send(f"json://127.0.0.1:{server.port}/hook")

    assert outcome == Sent()
    [asked] = server.asked
    assert asked.json["title"] == "The day: 1 story"
    assert "Five Eyes" in asked.json["message"]


def test_a_service_that_refuses_is_asked_again_later() -> None:
    with HttpServer() as server:
        server.next_answers = [Answer(status=500, body="")]
        outcome = send(f"json://127.0.0.1:{server.port}/")

    assert isinstance(outcome, Deferred)


@pytest.mark.parametrize(
    ("urls", "recipient"), [(("nonsense://x",), "nonsense-1"), ((), "json-1"), (("json://x",), "json-2")]
)
def test_an_address_that_is_none_is_refused_without_being_repeated(urls: tuple[str, ...], recipient: str) -> None:
    outcome = send(*urls, recipient=recipient)

    assert isinstance(outcome, Refused)
    assert "://" not in outcome.reason
