"""Which role each tool needs: reading, notes and marks are a reader's, judging is an editor's.

A tool that is not here is not served.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextvars import ContextVar

from watcher.model.person import DESK, Person, Role

calling_person: ContextVar[Person] = ContextVar("calling_person", default=DESK)
"""Whose assistant calls a tool: the desk's over standard input, which its user's own program started."""

TOOL_ROLES: Mapping[str, Role] = {
    "list_topics": Role.READER,
    "get_topic": Role.READER,
    "list_stories": Role.READER,
    "get_story": Role.READER,
    "search_entries": Role.READER,
    "get_entry": Role.READER,
    "list_hits": Role.READER,
    "get_hit": Role.READER,
    "explain_match": Role.READER,
    "get_coverage": Role.READER,
    "try_query": Role.READER,
    "draft_topic": Role.READER,
    "list_proposals": Role.READER,
    "get_proposal": Role.READER,
    "list_notes": Role.READER,
    "write_note": Role.READER,
    "delete_note": Role.READER,
    "mark_seen": Role.READER,
    "star_items": Role.READER,
    "judge_hit": Role.EDITOR,
    "judge_proposal": Role.EDITOR,
}
