"""What visitors of the guided set-up typed and did not save yet, and how far the first digest is; in memory alone."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from dataclasses import dataclass, field

from watcher.app.setup.first_digest import FirstDigest

MAX_DRAFTS = 8
"""Visitors whose unsaved secrets are kept, in memory alone."""


@dataclass(slots=True)
class SetupDraft:
    """What a visitor typed and the page does not send back: secrets by field, the text of an OPML list.

    `accepted` holds what identifies the channels whose test message was accepted.
    """

    secrets: dict[str, str] = field(default_factory=dict, repr=False)
    opml: str = ""
    accepted: set[str] = field(default_factory=set)


@dataclass(slots=True)
class SettingUp:
    """The drafts of visitors, and how far the first digest is."""

    progress: FirstDigest = field(default_factory=FirstDigest)
    task: asyncio.Task[FirstDigest] | None = None
    _drafts: OrderedDict[str, SetupDraft] = field(default_factory=OrderedDict)

    def get_draft(self, session_id: str) -> SetupDraft:
        """Return what a visitor typed; the drafts of the latest visitors are kept."""
        draft = self._drafts.setdefault(session_id, SetupDraft())
        self._drafts.move_to_end(session_id)
        while len(self._drafts) > MAX_DRAFTS:
            self._drafts.popitem(last=False)
        return draft

    def clear(self) -> None:
        """Forget every draft: the set-up is done."""
        self._drafts.clear()

    def set_progress(self, progress: FirstDigest) -> None:
        """Record how far the first digest is."""
        self.progress = progress
