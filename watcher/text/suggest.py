"""The nearest known name to one that is unknown: most unknown names are slips of the fingers."""

from __future__ import annotations

from collections.abc import Iterable

MIN_LIKENESS = 0.6
"""How alike two names have to be (0 to 1, `difflib.SequenceMatcher.ratio`) for one to be meant by the other."""


def find_nearest(name: str, known: Iterable[object], likeness: float = MIN_LIKENESS) -> str | None:
    """Return the known name that is most like `name`, None where none is at least `likeness` alike."""
    # Imported for the first mistake: most commands make none.
    from difflib import get_close_matches

    return next(iter(get_close_matches(name, [str(candidate) for candidate in known], 1, likeness)), None)


def did_you_mean(name: str, known: Iterable[object]) -> str:
    """Return `; did you mean ...?` as the end of a sentence, empty where no known name is near."""
    nearest = find_nearest(name, known)
    return f"; did you mean `{nearest}`?" if nearest is not None else ""
