"""How much of a document is read: a feed is no place for more."""

MOST_ITEMS = 2_000
MOST_LOOKED_AT = 20_000
"""Of more items than are kept, so many are looked at to find the newest."""
LONGEST_FIELD = 262_144
"""Characters of a summary or content."""
LONGEST_TITLE = 500
LONGEST_GUID = 2_000
LONGEST_LOOSE = 1_048_576
"""Bytes of a document that feedparser is asked about: its time grows faster than the document."""
MOST_ENCLOSURES = 20
MOST_PREFIXES = 100
"""Of more prefixes that a document uses and does not declare, only those that mean something are declared for it."""
