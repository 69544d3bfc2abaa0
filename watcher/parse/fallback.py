"""The signal of the fast readers that a document is feedparser's to read."""

from __future__ import annotations


class NeedsFallback(Exception):  # noqa: N818 - no error, a reason to use the other reader
    """The document may mean something else than it seems; the text says what is doubtful."""
