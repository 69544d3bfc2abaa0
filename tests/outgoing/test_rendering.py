"""Digests are rendered outside of the write transaction, and stored only if what they report is still so."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence

import pytest
from sqlalchemy import update

from tests.outgoing.world import HOUR, NOON, channel, daily, found, press
from watcher.channels import CHANNELS
from watcher.channels.base import ChannelType, OptionsModel, Sender, SenderContext, Target
from watcher.digest.forms import DigestForms
from watcher.model.digest import Unsubscription
from watcher.pipeline.digests import MAX_RENDERINGS, DigestContext, compose_now
from watcher.store.database import Database
from watcher.store.digests.queries import find_digests, list_digest_hit_ids
from watcher.store.digests.unsubscribes import add_unsubscription
from watcher.store.outbox.queries import find_deliveries
from watcher.store.tables import entries as entry_table

PATIENCE = 30.0
"""Seconds that a thread waits for the other."""


class HookedOptions(OptionsModel):
    """Needs nothing."""

    @property
    def recipients(self) -> tuple[str, ...]:
        return ("ann", "bo")


class HookedChannel(ChannelType[HookedOptions]):
    """Calls a function whenever a digest is rendered for its first recipient."""

    options_model = HookedOptions

    def __init__(self) -> None:
        self.on_render: Callable[[], object] = lambda: None
        self.renderings = 0

    def render(self, forms: DigestForms, options: HookedOptions, target: Target) -> Sequence[str]:
        if target.recipient == "ann":
            self.renderings += 1
            self.on_render()
        return [forms.text]

    def open_sender(self, options: HookedOptions, context: SenderContext) -> Sender:
        raise AssertionError("nothing is sent here")


@pytest.fixture
def hooked(monkeypatch: pytest.MonkeyPatch) -> HookedChannel:
    kind = HookedChannel()
    monkeypatch.setitem(CHANNELS, "hooked", kind)
    return kind


@pytest.fixture
def context(hooked: HookedChannel) -> DigestContext:
    return press([daily(channels=("out",))], [channel("out", "hooked")])


def texts(database: Database) -> dict[str, str]:
    """Return the payloads in the outbox by recipient."""
    with database.read() as db:
        return {delivery.recipient: delivery.payload for delivery in find_deliveries(db).items}


def test_a_writer_waits_for_no_rendering(database: Database, hooked: HookedChannel, context: DigestContext) -> None:
    found(database, "Five Eyes partners meet", at=NOON - HOUR)
    rendering, written = threading.Event(), threading.Event()

    def render_slowly() -> None:
        rendering.set()
        assert written.wait(PATIENCE), "a writer waits until the digest is rendered"

    hooked.on_render = render_slowly
    composer = threading.Thread(target=compose_now, args=(database, context, "daily", NOON))
    composer.start()
    assert rendering.wait(PATIENCE)
    started_at = time.monotonic()
    found(database, "A grid story of another topic", at=NOON - HOUR, topic="grid")
    waited = time.monotonic() - started_at
    hooked.on_render = lambda: None
    written.set()
    composer.join(PATIENCE)

    assert waited < PATIENCE / 3
    with database.read() as db:
        [digest] = find_digests(db).items
        assert len(list_digest_hit_ids(db, digest.id)) == 2


def test_a_digest_reports_what_came_while_it_was_rendered(
    database: Database, hooked: HookedChannel, context: DigestContext
) -> None:
    found(database, "Five Eyes partners meet", at=NOON - HOUR)

    def add_once() -> None:
        hooked.on_render = lambda: None
        found(database, "Five Eyes partners leave", at=NOON - HOUR)

    hooked.on_render = add_once
    digest = compose_now(database, context, "daily", NOON)

    assert digest is not None
    assert len(digest.hits) == hooked.renderings == 2
    assert "partners leave" in texts(database)["ann"]


def test_a_digest_shows_the_headline_that_it_records(
    database: Database, hooked: HookedChannel, context: DigestContext
) -> None:
    found(database, "Five Eyes partners meet", at=NOON - HOUR)

    def edit_once() -> None:
        hooked.on_render = lambda: None
        with database.write() as db:
            db.execute(update(entry_table).values(title="Five Eyes partners do not meet", version=2))

    hooked.on_render = edit_once
    compose_now(database, context, "daily", NOON)

    assert "do not meet" in texts(database)["bo"]


def test_who_unsubscribes_while_a_digest_is_rendered_gets_none(
    database: Database, hooked: HookedChannel, context: DigestContext
) -> None:
    found(database, "Five Eyes partners meet", at=NOON - HOUR)

    def leave_once() -> None:
        hooked.on_render = lambda: None
        with database.write() as db:
            add_unsubscription(db, Unsubscription(subscription="daily", channel="out", recipient="bo"), NOON)

    hooked.on_render = leave_once
    compose_now(database, context, "daily", NOON)

    assert list(texts(database)) == ["ann"]


def test_news_that_never_pauses_keeps_no_digest_back(
    postgresql: Database, hooked: HookedChannel, context: DigestContext
) -> None:
    numbers = iter(range(100))
    found(postgresql, "Five Eyes partners meet", at=NOON - HOUR)

    def add_always() -> None:
        found(postgresql, f"Five Eyes partners meet again, {next(numbers)}", at=NOON - HOUR)

    hooked.on_render = add_always
    digest = compose_now(postgresql, context, "daily", NOON)

    assert digest is not None
    assert hooked.renderings == MAX_RENDERINGS + 1
    assert len(digest.hits) == MAX_RENDERINGS + 1


def test_two_processes_compose_one_digest(database: Database, hooked: HookedChannel, context: DigestContext) -> None:
    found(database, "Five Eyes partners meet", at=NOON - HOUR)

    def compose_elsewhere() -> None:
        hooked.on_render = lambda: None
        assert compose_now(database, context, "daily", NOON) is not None

    hooked.on_render = compose_elsewhere
    late = compose_now(database, context, "daily", NOON)

    assert late is None
    with database.read() as db:
        assert len(find_digests(db).items) == 1
        assert len(find_deliveries(db).items) == 2
