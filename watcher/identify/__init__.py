"""Identifies items: gives them keys, and tells new, edited, known and merged items of a document apart.

An id is compared character by character (RFC 4287, 4.2.6.1), an RSS guid as much as an Atom id. Real feeds break that
in two ways. One id stands on several items: then the headline belongs to the key, and all of them are kept. One item
comes under several ids: then it has to agree with the known one in more than its headline. When in doubt, two items
are two entries.
"""

from watcher.identify.candidates import candidates
from watcher.identify.ids import Memory, is_named_by
from watcher.identify.keys import content_hash, particular_keys, plain_key, shared_key, short_key, title_key
from watcher.identify.likeness import LEARNED, learned_to_change
from watcher.identify.sorting import MOST_VERSIONS, sort

__all__ = [
    "LEARNED",
    "MOST_VERSIONS",
    "Memory",
    "candidates",
    "content_hash",
    "is_named_by",
    "learned_to_change",
    "particular_keys",
    "plain_key",
    "shared_key",
    "short_key",
    "sort",
    "title_key",
]
