"""Turns the documents of commands and the API into the compact answers of assistants."""

from __future__ import annotations

from collections.abc import Mapping

from watcher.contract.assistant import (
    Answer,
    CitedEntry,
    CitedHit,
    CitedProposal,
    CitedStory,
    ExplainedEntry,
    TriedQuery,
    TroubledFeed,
)
from watcher.contract.entries import Entry, EntryMatch, Evidence
from watcher.contract.feeds import Feed
from watcher.contract.hits import Hit
from watcher.contract.proposals import Proposal
from watcher.contract.stories import Report, Story
from watcher.contract.topic_analysis import QueryDiff
from watcher.contract.topics import Explanation, TestedArchive

MAX_SUMMARY = 600
"""Characters of a summary that an answer holds."""
MAX_CITED_REPORTS = 20
"""Reports of a story that a list cites; the others are counted, and the story names them."""


def cite_entry(entry: Entry, evidence: list[Evidence]) -> CitedEntry:
    """Return a report with the beginning of its summary and the words that prove a match."""
    return {
        "entry": entry["id"],
        "title": entry["title"],
        "publisher": entry["source"],
        "url": entry["url"],
        "published_at": entry["published_at"],
        "first_seen_at": entry["first_seen_at"],
        "language": entry["language"],
        "summary": _shorten(entry["summary"]),
        "quotes": [
            {"field": passage["field"], "text": passage["text"], "clause": passage["clause"]} for passage in evidence
        ],
    }


def cite_match(match: EntryMatch) -> CitedEntry:
    """Return a report that a search found."""
    cited = cite_entry(match["entry"], match["evidence"])
    cited["story"], cited["reports"] = match["story"]["id"], match["story"]["size"]
    if "likeness" in match:
        cited["likeness"] = match["likeness"]
    return cited


def cite_hit(hit: Hit) -> CitedHit:
    """Return a hit with its report."""
    entry = cite_entry(hit["entry"], hit["evidence"])
    entry["story"], entry["reports"] = hit["story"]["id"], hit["story"]["size"]
    return {
        "id": hit["id"],
        "topic": hit["topic"],
        "score": hit["score"],
        "matched_at": hit["matched_at"],
        "found_by": hit["found_by"],
        "relevance": hit["relevance"],
        "label": hit["label"],
        "entry": entry,
    }


def cite_proposal(proposal: Proposal) -> CitedProposal:
    """Return a proposal with its report."""
    return {
        "id": proposal["id"],
        "topic": proposal["topic"],
        "score": proposal["score"],
        "state": proposal["state"],
        "proposed_at": proposal["proposed_at"],
        "near_to": [resemblance["text"] for resemblance in proposal["evidence"]],
        "entry": cite_entry(proposal["entry"], []),
    }


def cite_story(story: Story, entries: Mapping[int, Entry], since: str | None, until: str | None) -> CitedStory:
    """Return a story; `entries` are its reports that are still stored, the period's ends are timestamps."""

    def is_new(report: Report) -> bool:
        """Return whether a report came within the period; timestamps of one form compare as text."""
        seen = report["first_seen_at"]
        return (since is None or seen >= since) and (until is None or seen < until)

    newest = sorted(story["tellings"], key=lambda report: (report["first_seen_at"], report["entry"]), reverse=True)
    return {
        "story": story["id"],
        "title": story["title"],
        "first_at": story["first_at"],
        "last_at": story["last_at"],
        "reports": story["reports"],
        "new_reports": sum(is_new(report) for report in story["tellings"]),
        "outlets": story["outlets"],
        "independent": story["independent"],
        "languages": story["languages"],
        "topics": story["topics"],
        "citations": [
            {
                "entry": report["entry"],
                "title": report["title"],
                "publisher": report["source"],
                "url": report["url"],
                "published_at": entries[report["entry"]]["published_at"] if report["entry"] in entries else None,
                "first_seen_at": report["first_seen_at"],
                "language": entries[report["entry"]]["language"] if report["entry"] in entries else None,
                "copy": report["copy"],
                "is_new": is_new(report),
            }
            for report in newest[:MAX_CITED_REPORTS]
        ],
    }


def cite_explanation(explained: Explanation, answer: Answer) -> ExplainedEntry:
    """Return why a report matches or not."""
    hit = explained["hit"]
    return {
        **answer,
        "topic": explained["topic"],
        "version": explained["version"],
        "hit": hit["id"] if hit is not None else None,
        "matched": explained["matched"],
        "entry": cite_entry(explained["entry"], explained["evidence"]),
        "clause": explained["clause"],
        "nearest": explained["nearest"],
    }


def cite_tested_archive(tested: TestedArchive, answer: Answer) -> TriedQuery:
    """Return what a query matches among the stored reports."""
    return {
        **answer,
        "topic": None,
        "tested": tested["tested"],
        "count": tested["count"],
        "searched_back_to": tested["searched_back_to"],
        "matches": [cite_entry(match["entry"], match["evidence"]) for match in tested["matches"]],
        "kept": None,
        "gained_count": None,
        "lost_count": None,
        "lost_relevant": None,
        "gained": [],
        "lost": [],
    }


def cite_query_diff(diff: QueryDiff, answer: Answer) -> TriedQuery:
    """Return what a query would gain and lose beside a topic's."""
    return {
        **answer,
        "topic": diff["topic"],
        "tested": diff["tested"],
        "count": diff["kept"] + diff["gained_count"],
        "searched_back_to": None,
        "matches": [],
        "kept": diff["kept"],
        "gained_count": diff["gained_count"],
        "lost_count": diff["lost_count"],
        "lost_relevant": diff["lost_labels"]["relevant"],
        "gained": [cite_entry(change["entry"], change["evidence"]) for change in diff["gained"]],
        "lost": [
            {**cite_entry(change["entry"], change["evidence"]), "hit": change["hit"], "label": change["label"]}
            for change in diff["lost"]
        ],
    }


def cite_troubled_feed(feed: Feed) -> TroubledFeed:
    """Return a feed that is not read as it should be."""
    return {
        "name": feed["title"],
        "url": feed["url"],
        "health": feed["health"],
        "failing_since": feed["failing_since"],
        "fault": feed["error"]["message"] if feed["error"] is not None else None,
        "gaps": feed["gaps"],
        "lost": feed["lost"],
        "left_out": feed["left_out"],
    }


def _shorten(text: str) -> str:
    return text if len(text) <= MAX_SUMMARY else text[: MAX_SUMMARY - 1].rstrip() + "…"
