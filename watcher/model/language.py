"""Languages as BCP 47 tags name them, compared without regions and scripts."""

from __future__ import annotations

from functools import lru_cache


@lru_cache(maxsize=512)
def get_primary_language(tag: str | None) -> str:
    """Return the language of a tag in lower case, without region and script: `en` of `en-GB`; empty without a tag."""
    return (tag or "").partition("-")[0].lower()
