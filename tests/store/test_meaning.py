"""What is stored of meaning, on both databases: the backlog, vectors, judgements and proposals."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.store.filled import NOON, bring, item, stored, topics
from watcher.model.entry import StoredEntry
from watcher.model.meaning import EncoderModel, ProposalState, Verdict
from watcher.model.results import Filters
from watcher.store.database import Database
from watcher.store.database.pruning import Retention, prune_database
from watcher.store.hits.commands import set_hit_label
from watcher.store.hits.counts import count_hits_by_topic
from watcher.store.hits.search import find_hits
from watcher.store.meaning.backlog import (
    claim_entries,
    count_backlog,
    delete_expired_claims,
    has_backlog,
    load_backlog,
    move_watermark,
    release_claims,
)
from watcher.store.meaning.embeddings import (
    Embedding,
    TextVectors,
    find_vectors_by_text,
    hash_text,
    iter_vectors,
    load_recent_vectors,
    load_vectors,
    store_embeddings,
)
from watcher.store.meaning.heads import StoredHead, load_heads, save_head
from watcher.store.meaning.judgements import (
    NewJudgement,
    add_judgement,
    count_judgements,
    get_judgement_mark,
    load_judgements,
    undo_judgement,
)
from watcher.store.meaning.models import (
    ModelState,
    StoredModel,
    delete_retired_vectors,
    find_serving_model,
    list_models,
    promote_model,
    register_model,
)
from watcher.store.meaning.proposals import (
    DayBudget,
    NewProposal,
    ProposalFilters,
    add_proposals,
    count_proposals,
    expire_proposals,
    get_proposal,
    label_proposal,
    list_proposals,
    rescore_proposals,
)
from watcher.topics.archive_scan import ArchiveScan
from watcher.topics.replay import replay_topics

E5 = EncoderModel(name="e5", dimensions=4)
MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)


def register(database: Database, model: EncoderModel = E5) -> StoredModel:
    with database.write() as db:
        return register_model(db, model, NOON)


def embed(entry: StoredEntry, value: int = 1) -> Embedding:
    return Embedding(
        entry_id=entry.id, entry_version=entry.version, text_hash=hash_text(entry.title), vector=bytes([value] * 4)
    )


def read_all(database: Database, model: StoredModel, owner: str = "a", limit: int = 100) -> int:
    with database.write() as db:
        claimed = claim_entries(db, model, owner, NOON, limit=limit)
    with database.write() as db:
        return len(store_embeddings(db, model, owner, [embed(entry) for entry in claimed], NOON))


def bring_news(database: Database, count: int = 5, first: int = 0) -> list[StoredEntry]:
    return stored(bring(database, [item(number, f"News {number}") for number in range(first, first + count)]))


def propose(database: Database, entry: StoredEntry, score: float, limit: int = 5, topic: str = "port") -> int:
    new = NewProposal(topic_id=topic, entry_id=entry.id, score=score, head_version="h", topic_version="t")
    budget = {topic: DayBudget(limit=limit, since=NOON - HOUR)}
    with database.write() as db:
        return len(add_proposals(db, 1, [new], budget, NOON))


def list_scores(database: Database, **filters: object) -> list[float]:
    with database.read() as db:
        return sorted(
            proposal.proposal.score
            for proposal in list_proposals(db, ProposalFilters(**filters)).items  # type: ignore[arg-type]
        )


def test_entries_without_a_vector_are_the_backlog(database: Database) -> None:
    bring_news(database)
    model = register(database)
    with database.read() as db:
        before = (has_backlog(db, model), count_backlog(db, model))

    read = read_all(database, model)

    with database.read() as db:
        assert (before, read) == ((True, 5), 5)
        assert (has_backlog(db, model), count_backlog(db, model)) == (False, 0)


def test_two_workers_claim_different_entries_and_expired_claims_are_free(database: Database) -> None:
    bring_news(database)
    model = register(database)

    with database.write() as db:
        first = claim_entries(db, model, "a", NOON, limit=3)
        second = claim_entries(db, model, "b", NOON, limit=3)
    with database.write() as db:
        later = load_backlog(db, model, NOON + HOUR, limit=10)
        release_claims(db, ["a"])
        released = load_backlog(db, model, NOON, limit=10)
        delete_expired_claims(db, NOON + HOUR)

    assert [entry.title for entry in first] == ["News 0", "News 1", "News 2"]
    assert [entry.title for entry in second] == ["News 3", "News 4"]
    assert len(later) == 5
    assert released == tuple(entry.id for entry in first)


def test_vectors_are_refused_under_a_lost_claim(database: Database) -> None:
    entries = bring_news(database, 2)
    model = register(database)
    with database.write() as db:
        claim_entries(db, model, "a", NOON, limit=2)
        release_claims(db, ["a"])
        claim_entries(db, model, "b", NOON, limit=1)

    with database.write() as db:
        late = store_embeddings(db, model, "a", [embed(entry) for entry in entries], NOON)
        in_time = store_embeddings(db, model, "b", [embed(entries[0])], NOON)

    assert (late, in_time) == (frozenset(), frozenset({entries[0].id}))


def test_an_edited_entry_is_read_again(database: Database) -> None:
    entries = bring_news(database, 2)
    model = register(database)
    read_all(database, model)

    bring(database, [item(0, "News 0, corrected"), item(1, "News 1")], now=NOON + HOUR)

    with database.read() as db:
        assert count_backlog(db, model) == 1
        assert load_backlog(db, model, NOON, limit=9) == (entries[0].id,)
    assert read_all(database, model) == 1
    with database.read() as db:
        assert count_backlog(db, model) == 0


def test_an_edit_while_an_entry_is_read_makes_the_vector_void(database: Database) -> None:
    bring_news(database, 1)
    model = register(database)
    with database.write() as db:
        claimed = claim_entries(db, model, "a", NOON, limit=1)
    bring(database, [item(0, "Something else")], now=NOON + HOUR)

    with database.write() as db:
        assert store_embeddings(db, model, "a", [embed(entry) for entry in claimed], NOON) == frozenset()

    with database.read() as db:
        assert count_backlog(db, model) == 1


def test_the_watermark_moves_past_settled_entries_alone(database: Database) -> None:
    bring_news(database, 3)
    model = register(database)
    read_all(database, model, limit=2)

    with database.write() as db:
        unsettled = move_watermark(db, model, NOON + MINUTE)
        settled = move_watermark(db, model, NOON + HOUR)
        [after] = list_models(db)

    read_all(database, after)
    with database.write() as db:
        everything = move_watermark(db, after, NOON + HOUR)
        [complete] = list_models(db)
        assert count_backlog(db, complete) == 0
    assert (unsettled, settled, after.watermark_id) == (0, 2, 2)
    assert (everything, complete.watermark_id) == (3, 3)


def test_vectors_are_found_by_entry_text_and_time(database: Database) -> None:
    entries = bring_news(database, 3)
    model = register(database)
    read_all(database, model)

    with database.read() as db:
        assert load_vectors(db, model.id, [entries[0].id, 999]) == {entries[0].id: b"\1\1\1\1"}
        assert find_vectors_by_text(db, model.id, [hash_text("News 1"), 5]) == {
            hash_text("News 1"): TextVectors(b"\1\1\1\1")
        }
        recent = load_recent_vectors(db, model, NOON, limit=2)
        everything = list(iter_vectors(db, model, size=2))
        old = load_recent_vectors(db, model, NOON + timedelta(days=31))

    assert (recent.entry_ids, recent.vectors) == ((entries[1].id, entries[2].id), b"\1" * 8)
    assert recent.titles == b"\1" * 8, "a title that is all of the text has its vector"
    assert [len(rows) for rows in everything] == [2, 1]
    assert len(old) == 0


def test_another_model_is_built_beside_the_serving_one_and_replaces_it_when_complete(database: Database) -> None:
    bring_news(database, 3)
    first = register(database)
    read_all(database, first)

    second = register(database, EncoderModel(name="e6", dimensions=4))

    assert (first.state, second.state) == (ModelState.SERVING, ModelState.BUILDING)
    with database.read() as db:
        assert find_serving_model(db) == first
        assert count_backlog(db, second) == 3
    read_all(database, second)
    with database.write() as db:
        assert promote_model(db, second.id)
        assert not promote_model(db, second.id)
        assert [(stored.model.name, stored.state) for stored in list_models(db)] == [("e6", ModelState.SERVING)]
        assert (delete_retired_vectors(db), delete_retired_vectors(db)) == (3, 0)
        assert load_vectors(db, first.id, [1, 2, 3]) == {}


def test_a_model_that_returns_is_read_again(database: Database) -> None:
    bring_news(database, 2)
    first = register(database)
    read_all(database, first)
    second = register(database, EncoderModel(name="e6", dimensions=4))
    read_all(database, second)
    with database.write() as db:
        promote_model(db, second.id)
        delete_retired_vectors(db)

    again = register(database)

    assert (again.id, again.state, again.watermark_id) == (first.id, ModelState.BUILDING, 0)
    with database.read() as db:
        assert count_backlog(db, again) == 2


def test_a_day_holds_no_more_proposals_than_the_budget_and_keeps_the_best(database: Database) -> None:
    entries = bring_news(database)

    stored_counts = [propose(database, entry, score, limit=2) for entry, score in zip(entries, (0.5, 0.7, 0.6, 0.1))]  # noqa: B905

    assert stored_counts == [1, 1, 1, 0]
    assert list_scores(database) == [0.6, 0.7]


def test_a_judged_proposal_is_not_replaced(database: Database) -> None:
    entries = bring_news(database, 2)
    propose(database, entries[0], 0.5, limit=1)
    with database.write() as db:
        label_proposal(db, 1, Verdict.IRRELEVANT, NOON)

    added = propose(database, entries[1], 0.9, limit=1)

    assert (added, list_scores(database)) == (0, [0.5])


def test_a_proposal_judged_relevant_is_a_hit_until_that_is_undone(database: Database) -> None:
    [entry] = bring_news(database, 1)
    propose(database, entry, 0.8)

    with database.write() as db:
        judged = label_proposal(db, 1, Verdict.RELEVANT, NOON)
    with database.read() as db:
        [hit] = find_hits(db).items
        by_words = find_hits(db, Filters(found_by=("words",))).items
        accepted = get_proposal(db, 1).proposal.state
        counted = count_hits_by_topic(db)
    with database.write() as db:
        label_proposal(db, 1, None, NOON + MINUTE)

    assert judged is not None
    assert (judged.text, judged.verdict) == ("News 0", Verdict.RELEVANT)
    assert (hit.hit.found_by.value, hit.hit.relevance, hit.label, by_words) == ("meaning", 0.8, "relevant", ())
    assert (accepted, counted) == (ProposalState.ACCEPTED, {"port": 1})
    with database.read() as db:
        assert find_hits(db).items == ()
        assert get_proposal(db, 1).proposal.state is ProposalState.OPEN
        assert count_hits_by_topic(db).get("port", 0) == 0
        assert load_judgements(db, "port") == ()


def test_judgements_of_an_entry_for_two_topics_are_apart(database: Database) -> None:
    matcher = topics(port="news", ferry="news")
    bring(database, [item(0, "News")], matcher=matcher)
    with database.read() as db:
        ids = {hit.hit.topic_id: hit.id for hit in find_hits(db).items}

    with database.write() as db:
        set_hit_label(db, ids["port"], "relevant", NOON)
        set_hit_label(db, ids["ferry"], "irrelevant", NOON)
        set_hit_label(db, ids["ferry"], "relevant", NOON)
        set_hit_label(db, ids["port"], None, NOON)

    with database.read() as db:
        counts = count_judgements(db)
        labels = {hit.hit.topic_id: hit.label for hit in find_hits(db).items}
    assert {topic: (judged.relevant, judged.irrelevant) for topic, judged in counts.items()} == {"ferry": (1, 0)}
    assert labels == {"port": None, "ferry": "relevant"}


def test_a_judgement_keeps_text_and_vector_when_its_entry_is_pruned(database: Database) -> None:
    [entry] = bring_news(database, 1)
    read_all(database, register(database))
    with database.write() as db:
        mark = get_judgement_mark(db)
        add_judgement(
            db,
            NewJudgement(topic_id="port", entry_id=entry.id, verdict=Verdict.IRRELEVANT, topic_version="t"),
            NOON,
        )

    prune_database(database, Retention(), NOON + timedelta(days=400))

    with database.read() as db:
        [kept] = load_judgements(db, "port")
        assert get_judgement_mark(db) != mark
        assert list(iter_vectors(db, list_models(db)[0])) == []
    assert (kept.text, kept.vector, kept.entry_id) == ("News 0", b"\1\1\1\1", entry.id)


def test_words_supersede_a_proposal(database: Database) -> None:
    entries = bring_news(database, 2)
    for entry in entries:
        propose(database, entry, 0.8)

    replay_topics(ArchiveScan(database), topics(port='"news 0"'), NOON)

    with database.read() as db:
        assert count_proposals(db) == {"port": {"superseded": 1, "open": 1}}


def test_old_proposals_expire_and_judged_ones_stay(database: Database) -> None:
    entries = bring_news(database, 2)
    for entry in entries:
        propose(database, entry, 0.8)
    with database.write() as db:
        label_proposal(db, 1, Verdict.IRRELEVANT, NOON)

        expired = expire_proposals(db, NOON + HOUR)

    with database.read() as db:
        assert (expired, count_proposals(db)) == (1, {"port": {"rejected": 1, "expired": 1}})


def test_open_proposals_are_scored_again_and_judged_ones_are_not(database: Database) -> None:
    entries = bring_news(database, 2)
    for entry in entries:
        propose(database, entry, 0.8)
    with database.write() as db:
        label_proposal(db, 1, Verdict.RELEVANT, NOON)
        rescored = [
            NewProposal(topic_id="port", entry_id=entry.id, score=0.3, head_version="h2", topic_version="t2")
            for entry in entries
        ]
        rescore_proposals(db, 1, rescored)

    assert list_scores(database) == [0.3, 0.8]


def test_what_is_judged_is_not_proposed(database: Database) -> None:
    [entry] = bring_news(database, 1)
    with database.write() as db:
        add_judgement(
            db,
            NewJudgement(topic_id="port", entry_id=entry.id, verdict=Verdict.IRRELEVANT, topic_version="t"),
            NOON,
        )

    assert propose(database, entry, 0.9) == 0
    assert propose(database, entry, 0.9, topic="ferry") == 1


def test_proposals_are_listed_by_pages_and_filters(database: Database) -> None:
    entries = bring_news(database)
    for number, entry in enumerate(entries):
        propose(database, entry, number / 10, topic="port" if number % 2 else "ferry")

    with database.read() as db:
        first = list_proposals(db, limit=3)
        rest = list_proposals(db, limit=3, cursor=first.next_cursor)

    assert [stored.proposal.id for stored in (*first.items, *rest.items)] == [5, 4, 3, 2, 1]
    assert list_scores(database, topics=("port",)) == [0.1, 0.3]
    assert list_scores(database, states=(ProposalState.REJECTED,)) == []
    assert list_scores(database, until=NOON) == []


def test_a_head_that_was_known_is_current_again(database: Database) -> None:
    register(database)

    def save(version: str, minutes: int) -> None:
        head = StoredHead(
            topic_id="port", version=version, model_id=1, topic_version="t", fitted_at=NOON + minutes * MINUTE,
            weights=b"w", bias=0.5, threshold=0.9, training={"relevant": 1},
        )  # fmt: skip
        with database.write() as db:
            save_head(db, head)

    save("one", 0)
    save("two", 1)
    with database.read() as db:
        second = load_heads(db, 1)["port"]
    save("one", 2)

    with database.read() as db:
        assert (second.version, load_heads(db, 1)["port"].version) == ("two", "one")


def test_a_judgement_is_undone_once(database: Database) -> None:
    [entry] = bring_news(database, 1)
    new = NewJudgement(topic_id="port", entry_id=entry.id, verdict=Verdict.RELEVANT, topic_version="t")
    with database.write() as db:
        add_judgement(db, new, NOON)

        undone = [undo_judgement(db, "port", entry.id, NOON) for _ in range(2)]

    assert undone == [True, False]


@pytest.mark.parametrize("count", [0, 3])
def test_no_model_is_served_before_the_first(database: Database, count: int) -> None:
    if count:
        bring_news(database, count)

    with database.read() as db:
        assert find_serving_model(db) is None
