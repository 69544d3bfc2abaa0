"""A kind of channel is one folder and one line: settings, outbox and test message serve it like any other."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.channels.pager import PagerChannel
from tests.e2e.machine import Desk
from tests.outgoing.world import HOUR, MINUTE, NOON, daily, found, press, senders
from tests.plain_http import NO_AUTHORITIES
from tests.servers import Answer, Asked, HttpServer
from watcher.channels import CHANNELS
from watcher.digest.links import Links
from watcher.errors import ConfigError
from watcher.model.digest import Channel, Delivery, DeliveryState
from watcher.pipeline.channel_test import send_test
from watcher.pipeline.delivery import deliver_waiting
from watcher.pipeline.digests import compose_now
from watcher.settings import load
from watcher.store.database import Database
from watcher.store.outbox.queries import find_deliveries


class Gateway(HttpServer):
    def answer(self, asked: Asked) -> Answer:
        return Answer(status=202)


@pytest.fixture(autouse=True)
def _registered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(CHANNELS, "pager", PagerChannel())


@pytest.fixture
def gateway() -> Iterator[Gateway]:
    with Gateway() as server:
        yield server


def read_channel(folder: Path, **options: object) -> Channel:
    """Read a pager from a configuration folder, with its key from the environment."""
    desk = Desk(folder)
    channels = {"night": {"kind": "pager", "key": "${PAGER_KEY}", "number": "117", **options}}
    digests = [{"name": "daily", "schedule": "daily at 7", "channels": ["night"]}]
    desk.write(channels=channels, digests=digests)
    settings = load(folder, {"WATCHER_STATE": str(folder / "var"), "PAGER_KEY": "gnu-77-secret"})
    [channel] = settings.channels
    return channel


def deliver(database: Database, channel: Channel) -> Delivery:
    found(database, "Five Eyes partners meet", at=NOON - HOUR)
    context = press([daily(channels=("night",))], [channel])
    compose_now(database, context, "daily", NOON)

    async def run() -> None:
        async with httpx.AsyncClient(verify=NO_AUTHORITIES) as client:
            await deliver_waiting(database, context.channels, senders(client), lambda: NOON + MINUTE)

    asyncio.run(run())
    with database.read() as db:
        [delivery] = find_deliveries(db).items
    return delivery


def test_an_added_kind_delivers_a_digest_through_the_outbox(sqlite: Database, tmp_path: Path, gateway: Gateway) -> None:
    channel = read_channel(tmp_path / "desk", gateway=gateway.url, length=20)

    delivery = deliver(sqlite, channel)

    assert (delivery.state, delivery.kind, delivery.recipient) == (DeliveryState.SENT, "pager", "117")
    [asked] = gateway.asked
    assert asked.json == {"key": "gnu-77-secret", "to": "117", "text": "The day: Five Eyes…"}


def test_an_added_kind_repeats_its_secrets_in_no_record(sqlite: Database, tmp_path: Path, gateway: Gateway) -> None:
    channel = read_channel(tmp_path / "desk", gateway=f"{gateway.url}/gate/Zebra9secret")
    gateway.next_answers = [Answer(status=500, body="no gnu-77-secret at /gate/Zebra9secret")]

    delivery = deliver(sqlite, channel)

    assert delivery.state is DeliveryState.RETRYING
    assert "***" in (delivery.error or "")
    assert "secret" not in (delivery.error or "")
    assert "secret" not in repr(channel)


def test_an_added_kind_is_tested_like_any_other(tmp_path: Path, gateway: Gateway) -> None:
    channel = read_channel(tmp_path / "desk", gateway=gateway.url)

    async def run() -> str:
        async with httpx.AsyncClient(verify=NO_AUTHORITIES) as client:
            [result] = await send_test(channel, senders(client), Links(), "here", NOON)
        return result.outcome

    assert asyncio.run(run()) == "sent"
    assert gateway.asked[0].json["text"] == "Test message: nothing new"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"gateway": "mail-desk"}, "`gateway`: is not an http(s) address"),
        ({"gateway": "http://127.0.0.1:1", "size": 4}, "unknown key `size`"),
        ({"gateway": "http://127.0.0.1:1", "length": 4}, "out of range"),
        ({"kind": "pigeon"}, "'pigeon' is none of email, slack, file, webhook, apprise, pager"),
    ],
)
def test_the_settings_check_the_options_of_an_added_kind(
    tmp_path: Path, options: dict[str, object], message: str
) -> None:
    with pytest.raises(ConfigError) as refused:
        read_channel(tmp_path / "desk", **options)

    assert message in str(refused.value)
