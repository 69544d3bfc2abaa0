"""What topic care finds, in the words of the contract: the JSON that the command prints and the API serves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from watcher.app.views import Json, entry, evidence, moment
from watcher.store.topics import TopicVersion
from watcher.topics.overview import TopicOverview

if TYPE_CHECKING:
    from watcher.model.results import StoredHit
    from watcher.topics.cost import ClauseCost, TopicCost
    from watcher.topics.diff import EntryChange, QueryDiff
    from watcher.topics.evaluation import TopicScore
    from watcher.topics.probe import NearMiss, ProbeResult
    from watcher.topics.query_test import ArchiveMatches, ClauseView, EntryExplanation
    from watcher.topics.replay import ReplayResult
    from watcher.topics.sample import Elusion, Sample


def topic(one: TopicOverview) -> Json:
    """Say a topic and what it has found."""
    return {
        "id": one.topic.id,
        "name": one.topic.name,
        "description": one.topic.description,
        "tags": list(one.topic.tags),
        "version": one.version,
        "hits": one.hits,
        "hits_7d": one.week,
        "last_hit_at": moment(one.last_at),
        "labelled": {"relevant": one.relevant, "irrelevant": one.irrelevant},
    }


def whole_topic(one: TopicOverview, versions: Sequence[TopicVersion], parsed: str, sets: Mapping[str, str]) -> Json:
    """Say all of a topic: its query as written and as read, its versions, and the sets it uses."""
    return topic(one) | {
        "query": one.topic.query,
        "parsed": parsed,
        "sets": dict(sets),
        "file": one.topic.file,
        "line": one.topic.line,
        "versions": [
            {"version": each.version, "since": moment(each.since_at), "query": each.query} for each in versions
        ],
    }


def told(one: ClauseView) -> Json:
    """Say a clause and what became of it, and the clauses below it."""
    return {
        "text": one.text,
        "operator": one.operator,
        "matched": one.matched,
        "excluded": one.excluded,
        "note": one.note,
        "evidence": evidence(one.evidence),
        "children": [told(child) for child in one.children],
        "omitted": one.omitted,
    }


def trial(one: EntryExplanation) -> Json:
    """Say what a query made of a text: whether it matches, the words, and its clauses."""
    clauses = one.tree.children or (one.tree,)
    return {
        "matched": one.matched,
        "evidence": evidence(one.evidence),
        "clauses": [told(clause) for clause in clauses],
        "nearest": list(one.nearest),
    }


def explained(one: EntryExplanation, topic_id: str | None, version: str, hit: StoredHit | None = None) -> Json:
    """Say why an entry belongs to a topic or not: the whole clause tree. `hit` is the one by which it was named."""
    of_hit = {"id": hit.id, "topic": hit.hit.topic_id, "topic_version": hit.hit.topic_version} if hit else None
    return {
        "topic": topic_id,
        "version": version,
        "hit": of_hit,
        "entry": entry(one.stored),
        "matched": one.matched,
        "evidence": evidence(one.evidence),
        "clause": told(one.tree),
        "nearest": list(one.nearest),
    }


def tested(one: ArchiveMatches) -> Json:
    """Say what a query matches in the archive."""
    matches = [{"entry": entry(found.stored), "evidence": evidence(found.evidence)} for found in one.matches]
    return {
        "matches": matches,
        "count": one.count,
        "tested": one.tested,
        "searched_back_to": moment(one.searched_back_to),
    }


def diff(one: QueryDiff, topic_id: str) -> Json:
    """Say what a changed query gains and loses."""
    return {
        "topic": topic_id,
        "tested": one.tested,
        "kept": one.kept,
        "gained_count": one.gained_count,
        "lost_count": one.lost_count,
        "lost_labels": {"relevant": 0, "irrelevant": 0} | dict(one.lost_labels),
        "gained": [_change(change) for change in one.gained],
        "lost": [_change(change) | {"hit": change.hit_id, "label": change.label} for change in one.lost],
    }


def replayed(one: ReplayResult, topic_ids: Sequence[str]) -> Json:
    """Say what a replay brought."""
    return {
        "tested": one.tested,
        "read": one.read,
        "new": sum(one.new.values()),
        "known": sum(one.known.values()),
        "resumed": one.resumed,
        "topics": {id_: {"new": one.new.get(id_, 0), "known": one.known.get(id_, 0)} for id_ in topic_ids},
    }


def score(one: TopicScore, version: str) -> Json:
    """Say how good a topic, in this version, is on labelled examples."""
    return {
        "version": version,
        "tp": one.tp,
        "fp": one.fp,
        "fn": one.fn,
        "tn": one.tn,
        "precision": _rounded(one.precision),
        "recall": _rounded(one.recall),
        "f1": _rounded(one.f1),
        "recall_interval": _interval(one.recall_interval),
        "precision_interval": _interval(one.precision_interval),
        "misses": [_example(miss.example.place, miss.example.stored.entry.item.title) for miss in one.misses],
        "false_hits": [
            _example(hit.example.place, hit.example.stored.entry.item.title) | {"evidence": evidence(hit.evidence)}
            for hit in one.false_hits
        ],
    }


def probe(one: ProbeResult, topic_id: str) -> Json:
    """Say what a topic may be missing."""
    return {
        "topic": topic_id,
        "tested": one.tested,
        "read": one.read,
        "near_count": one.near_count,
        "near": [_near(near) for near in one.near],
        "loosenings": [
            {"kind": way.kind, "change": way.description, "lets_in": way.lets_in, "at_least": way.capped}
            for way in one.relaxations
        ],
        "missed": [{"hit": hit.id, "entry": entry(hit.stored), "label": hit.label} for hit in one.missed],
    }


def sample(drawn: Sample, found: Elusion | None) -> Json:
    """Say a random sample of what a topic does not match, and what its reading came to."""
    said: Json = {
        "basis": "random sample of entries of this time that the topic does not match",
        "seed": drawn.seed,
        "population": drawn.population,
        "matched": drawn.matched,
        "sample": [entry(stored) for stored in drawn.entries],
    }
    if found is not None:
        said |= {
            "relevant": found.relevant,
            "elusion": _rounded(found.share),
            "elusion_interval": _interval(found.share_interval),
            "missed": found.missed,
            "missed_interval": list(found.missed_interval),
        }
    return said


def cost(one: TopicCost, topic_id: str) -> Json:
    """Say what each clause of a topic is worth."""
    return {
        "topic": topic_id,
        "tested": one.tested,
        "hits": one.hits,
        "labelled": {"relevant": one.relevant, "irrelevant": one.irrelevant},
        "clauses": [_share(share) for share in one.clauses],
        "exclusions": [_share(share) for share in one.exclusions],
        "terms": [_share(share) for share in one.terms],
        "dead": list(one.dead),
        "languages": [
            {"language": language, "entries": there, "hits": spoken}
            for language, (there, spoken) in one.languages.items()
        ],
    }


def _change(change: EntryChange) -> Json:
    return {"entry": entry(change.stored), "evidence": evidence(change.evidence)}


def _near(near: NearMiss) -> Json:
    return {
        "entry": entry(near.stored),
        "evidence": evidence(near.evidence),
        "kind": near.kind,
        "would_match": list(near.by),
        "nearness": near.nearness,
    }


def _share(share: ClauseCost) -> Json:
    return {
        "clause": share.clause,
        "hits": share.hits,
        "alone": share.alone,
        "relevant": share.relevant,
        "irrelevant": share.irrelevant,
        "last_at": moment(share.last_at),
        "examples": [{"entry": stored.id, "title": stored.entry.item.title} for stored in share.examples],
    }


def _example(place: str, title: str) -> Json:
    return {"at": place, "title": title}


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 4)


def _interval(found: tuple[float, float] | None) -> list[float] | None:
    return None if found is None else [round(found[0], 4), round(found[1], 4)]
