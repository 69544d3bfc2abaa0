"""Reading for meaning on both databases: what is read once, proposed, learned, and done while an encoder is away."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import count

import pytest
from sqlalchemy import Engine, event

from tests.moments import NOON
from tests.pipeline.word_encoder import WordEncoder
from tests.store.filled import bring, item
from watcher.match import compile_topics
from watcher.model.entry import StoredEntry
from watcher.model.meaning import Proposal, ProposalState, Verdict
from watcher.model.topic import Topic
from watcher.pipeline.embedding import MeaningReader, ReadingOptions
from watcher.pipeline.proposals import compute_day_start
from watcher.store.database import Database
from watcher.store.hits.search import find_hits
from watcher.store.meaning.backlog import count_backlog
from watcher.store.meaning.embeddings import iter_vectors
from watcher.store.meaning.heads import StoredHead, load_head_versions, load_heads
from watcher.store.meaning.models import ModelState, find_serving_model, list_models
from watcher.store.meaning.progress import get_meaning_state
from watcher.store.meaning.proposals import ProposalFilters, label_proposal, list_proposals
from watcher.topics.archive_scan import ArchiveScan
from watcher.topics.replay import replay_topics

HOUR = timedelta(hours=1)
LONG = timedelta(hours=1)
PORT = Topic(id="port", name="Port", query="", about=("dockers strike at the harbour",), proposals=3)
PLAIN = (
    "budget passes",
    "rain falls on hills",
    "match ends in draw",
    "film opens",
    "bank lowers rates",
    "vote is held",
)


@dataclass
class Desk:
    """A reader over a database, with a clock that tests move."""

    database: Database
    encoder: WordEncoder = field(default_factory=WordEncoder)
    topics: tuple[Topic, ...] = (PORT,)
    timezone: str = "UTC"
    now: datetime = NOON
    ticks: Callable[[], int] = field(default_factory=lambda: count().__next__)
    numbers: Callable[[], int] = field(default_factory=lambda: count(1).__next__)
    reader: MeaningReader = field(init=False)

    def __post_init__(self) -> None:
        self.restart()

    def restart(
        self, encoder: WordEncoder | None = None, owner: str = "reader", former: WordEncoder | None = None
    ) -> None:
        self.encoder = encoder or self.encoder
        self.reader = MeaningReader(
            self.database,
            self.encoder,
            lambda: ReadingOptions(topics=self.topics, timezone=self.timezone),
            lambda: self.now,
            lambda: self.now.timestamp(),
            owner=owner,
            is_busy=lambda: False,
            open_former=lambda name: former if former is not None and former.name == name else None,
        )

    def bring(self, *titles: str) -> list[StoredEntry]:
        """Store entries, each with a number that makes its text unique."""
        numbered = [(self.numbers(), title) for title in titles]
        items = [item(number, f"{title} {number}") for number, title in numbered]
        return list(bring(self.database, items, now=self.now).new)

    def bring_background(self, size: int = 60) -> None:
        self.bring(*(f"{PLAIN[n % len(PLAIN)]} again {n}" for n in range(size)))

    def read(self) -> int:
        """Read, and learn from what was read: heads are looked at again within half a minute while entries are few."""
        read = self.reader.run_for(LONG)
        self.now += timedelta(seconds=31)
        return read + self.reader.run_for(LONG)

    def list_proposals(self, **filters: object) -> list[Proposal]:
        with self.database.read() as db:
            proposals = list_proposals(db, ProposalFilters(**filters), limit=1000).items  # type: ignore[arg-type]
        return [stored.proposal for stored in proposals]

    def count_backlog(self) -> int:
        with self.database.read() as db:
            return count_backlog(db, list_models(db)[-1])


@pytest.fixture
def desk(database: Database) -> Desk:
    return Desk(database)


def test_each_entry_is_read_once_and_then_nothing_is_left(desk: Desk) -> None:
    desk.bring_background(40)

    first, second = desk.read(), desk.read()

    assert (first, second, desk.count_backlog()) == (40, 0, 0)
    assert len([text for text in desk.encoder.texts if "again" in text]) == 40
    with desk.database.read() as db:
        model = find_serving_model(db)
        assert model is not None
        assert sum(len(rows) for rows in iter_vectors(db, model)) == 40


def test_entries_that_a_replay_found_are_read_again_without_being_encoded_again(desk: Desk) -> None:
    desk.bring_background(5)
    desk.read()
    texts = len(desk.encoder.texts)

    replay_topics(ArchiveScan(desk.database), compile_topics([Topic(id="r", name="r", query="rain")]), desk.now)
    waiting = desk.count_backlog()
    desk.read()

    assert (waiting, desk.count_backlog(), len(desk.encoder.texts) - texts) == (1, 0, 0)


def test_copies_take_the_vector_of_the_same_text(desk: Desk) -> None:
    for feed in range(3):
        bring(desk.database, [item(feed, "the same headline")], feed=f"https://feed-{feed}.example/", now=desk.now)

    desk.read()

    assert desk.encoder.texts.count("the same headline") == 1
    assert desk.count_backlog() == 0


def test_what_resembles_the_sentences_is_proposed_with_its_evidence(desk: Desk) -> None:
    desk.bring_background()
    desk.read()
    [strike] = desk.bring("dockers strike at the harbour today")

    desk.read()

    proposed = {proposal.entry_id: proposal for proposal in desk.list_proposals()}
    assert strike.id in proposed
    [evidence] = proposed[strike.id].evidence
    assert (evidence.text, evidence.field, evidence.start) == ("dockers strike at the harbour", "title", 0)
    assert proposed[strike.id].model == "words-1"


def test_no_more_is_proposed_in_a_day_than_the_budget_in_the_configured_zone(desk: Desk) -> None:
    desk.timezone = "Asia/Tokyo"
    desk.bring_background()
    desk.read()
    # 23:30 in Tokyo, and an hour later the next day there, while it is the same day in UTC.
    desk.now = datetime(2026, 3, 2, 14, 30, tzinfo=NOON.tzinfo)
    desk.bring(*["dockers strike at the harbour"] * 6)
    desk.read()
    today = compute_day_start(desk.now, desk.timezone)
    before = len(desk.list_proposals(since=today))
    desk.now += HOUR
    desk.bring(*["harbour strike of dockers"] * 6)

    desk.read()

    assert today == datetime(2026, 3, 1, 15, tzinfo=NOON.tzinfo)
    assert before == 3
    assert len(desk.list_proposals(since=desk.now - HOUR / 2)) == 3


def test_an_encoder_that_is_away_delays_proposals_only(desk: Desk) -> None:
    desk.bring_background()
    desk.read()
    desk.encoder.unavailable = "the server answers 429"
    [strike] = desk.bring("dockers strike at the harbour")

    nothing = desk.read()
    with desk.database.read() as db:
        state = get_meaning_state(db)
    desk.encoder.unavailable = ""
    too_early = desk.reader.run_for(LONG)
    desk.now += timedelta(minutes=2)
    later = desk.read()

    assert (nothing, too_early, later) == (0, 0, 1)
    assert state is not None
    assert (state.backlog, state.fault) == (1, "the server answers 429")
    assert strike.id in {proposal.entry_id for proposal in desk.list_proposals()}


def test_a_text_that_cannot_be_read_keeps_no_other_waiting(desk: Desk) -> None:
    desk.encoder.refused = "unreadable"
    desk.bring("plain news", "unreadable news", "more news")

    assert desk.read() == 3

    assert desk.count_backlog() == 0
    with desk.database.read() as db:
        model = find_serving_model(db)
        assert model is not None
        assert sum(len(rows) for rows in iter_vectors(db, model)) == 2


def test_judging_teaches_at_once_and_undoing_brings_the_former_head_back(desk: Desk) -> None:
    desk.bring_background()
    desk.read()
    desk.bring("dockers strike at the harbour")
    desk.read()
    [proposal, *_] = desk.list_proposals(states=(ProposalState.OPEN,))

    def judge(verdict: Verdict | None) -> StoredHead:
        with desk.database.write() as db:
            label_proposal(db, proposal.id, verdict, desk.now)
        desk.now += timedelta(seconds=1)
        desk.reader.run_for(LONG)
        with desk.database.read() as db:
            return load_heads(db, 1)["port"]

    taught = judge(Verdict.RELEVANT)
    with desk.database.read() as db:
        [hit] = find_hits(db).items
    before = judge(None)
    judge(Verdict.IRRELEVANT)
    undone = judge(None)

    assert hit.hit.found_by.value == "meaning"
    assert len(taught.training["judgements"]) == 1
    assert taught.version != before.version
    assert undone.version == before.version


def test_changed_sentences_score_open_proposals_again_and_keep_judged_ones(desk: Desk) -> None:
    desk.bring_background()
    desk.read()
    desk.bring("dockers strike at the harbour", "harbour strike by dockers")
    desk.read()
    judged, *others = desk.list_proposals()
    with desk.database.write() as db:
        label_proposal(db, judged.id, Verdict.IRRELEVANT, desk.now)

    desk.topics = (replace(PORT, about=("bank lowers rates",)),)
    desk.now += HOUR
    desk.read()

    states = {proposal.id: proposal.state for proposal in desk.list_proposals()}
    assert states[judged.id] is ProposalState.REJECTED
    assert not {proposal.id for proposal in others if "bank" not in str(proposal)} & {
        id_ for id_, state in states.items() if state is ProposalState.OPEN
    }


def test_a_changed_model_is_built_beside_the_old_one(desk: Desk) -> None:
    desk.bring_background(20)
    desk.read()
    other = WordEncoder("words-2")
    desk.restart(other)
    other.unavailable = "not now"
    desk.read()
    other.unavailable = ""
    desk.now += HOUR
    with desk.database.read() as db:
        meanwhile = [(stored.model.name, stored.state) for stored in list_models(db)]

    desk.read()
    desk.read()

    with desk.database.read() as db:
        [now] = list_models(db)
        versions = load_head_versions(db, "port")
    assert meanwhile[0] == ("words-1", ModelState.SERVING)
    assert (now.model.name, now.state) == ("words-2", ModelState.SERVING)
    assert {head.model_id for head in versions} == {1, now.id}


def test_the_old_model_proposes_while_the_new_one_is_built(desk: Desk) -> None:
    desk.bring_background()
    desk.read()
    old, new = WordEncoder("words-1"), WordEncoder("words-2")
    desk.restart(new, former=old)
    [strike] = desk.bring("dockers strike at the harbour today")
    desk.reader.run_for(timedelta())
    with desk.database.read() as db:
        meanwhile = [stored.state for stored in list_models(db)]
    proposed = [(proposal.entry_id, proposal.model) for proposal in desk.list_proposals()]

    desk.read()

    assert meanwhile == [ModelState.SERVING, ModelState.BUILDING]
    assert (strike.id, "words-1") in proposed
    assert [text for text in old.texts if "again" in text] == [], "what the old model had read is not read again"
    with desk.database.read() as db:
        assert [stored.model.name for stored in list_models(db)] == ["words-2"]
    desk.reader.run_for(timedelta())
    assert old.is_closed


def test_an_old_model_that_is_gone_keeps_the_new_one_from_nothing(desk: Desk) -> None:
    desk.bring_background(20)
    desk.read()
    old = WordEncoder("words-1")
    old.unavailable = "no such model"
    desk.restart(WordEncoder("words-2"), former=old)
    desk.bring("dockers strike at the harbour today")

    desk.read()

    with desk.database.read() as db:
        assert [(stored.model.name, stored.state) for stored in list_models(db)] == [("words-2", ModelState.SERVING)]
    assert desk.count_backlog() == 0


def test_the_old_model_goes_on_while_the_new_server_is_away(desk: Desk) -> None:
    desk.bring_background()
    desk.read()
    new = WordEncoder("words-2")
    new.unavailable = "connection refused"
    desk.restart(new, former=WordEncoder("words-1"))
    [strike] = desk.bring("dockers strike at the harbour today")

    desk.read()

    assert strike.id in {proposal.entry_id for proposal in desk.list_proposals()}
    with desk.database.read() as db:
        state = get_meaning_state(db)
    assert state is not None
    assert state.fault == "connection refused"


def test_two_readers_share_the_backlog(desk: Desk) -> None:
    desk.bring_background(50)
    other = Desk(desk.database)
    other.restart(owner="other")

    # Batch by batch in turn: each run reads one, as no time is left for more.
    shares = [reader.reader.run_for(timedelta()) for _ in range(3) for reader in (desk, other)]

    assert sum(shares) == 50
    assert len([text for text in (*desk.encoder.texts, *other.encoder.texts) if "again" in text]) == 50


def test_a_stopped_reader_releases_what_it_claimed(desk: Desk) -> None:
    desk.bring_background(5)
    desk.reader.stop()

    assert desk.read() == 0
    desk.reader.close()

    assert desk.encoder.is_closed


def test_without_a_backlog_a_run_writes_nothing(desk: Desk) -> None:
    desk.bring_background(5)
    desk.read()
    desk.read()
    statements: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        statements.append(statement.lstrip().partition(" ")[0].upper())

    # Not a position in the log of the server, which other tests write to.
    event.listen(Engine, "before_cursor_execute", note)
    try:
        desk.read()
    finally:
        event.remove(Engine, "before_cursor_execute", note)
    assert "SELECT" in statements
    assert not {"INSERT", "UPDATE", "DELETE"} & set(statements)


@pytest.mark.parametrize(
    ("moment", "zone", "start"),
    [
        (datetime(2026, 3, 2, 1, tzinfo=NOON.tzinfo), "America/New_York", datetime(2026, 3, 1, 5, tzinfo=NOON.tzinfo)),
        (datetime(2026, 3, 29, 12, tzinfo=NOON.tzinfo), "Europe/Kyiv", datetime(2026, 3, 28, 22, tzinfo=NOON.tzinfo)),
        (datetime(2026, 3, 30, 12, tzinfo=NOON.tzinfo), "Europe/Kyiv", datetime(2026, 3, 29, 21, tzinfo=NOON.tzinfo)),
    ],
)
def test_a_day_begins_at_midnight_in_its_zone(moment: datetime, zone: str, start: datetime) -> None:
    assert compute_day_start(moment, zone) == start
