"""Configuration: read once, checked whole, handed down frozen. The only reader of the files and the environment."""

from typing import TYPE_CHECKING

from watcher.lazy_names import import_when_used

if TYPE_CHECKING:
    from watcher.settings.configuration import Settings, signing_key
    from watcher.settings.loader import load
    from watcher.settings.schema import EngineName, Fetch, Polling, Retention, Web
else:
    # Imported when they are used: completion in the shell needs the folders alone, in a tenth of the time.
    _MODULES = {
        "EngineName": "schema",
        "Fetch": "schema",
        "Polling": "schema",
        "Retention": "schema",
        "Settings": "configuration",
        "Web": "schema",
        "load": "loader",
        "signing_key": "configuration",
    }

    __getattr__ = import_when_used(__name__, _MODULES)


__all__ = ["EngineName", "Fetch", "Polling", "Retention", "Settings", "Web", "load", "signing_key"]
