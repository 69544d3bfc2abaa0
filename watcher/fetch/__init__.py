"""Fetches over HTTP: guarded at the dial, bounded in bytes and time, and no server can make it raise."""

from watcher.fetch.discover import Candidate, discover
from watcher.fetch.fetcher import Fetcher
from watcher.fetch.policy import FetchPolicy
from watcher.fetch.ssrf_guard import Resolver, SsrfGuard

__all__ = ["Candidate", "FetchPolicy", "Fetcher", "Resolver", "SsrfGuard", "discover"]
