"""How long a tool may work, and how many work at once."""

from __future__ import annotations

from datetime import timedelta

LIST_TIME = timedelta(seconds=3)
"""A list stops by itself after this and returns what it has."""
MATCHING_TIME = timedelta(seconds=12)
"""The longest that one call may match; what takes longer is refused."""
ANALYSIS_TIME = timedelta(seconds=8)
"""For what goes through the whole archive."""
MAX_CALLS = 4
"""Calls that work at the same time; further ones wait."""
CALL_WAIT = timedelta(seconds=15)
"""How long a call waits for its turn."""
