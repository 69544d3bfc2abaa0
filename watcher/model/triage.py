"""What people do with a list: what they have seen and starred, what they noted, and the views they keep."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

UNREAD_FOR = timedelta(days=30)
"""What is older than this counts as seen even by those who did not open it: read state stays small."""
FIRST_VISIT_SPAN = timedelta(days=1)
"""Of what came before a person's first visit, only this last part is unread."""
NEVER_SEEN = datetime.fromisoformat("1970-01-01T00:00:00+00:00")
"""The moment of what a person marked unread again."""
MAX_NOTE_CHARACTERS = 4_000
MAX_PERSON_CHARACTERS = 80
MAX_VIEW_NAME_CHARACTERS = 80
MAX_VIEWS_PER_PERSON = 50


class TargetKind(StrEnum):
    """What can be seen, starred and noted."""

    ENTRY = "entry"
    STORY = "story"
    PROPOSAL = "proposal"


@dataclass(frozen=True, slots=True, order=True)
class Target:
    """An entry, a story or a proposal."""

    kind: TargetKind
    id: int

    def __str__(self) -> str:
        return f"{self.kind}:{self.id}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reader:
    """A person and what is unread for them: what came after `seen_before`, unless they have seen it.

    What came before `seen_floor` is never unread. `last_visit_at` is when their visit before this one ended, None where
    this is the first.
    """

    person: str
    seen_before: datetime
    seen_floor: datetime
    last_visit_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """What one person knows of a target: until when it was seen (None: never) and whether it is starred."""

    seen_at: datetime | None = None
    starred: bool = False

    def is_unread(self, moment: datetime, reader: Reader) -> bool:
        """Return whether what came at a moment is new to a reader."""
        return moment > (reader.seen_before if self.seen_at is None else max(self.seen_at, reader.seen_floor))


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """A person's text about a target. `mentions` are the colleagues it is handed to; `done` those who dealt with it."""

    id: int
    target: Target
    author: str
    text: str
    version: int
    written_at: datetime
    edited_at: datetime | None = None
    deleted_at: datetime | None = None
    mentions: tuple[str, ...] = ()
    done: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class NoteVersion:
    """An earlier text of a note, who replaced it and when."""

    version: int
    text: str
    replaced_at: datetime
    replaced_by: str


class ViewPage(StrEnum):
    """The list that a saved view shows."""

    HITS = "hits"
    STORIES = "stories"
    PROPOSALS = "proposals"


@dataclass(frozen=True, slots=True, kw_only=True)
class SavedView:
    """A list that a person named. `params` are the parameters of its address; `key` is the address of its feed."""

    id: int
    key: str
    person: str
    name: str
    page: ViewPage
    params: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    position: int = 0
    created_at: datetime
