"""Configuration: read once, checked whole, handed down frozen. The only reader of the files and the environment."""

from typing import TYPE_CHECKING

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

    def __getattr__(name: str) -> object:
        """Return a name of the package; raises AttributeError for one that is none."""
        from importlib import import_module

        if name not in _MODULES:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        return getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)


__all__ = ["EngineName", "Fetch", "Polling", "Retention", "Settings", "Web", "load", "signing_key"]
