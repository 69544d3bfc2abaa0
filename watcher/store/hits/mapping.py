"""How a hit stands in its row: read with its entry, its feed and its story, and written."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from sqlalchemy import RowMapping, Select

from watcher.model.entry import StoredEntry
from watcher.model.results import StoredHit
from watcher.model.topic import Evidence, FoundBy, Hit, Origin
from watcher.store.entries.mapping import read_entry_row, select_entries
from watcher.store.meaning.judges import select_judge
from watcher.store.tables import entries as entry_table
from watcher.store.tables import hits, stories

_WHOLE = (
    select_entries()
    .join(hits, hits.c.entry_id == entry_table.c.id)
    .outerjoin(stories, stories.c.id == entry_table.c.story_id)
    .add_columns(
        hits.c.id.label("hit_id"),
        hits.c.topic_id,
        hits.c.topic_version,
        hits.c.score,
        hits.c.evidence,
        hits.c.origin,
        hits.c.matched_at,
        hits.c.label,
        hits.c.found_by,
        hits.c.relevance,
        select_judge(hits, hits.c.label.is_not(None)),
        stories.c.size.label("story_size"),
    )
)
# Looked up: an enumeration that is called takes ten times as long, for each row of a list.
_ORIGINS = {origin.value: origin for origin in Origin}
_WAYS = {found_by.value: found_by for found_by in FoundBy}


def select_hits() -> Select[Any]:
    """Select hits with their entries, feeds and stories; `read` makes a StoredHit of a row."""
    return _WHOLE


def format_evidence(evidence: Iterable[Evidence]) -> str:
    """Write evidence as the JSON that the table holds."""
    return json.dumps([[e.field, e.start, e.end, e.text, e.clause] for e in evidence], ensure_ascii=False)


def parse_evidence(written: str) -> tuple[Evidence, ...]:
    """Read evidence from the table's JSON."""
    return tuple(
        Evidence(field=field, start=start, end=end, text=words, clause=clause)
        for field, start, end, words, clause in json.loads(written)
    )


def read_hit_row(row: RowMapping, stored: StoredEntry | None = None, searched: tuple[Evidence, ...] = ()) -> StoredHit:
    """Return the StoredHit of a row of `select_hits`; `stored` is its entry, where that has been read before."""
    return StoredHit(
        id=row["hit_id"],
        hit=Hit(
            topic_id=row["topic_id"],
            topic_version=row["topic_version"],
            entry_id=row["id"],
            evidence=parse_evidence(row["evidence"]),
            score=row["score"],
            matched_at=row["matched_at"],
            origin=_ORIGINS[row["origin"]],
            found_by=_WAYS[row["found_by"]],
            relevance=row["relevance"],
        ),
        stored=stored or read_entry_row(row),
        label=row["label"],
        judged_by=row["judged_by"],
        story_id=row["story_id"],
        story_size=row["story_size"] or 1,
        searched=searched,
    )


def build_update_params(hit: Hit) -> dict[str, Any]:
    """Return the parameters that update the row of a known hit."""
    return {
        "topic": hit.topic_id,
        "entry": hit.entry_id,
        "shown": format_evidence(hit.evidence),
        "worth": hit.score,
        "version": hit.topic_version,
    }


def build_hit_row(hit: Hit) -> dict[str, Any]:
    """Return the row of a new hit."""
    return {
        "topic_id": hit.topic_id,
        "entry_id": hit.entry_id,
        "topic_version": hit.topic_version,
        "score": hit.score,
        "evidence": format_evidence(hit.evidence),
        "origin": hit.origin.value,
        "matched_at": hit.matched_at,
    }
