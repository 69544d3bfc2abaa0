"""An edit of several files that must not be left half done: what is to be written is kept until all of it is.

The record is written after the edit was checked and before its first file is replaced. The process that opens the
configuration next finishes what a killed one began: every command looks for a record, and imports no more than that
takes.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from watcher import private

FILE = "configuration.journal"


@dataclass(frozen=True, slots=True)
class UnfinishedEdit:
    """The texts that an edit writes, by file name, and the tags of the files before it."""

    texts: Mapping[str, str] = field(repr=False)
    before_tags: Mapping[str, str]

    def list_unwritten(self, current: Mapping[str, str | None]) -> dict[str, str]:
        """Return the texts that are not written yet.

        Empty where a file is neither what it was nor what it was to be: a person edited it since, and is right.
        """
        from watcher.settings.edit_history import make_file_tag

        tags = {name: make_file_tag(current.get(name)) for name in self.texts}
        after = {name: make_file_tag(text) for name, text in self.texts.items()}
        if any(tags[name] not in (self.before_tags.get(name), after[name]) for name in self.texts):
            return {}
        return {name: text for name, text in self.texts.items() if tags[name] != after[name]}


def has_unfinished_edit(state: Path) -> bool:
    """Return whether an edit is being written, or was not finished."""
    return (state / FILE).exists()


def keep_edit(state: Path, before: Mapping[str, str | None], texts: Mapping[str, str]) -> None:
    """Keep what an edit writes until `forget_edit`. Raises OSError."""
    from watcher.settings.edit_history import make_file_tag

    tags = {name: make_file_tag(before.get(name)) for name in texts}
    private.write_file(state / FILE, json.dumps({"texts": dict(texts), "before_tags": tags}, ensure_ascii=False))


def load_edit(state: Path) -> UnfinishedEdit | None:
    """Return the edit that was not finished, None where there is none. Raises OSError."""
    try:
        document = json.loads((state / FILE).read_text("utf-8"))
        return UnfinishedEdit(dict(document["texts"]), dict(document["before_tags"]))
    except FileNotFoundError:
        return None
    except (ValueError, KeyError, TypeError):
        return UnfinishedEdit({}, {})  # not ours: nothing of it can be written


def forget_edit(state: Path) -> None:
    """Forget an edit: all of it is written, or none. Raises OSError."""
    (state / FILE).unlink(missing_ok=True)
