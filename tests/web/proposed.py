"""A watcher with a topic described in sentences, and proposals as its meaning would make them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from functools import cache
from pathlib import Path

from tests.migrated import make_folder
from tests.store.filled import bring, item
from tests.web.site import AFTER_NEWS, HARBOUR, LEDGER, World, world, world_with_news
from watcher.model.meaning import EncoderModel, ProposalEvidence, ReferenceKind, hash_definition
from watcher.store.entries.queries import load_entries_after
from watcher.store.meaning.models import register_model
from watcher.store.meaning.proposals import DayBudget, NewProposal, add_proposals

SENTENCE = "Allies hold intelligence back from each other."
TOPICS = f"""\
topics:
  - id: eyes
    name: Five Eyes
    query: '"five eyes" OR fvey'
    about: ["{SENTENCE}"]
    not_about: ["A company sells threat intelligence."]
    examples: ["Dutch services pass on less than before"]
    proposals: 5 a day
  - {{id: cyber, name: Cyber command, query: '"cyber command" NOT chess'}}
"""
TITLES = ("Ministry stops sending agent summaries across the sea", "Liaison officers are called home")
CARRYING = "The summaries end this month."
BETWEEN = timedelta(minutes=3)
"""Between the two items that are proposed."""


def propose(made: World, titles: tuple[str, str] = TITLES, close_to: str = SENTENCE) -> None:
    """Describe a topic in sentences, bring two items that no word finds, and propose both for it."""
    (made.folder / "topics.yaml").write_text(TOPICS, "utf-8")
    made.app.reload()
    made.app.sync(made.clock())
    for number, (title, feed) in enumerate(zip(titles, (HARBOUR, LEDGER), strict=True), start=40):
        text = f"Officials confirmed it. {CARRYING}"
        bring(made.app.database, [item(number, title, text, language="en")], now=made.clock(),
              matcher=made.app.matcher, feed=feed)  # fmt: skip
        made.clock.now += BETWEEN
    topic = next(topic for topic in made.app.settings.topics if topic.id == "eyes")
    with made.app.database.read() as db:
        entries = [stored for stored in load_entries_after(db) if stored.entry.item.title in titles]
    new = [
        NewProposal(
            topic_id="eyes", entry_id=stored.id, score=0.9 - number / 10, head_version="1f0c22d3a9b4",
            topic_version=hash_definition(topic),
            evidence=(
                ProposalEvidence(
                    kind=ReferenceKind.SENTENCE, text=close_to, field="summary", start=24, end=24 + len(CARRYING)
                ),
            ),
        )
        for number, stored in enumerate(entries)
    ]  # fmt: skip
    with made.app.database.write() as db:
        model = register_model(db, EncoderModel(name="tiny-1", dimensions=4), made.clock())
        budget = DayBudget(limit=5, since=made.clock() - timedelta(hours=12))
        add_proposals(db, model.id, new, {"eyes": budget}, made.clock())


@contextmanager
def world_with_proposals(folder: Path) -> Iterator[World]:
    """Open a watcher in which news and their proposals are stored: once in a process, and copied for each test."""
    with world(folder, topics=TOPICS, filled=_make_proposed_file()) as made:
        made.clock.now = AFTER_NEWS + 2 * BETWEEN
        yield made


@cache
def _make_proposed_file() -> Path:
    folder = make_folder()
    with world_with_news(folder) as made:
        propose(made)
    return folder / "var" / "watcher.db"
