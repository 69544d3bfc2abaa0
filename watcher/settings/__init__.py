"""Configuration: read once, checked whole, handed down frozen. The only reader of the files and the environment."""

from watcher.settings.load import load
from watcher.settings.schema import EngineName, Fetch, Polling, Retention, Web
from watcher.settings.values import Settings, signing_key

__all__ = ["EngineName", "Fetch", "Polling", "Retention", "Settings", "Web", "load", "signing_key"]
