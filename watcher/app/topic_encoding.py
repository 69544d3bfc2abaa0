"""JSON of what the analysis of topics returns, as the command prints it and the API serves it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from watcher.app.learning import FittedHead, Learning
from watcher.contract import topic_analysis as analysis
from watcher.contract import topics as contract
from watcher.contract.entries import encode_entry, encode_evidence
from watcher.contract.timestamps import format_timestamp
from watcher.store.topics import TopicVersion
from watcher.topics.overview import TopicOverview

if TYPE_CHECKING:
    from watcher.app.topic_trial import MeaningDiff, MeaningMatch
    from watcher.contract.configuration import Boxes
    from watcher.model.results import StoredHit
    from watcher.topics.cost import ClauseCost, TopicCost
    from watcher.topics.diff import EntryChange, QueryDiff
    from watcher.topics.draft import TopicDraft
    from watcher.topics.evaluation import TopicScore
    from watcher.topics.preview import PreviewedStory, QueryPreview
    from watcher.topics.probe import NearMiss, ProbeResult
    from watcher.topics.query_test import ArchiveMatches, ClauseView, EntryExplanation
    from watcher.topics.replay import ReplayResult
    from watcher.topics.sample import Elusion, Sample


def encode_topic(summary: TopicOverview) -> contract.Topic:
    """Return a topic and what it matched."""
    return {
        "id": summary.topic.id,
        "name": summary.topic.name,
        "description": summary.topic.description,
        "tags": list(summary.topic.tags),
        "version": summary.version,
        "hits": summary.hits,
        "hits_7d": summary.week,
        "last_hit_at": format_timestamp(summary.last_at),
        "labelled": {"relevant": summary.relevant, "irrelevant": summary.irrelevant},
    }


def encode_topic_detail(
    summary: TopicOverview,
    versions: Sequence[TopicVersion],
    learning: Learning,
    parsed: str,
    sets: Mapping[str, str],
) -> contract.TopicDetail:
    """Return a topic with its query as written and as parsed, its versions, the sets it uses, what it learned from."""
    topic, judged = summary.topic, learning.judged
    return {
        **encode_topic(summary),
        "query": topic.query,
        "parsed": parsed,
        "about": list(topic.about),
        "not_about": list(topic.not_about),
        "examples": list(topic.examples),
        "not_examples": list(topic.not_examples),
        "proposals": topic.proposals,
        "judgements": {"relevant": judged.relevant, "irrelevant": judged.irrelevant},
        "head": _encode_head(learning.head),
        "sets": dict(sets),
        "file": summary.topic.file,
        "line": summary.topic.line,
        "versions": [
            {"version": version.version, "since": format_timestamp(version.since_at), "query": version.query}
            for version in versions
        ],
    }


def _encode_head(head: FittedHead | None) -> contract.TopicHead | None:
    if head is None:
        return None
    return {
        "version": head.version,
        "model": head.model,
        "threshold": round(head.threshold, 4),
        "fitted_at": format_timestamp(head.fitted_at),
    }


def encode_clause(clause: ClauseView) -> contract.Clause:
    """Return a clause with the clauses below it."""
    return {
        "text": clause.text,
        "operator": clause.operator,
        "matched": clause.matched,
        "excluded": clause.excluded,
        "note": clause.note,
        "evidence": encode_evidence(clause.evidence),
        "children": [encode_clause(child) for child in clause.children],
        "omitted": clause.omitted,
    }


def encode_tested_text(explained: EntryExplanation) -> contract.TestedText:
    """Return whether a query matches a text, with its top clauses."""
    clauses = explained.tree.children or (explained.tree,)
    return {
        "matched": explained.matched,
        "evidence": encode_evidence(explained.evidence),
        "clauses": [encode_clause(clause) for clause in clauses],
        "nearest": list(explained.nearest),
    }


def encode_explanation(
    explained: EntryExplanation, topic_id: str | None, version: str, hit: StoredHit | None = None
) -> contract.Explanation:
    """Return why an entry matches a topic or not. `hit` is the one by which the entry was named."""
    named: contract.ExplainedHit | None = None
    if hit is not None:
        named = {"id": hit.id, "topic": hit.hit.topic_id, "topic_version": hit.hit.topic_version}
    return {
        "topic": topic_id,
        "version": version,
        "hit": named,
        "entry": encode_entry(explained.stored),
        "matched": explained.matched,
        "evidence": encode_evidence(explained.evidence),
        "clause": encode_clause(explained.tree),
        "nearest": list(explained.nearest),
    }


def encode_tested_archive(tested: ArchiveMatches) -> contract.TestedArchive:
    """Return what a query matches among the stored entries."""
    return {
        "matches": [
            {"entry": encode_entry(match.stored), "evidence": encode_evidence(match.evidence)}
            for match in tested.matches
        ],
        "count": tested.count,
        "tested": tested.tested,
        "searched_back_to": format_timestamp(tested.searched_back_to),
    }


def encode_diff(diff: QueryDiff, topic_id: str) -> analysis.QueryDiff:
    """Return what a changed query gains and loses."""
    return {
        "topic": topic_id,
        "tested": diff.tested,
        "kept": diff.kept,
        "gained_count": diff.gained_count,
        "lost_count": diff.lost_count,
        "lost_labels": _encode_labels(diff.lost_labels),
        "gained": [_encode_gained(change) for change in diff.gained],
        "lost": [_encode_lost(change) for change in diff.lost],
    }


def encode_preview(preview: QueryPreview, query: str, boxes: Boxes | None) -> analysis.TopicPreview:
    """Return what a query would find, gain and lose."""
    return {
        "query": query,
        "boxes": boxes,
        "tested": preview.tested,
        "count": preview.count,
        "grouped": preview.grouped,
        "stories": [_encode_previewed_story(story) for story in preview.stories],
        "kept": preview.kept,
        "gained_count": preview.gained_count,
        "lost_count": preview.lost_count,
        "lost_labels": _encode_labels(preview.lost_labels),
        "gained": [_encode_gained(change) for change in preview.gained],
        "lost": [_encode_lost(change) for change in preview.lost],
        "searched_back_to": format_timestamp(preview.searched_back_to),
    }


def encode_replay(replayed: ReplayResult, topic_ids: Sequence[str], seconds: float) -> analysis.Replay:
    """Return what a replay found, and how long it took."""
    return {
        "tested": replayed.tested,
        "read": replayed.read,
        "new": sum(replayed.new.values()),
        "known": sum(replayed.known.values()),
        "resumed": replayed.resumed,
        "topics": {id_: {"new": replayed.new.get(id_, 0), "known": replayed.known.get(id_, 0)} for id_ in topic_ids},
        "seconds": round(seconds, 3),
    }


def encode_score(score: TopicScore, version: str) -> analysis.Score:
    """Return how good a topic, in this version, is on labelled examples."""
    return {
        "version": version,
        "tp": score.tp,
        "fp": score.fp,
        "fn": score.fn,
        "tn": score.tn,
        "precision": _round_share(score.precision),
        "recall": _round_share(score.recall),
        "f1": _round_share(score.f1),
        "recall_interval": _round_interval(score.recall_interval),
        "precision_interval": _round_interval(score.precision_interval),
        "misses": [{"at": miss.example.place, "title": miss.example.stored.entry.item.title} for miss in score.misses],
        "false_hits": [
            {
                "at": hit.example.place,
                "title": hit.example.stored.entry.item.title,
                "evidence": encode_evidence(hit.evidence),
            }
            for hit in score.false_hits
        ],
    }


def encode_probe(probe: ProbeResult, topic_id: str, sample: analysis.Sample | None) -> analysis.Probe:
    """Return what a topic may be missing."""
    return {
        "topic": topic_id,
        "tested": probe.tested,
        "read": probe.read,
        "near_count": probe.near_count,
        "near": [_encode_near_miss(near) for near in probe.near],
        "loosenings": [
            {"kind": way.kind, "change": way.description, "lets_in": way.lets_in, "at_least": way.capped}
            for way in probe.relaxations
        ],
        "missed": [{"hit": hit.id, "entry": encode_entry(hit.stored), "label": hit.label} for hit in probe.missed],
        "elusion": sample,
    }


def encode_meaning_matches(matches: Iterable[MeaningMatch]) -> list[analysis.MeaningMatch]:
    """Return entries with how well they fit a topic's sentences."""
    return [
        {"entry": encode_entry(match.stored), "score": round(match.score, 4), "proposed": match.is_proposed}
        for match in matches
    ]


