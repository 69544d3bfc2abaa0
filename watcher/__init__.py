"""A daemon that watches the news for people who must not miss a development."""

__version__ = "0.1.0"
DISTRIBUTION = "news-watcher"
"""Distinguishes this package from others of its name (`watcher/__main__.py`)."""
