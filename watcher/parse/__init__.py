"""Reads feed documents: bytes to items. Quick where nothing is doubtful, feedparser where something is. Pure."""

from watcher.parse.parser import load_libraries, parse, parse_bytes

__all__ = ["load_libraries", "parse", "parse_bytes"]
