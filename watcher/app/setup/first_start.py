"""Whether there is a configuration, and whether it watches anything: asked at every start, and for the start page."""

from __future__ import annotations

from pathlib import Path

from watcher.settings import Settings
from watcher.settings.loader import FEEDS, MAIN, TOPICS


def has_configuration(folder: Path) -> bool:
    """Return whether a folder holds a file of a configuration."""
    return any((folder / name).exists() for name in (MAIN, FEEDS, TOPICS))


def is_setup_needed(settings: Settings) -> bool:
    """Return whether nothing is watched and nobody is sent anything yet."""
    return not (settings.sources or settings.topics or settings.subscriptions)
