"""Identifies items: assigns keys, and classifies the items of a document as new, edited, known or merged.

An id is compared character by character (RFC 4287, 4.2.6.1), an RSS guid as much as an Atom id. Real feeds break that
in two ways. One id stands on several items: then the headline belongs to the key, and all of them are kept. One item
comes under several ids: then it has to agree with the known one in more than its headline. When in doubt, two items
are two entries.
"""

from watcher.identify.diff import MAX_VERSIONS, diff_entries
from watcher.identify.entries import count_repeated_items, to_entries
from watcher.identify.id_matching import KnownEntries, is_named_by
from watcher.identify.keys import (
    build_plain_key,
    build_shared_key,
    build_specific_keys,
    hash_content,
    hash_title,
    shorten_key,
)
from watcher.identify.similarity import MIN_ID_CHANGES, has_unstable_ids

__all__ = [
    "MAX_VERSIONS",
    "MIN_ID_CHANGES",
    "KnownEntries",
    "build_plain_key",
    "build_shared_key",
    "build_specific_keys",
    "count_repeated_items",
    "diff_entries",
    "has_unstable_ids",
    "hash_content",
    "hash_title",
    "is_named_by",
    "shorten_key",
    "to_entries",
]
