"""Imports the names of a package when they are used: a command starts without what it does not use."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib import import_module


def import_when_used(package: str, modules: Mapping[str, str]) -> Callable[[str], object]:
    """Return the `__getattr__` of a package: names are imported from the modules of the package that define them.

    It raises AttributeError for a name that is in none.
    """

    def load_name(name: str) -> object:
        """Return the object of a name."""
        if name not in modules:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        return getattr(import_module(f"{package}.{modules[name]}"), name)

    return load_name
