"""What a person decides about stories: reports are of another event, or two stories are one. All can be undone."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from watcher.contract import stories as contract
from watcher.contract.timestamps import format_timestamp
from watcher.errors import NotFoundError, UsageError
from watcher.model.person import SHELL, Actor
from watcher.store.database import Db
from watcher.store.people.audit import add_audit_entry
from watcher.store.stories.decisions import (
    StoryDecision,
    list_story_decisions,
    merge_stories,
    split_story,
    undo_story_decision,
)
from watcher.store.stories.queries import load_story


def split_off_reports(
    db: Db, story_id: int, entry_ids: Collection[int], now: datetime, by: Actor = SHELL
) -> StoryDecision:
    """Move reports of a story into one of their own. Raises NotFoundError, and UsageError where none would remain."""
    try:
        decision = split_story(db, load_story(db, story_id).id, entry_ids, now, author=by.person.author)
    except ValueError as error:
        raise UsageError(f"{error}: name some of the story's entries, and not all") from error
    add_audit_entry(db, by, now, "story split", f"story {story_id}", after=f"story {decision.other_story_id}")
    return decision


def merge_other_story(db: Db, story_id: int, other_story_id: int, now: datetime, by: Actor = SHELL) -> StoryDecision:
    """Move all reports of another story into a story. Raises NotFoundError, and UsageError where they are the same."""
    try:
        kept_id, merged_id = load_story(db, story_id).id, load_story(db, other_story_id).id
        decision = merge_stories(db, kept_id, merged_id, now, author=by.person.author)
    except ValueError as error:
        raise UsageError(str(error)) from error
    add_audit_entry(db, by, now, "stories merged", f"story {story_id}", after=f"story {other_story_id}")
    return decision


def undo_decision(
    db: Db, story_id: int, now: datetime, decision_id: int | None = None, by: Actor = SHELL
) -> StoryDecision:
    """Undo what was decided about a story: this decision, or the latest that holds. Raises NotFoundError."""
    for decision in list_open_decisions(db, story_id):
        if decision_id in (None, decision.id):
            add_audit_entry(db, by, now, "story decision undone", f"story {story_id}", before=decision.kind.value)
            return undo_story_decision(db, decision.id, now)
    raise NotFoundError("decision about the story", str(decision_id if decision_id is not None else story_id))


def list_open_decisions(db: Db, story_id: int) -> tuple[StoryDecision, ...]:
    """Return what was decided about a story and not undone, the newest first."""
    return tuple(decision for decision in list_story_decisions(db, story_id) if decision.undone_at is None)


def encode_decision(decision: StoryDecision) -> contract.StoryDecision:
    """Return a split or a merge as command and API send it."""
    return {
        "id": decision.id,
        "kind": "split" if decision.kind.value == "split" else "merge",
        "story": decision.story_id,
        "other_story": decision.other_story_id,
        "entries": list(decision.entry_ids),
        "author": decision.author,
        "decided_at": format_timestamp(decision.decided_at),
        "undone_at": format_timestamp(decision.undone_at),
    }
