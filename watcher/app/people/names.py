"""Names of people as they are written."""

from __future__ import annotations

import unicodedata

from watcher.errors import UsageError
from watcher.model.person import DESK, make_login

MAX_NAME_LENGTH = 100


def normalize_name(text: str) -> str:
    """Return a name as it is stored: composed letters and single blanks.

    Raises UsageError for an empty or a long one, for characters that cannot be seen, and for the desk's own.
    """
    name = " ".join(unicodedata.normalize("NFC", text).split())
    if not name:
        raise UsageError("the name is empty")
    if len(name) > MAX_NAME_LENGTH:
        raise UsageError(f"the name is longer than {MAX_NAME_LENGTH} characters")
    if any(unicodedata.category(character) in {"Cc", "Cf", "Cs", "Co", "Cn"} for character in name) or ":" in name:
        raise UsageError("the name has a character that cannot be seen, or a colon")
    if make_login(name) == DESK.name:
        raise UsageError(f"{DESK.name!r} is who logs in without a name: choose another")
    return name
