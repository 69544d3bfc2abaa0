"""Configuration: read once, checked whole, handed down frozen. The only reader of the files and the environment."""

from watcher.settings.configuration import Settings, signing_key
from watcher.settings.loader import load
from watcher.settings.schema import EngineName, Fetch, Polling, Retention, Web

__all__ = ["EngineName", "Fetch", "Polling", "Retention", "Settings", "Web", "load", "signing_key"]
