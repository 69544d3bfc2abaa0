"""Reads documents and pages within bounds: small, sound ones in a thread, others in processes that can be ended."""

from watcher.reading.reader import Reader, ReaderClosedError

__all__ = ["Reader", "ReaderClosedError"]
