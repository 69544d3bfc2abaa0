"""How much of a document is read: a feed is no place for more."""

MAX_ITEMS = 2_000
MAX_ITEMS_EXAMINED = 20_000
"""Of more items than are kept, so many are looked at to find the newest."""
MAX_FIELD_LENGTH = 262_144
"""Characters of a summary or content."""
MAX_TITLE_LENGTH = 500
MAX_GUID_LENGTH = 2_000
MAX_FEEDPARSER_BYTES = 1_048_576
"""Bytes of a document that feedparser is asked about: its time grows faster than the document."""
MAX_ENCLOSURES = 20
MAX_PREFIXES = 100
"""Of more prefixes that a document uses and does not declare, only those that mean something are declared for it."""
