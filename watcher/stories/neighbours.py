"""Which reports a report is compared with: those that share the most blocking keys with it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping
from heapq import nsmallest
from itertools import chain

MAX_COMPARED_ENTRIES = 12
"""How many of the entries that share the most blocking keys are compared word by word."""


def choose_neighbours(own_id: int, blocking_keys: Collection[int], holders: Mapping[int, Collection[int]]) -> list[int]:
    """Return the entries that share the most blocking keys with one; of two that share as much the one stored nearer,
    the newer of two as near.

    `holders` are the entries that have each key. Were it the newest of all, each of a thousand like reports of one poll
    would have the same few neighbours, and every merge with those would be compared with all others again.
    """
    shared = Counter(chain.from_iterable([holders[key] for key in blocking_keys]))
    del shared[own_id]
    most = [(-count, abs(own_id - entry_id), -entry_id) for entry_id, count in shared.items() if count > 1]
    if len(most) < MAX_COMPARED_ENTRIES:
        most = [(-count, abs(own_id - entry_id), -entry_id) for entry_id, count in shared.items() if count]
    return [-negative for _count, _distance, negative in nsmallest(MAX_COMPARED_ENTRIES, most)]
