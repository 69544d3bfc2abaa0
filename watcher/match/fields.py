"""The fields of an entry that a query can name, and which of them a scope stands for."""

from __future__ import annotations

TEXT_FIELDS = ("title", "summary", "content")
"""Where a query looks unless it says otherwise."""
WORD_FIELDS = (*TEXT_FIELDS, "author", "tags", "source", "feed", "url")
"""Fields that are split into words; `lang` and `domain` are compared as a whole."""
FIELD_NUMBERS = {name: number for number, name in enumerate(WORD_FIELDS)}

SCOPES: dict[str, tuple[str, ...]] = {
    "title": ("title",),
    "summary": ("summary",),
    "content": ("content",),
    "text": TEXT_FIELDS,
    "author": ("author",),
    "tag": ("tags",),
    "source": ("source",),
    "feed": ("feed",),
    "url": ("url",),
    "lang": ("lang",),
    "domain": ("domain",),
}


def narrow_fields(scope: str, fields: tuple[str, ...]) -> tuple[str, ...]:
    """Return the fields of a scope inside another one: those in both, or else the inner scope's own."""
    inner = SCOPES[scope]
    return tuple(name for name in inner if name in fields) or inner
