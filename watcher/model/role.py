"""What people may do."""

from __future__ import annotations

from enum import StrEnum


class Role(StrEnum):
    """What a person may do; each role includes the ones before it.

    A reader reads, notes and stars; an editor also judges and changes topics, feeds and digests; an admin also changes
    channels, people and settings.
    """

    READER = "reader"
    EDITOR = "editor"
    ADMIN = "admin"

    @property
    def rank(self) -> int:
        """The place in the order of roles, from 0."""
        return list(Role).index(self)

    def includes(self, needed: Role) -> bool:
        """Return whether who has this role may do what the other role may do."""
        return self.rank >= needed.rank