def encode_meaning_diff(diff: MeaningDiff) -> analysis.ProposalDiff:
    """Return what changed sentences would propose, and what not any more."""
    return {
        "gained_count": diff.gained_count,
        "lost_count": diff.lost_count,
        "kept": diff.kept,
        "gained": encode_meaning_matches(diff.gained),
        "lost": encode_meaning_matches(diff.lost),
    }


def encode_sample(sample: Sample, elusion: Elusion | None) -> analysis.Sample:
    """Return a random sample of what a topic does not match, and what reading it showed."""
    encoded: analysis.Sample = {
        "basis": "random sample of entries of this time that the topic does not match",
        "seed": sample.seed,
        "population": sample.population,
        "matched": sample.matched,
        "sample": [encode_entry(stored) for stored in sample.entries],
    }
    if elusion is not None:
        encoded["relevant"] = elusion.relevant
        encoded["elusion"] = _round_share(elusion.share)
        encoded["elusion_interval"] = _round_interval(elusion.share_interval)
        encoded["missed"] = elusion.missed
        encoded["missed_interval"] = list(elusion.missed_interval)
    return encoded


def encode_cost(cost: TopicCost, topic_id: str) -> analysis.Cost:
    """Return what each clause of a topic is worth."""
    return {
        "topic": topic_id,
        "tested": cost.tested,
        "hits": cost.hits,
        "labelled": {"relevant": cost.relevant, "irrelevant": cost.irrelevant},
        "clauses": [_encode_share(share) for share in cost.clauses],
        "exclusions": [_encode_share(share) for share in cost.exclusions],
        "terms": [_encode_share(share) for share in cost.terms],
        "dead": list(cost.dead),
        "languages": [
            {"language": language, "entries": entries, "hits": hits}
            for language, (entries, hits) in cost.languages.items()
        ],
    }


