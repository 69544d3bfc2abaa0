"""How much of a document is read: a feed is no place for more."""

MOST_ITEMS = 2_000
LONGEST_FIELD = 262_144
"""Characters of a summary or content."""
LONGEST_TITLE = 500
LONGEST_GUID = 2_000
LONGEST_LOOSE = 8_388_608
"""Bytes of a document that is not well-formed: repairing takes time that grows faster than the document."""
