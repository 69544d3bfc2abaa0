"""The quick readers' way of saying: feedparser might read this otherwise, ask it."""

from __future__ import annotations


class Doubt(Exception):  # noqa: N818 - no error, a reason to ask the judge
    """The document may mean something else than it seems; the text says what is doubtful."""