def encode_proposal(proposal: TopicDraft) -> analysis.DraftedTopic:
    """Return a topic proposed from an article."""
    return {
        "id": proposal.id,
        "name": proposal.name,
        "description": proposal.description,
        "query": proposal.query,
        "about": list(proposal.about),
        "why": list(proposal.why),
        "matched": proposal.matched,
        "tested": proposal.tested,
    }


def _encode_gained(change: EntryChange) -> analysis.GainedEntry:
    return {"entry": encode_entry(change.stored), "evidence": encode_evidence(change.evidence)}


def _encode_lost(change: EntryChange) -> analysis.LostEntry:
    return {**_encode_gained(change), "hit": change.hit_id, "label": change.label}


def _encode_labels(labels: Mapping[str, int]) -> contract.Judgements:
    return {"relevant": labels.get("relevant", 0), "irrelevant": labels.get("irrelevant", 0)}


def _encode_previewed_story(story: PreviewedStory) -> analysis.PreviewedStory:
    return {
        "story": story.story_id,
        "first": encode_entry(story.lead.stored),
        "entries": [report.stored.id for report in story.reports],
        "outlets": list(story.outlets),
        "latest_at": format_timestamp(story.reports[0].stored.first_seen_at),
    }


def _encode_near_miss(near: NearMiss) -> analysis.NearMiss:
    return {
        "entry": encode_entry(near.stored),
        "evidence": encode_evidence(near.evidence),
        "kind": near.kind,
        "would_match": list(near.by),
        "nearness": near.nearness,
    }


def _encode_share(share: ClauseCost) -> analysis.Share:
    return {
        "clause": share.clause,
        "hits": share.hits,
        "alone": share.alone,
        "relevant": share.relevant,
        "irrelevant": share.irrelevant,
        "last_at": format_timestamp(share.last_at),
        "examples": [{"entry": stored.id, "title": stored.entry.item.title} for stored in share.examples],
    }


def _round_share(value: float | None) -> float | None:
    return None if value is None else round(value, 4)


def _round_interval(interval: tuple[float, float] | None) -> list[float] | None:
    return None if interval is None else [round(interval[0], 4), round(interval[1], 4)]
