"""Guarded HTTP: every address that is dialled is checked, every answer is bounded, nothing raises for a server's fault."""

from watcher.fetch.discover import Candidate, discover
from watcher.fetch.fetcher import Fetcher
from watcher.fetch.guard import Guard, Resolver
from watcher.fetch.policy import FetchPolicy

__all__ = ["Candidate", "FetchPolicy", "Fetcher", "Guard", "Resolver", "discover"]
