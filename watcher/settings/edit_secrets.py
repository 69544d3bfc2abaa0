"""Secrets that the page and the API write: each in a file of its own (mode 0600), which the configuration names."""

from __future__ import annotations

import os
import re
import secrets
from collections.abc import Iterable
from pathlib import Path

from watcher import private

FOLDER = "secrets"
_OTHER = re.compile(r"[^A-Za-z0-9_.-]+")


class SecretFiles:
    """The secrets that an edit writes. Each value gets a new file, so that undoing the edit finds the old one.

    A file that neither the configuration nor a kept version names any longer is deleted (`prune`).
    """

    def __init__(self, folder: Path, state: Path) -> None:
        self._configuration = folder.absolute()
        self._folder = state.absolute() / FOLDER
        self._written: list[Path] = []

    def write(self, name: str, value: str) -> str:
        """Write a secret, and return the path by which the configuration names its file. Raises OSError."""
        private.make_folder(self._folder)
        path = self._folder / f"{_OTHER.sub('-', name)[:80].strip('.-') or 'secret'}-{secrets.token_hex(4)}"
        private.write_file(path, value + "\n")
        self._written.append(path)
        return self._format_path(path)

    def discard(self) -> None:
        """Delete what was written: the edit was refused."""
        for path in self._written:
            path.unlink(missing_ok=True)
        self._written.clear()

    def prune(self, texts: Iterable[str]) -> None:
        """Delete the files whose names stand in none of the texts."""
        if not self._folder.is_dir():
            return
        joined = "\n".join(texts)
        for path in self._folder.iterdir():
            if path.is_file() and path.name not in joined and path not in self._written:
                path.unlink(missing_ok=True)

    def _format_path(self, path: Path) -> str:
        """Return the path relative to the configuration folder where the two move together, else the absolute one."""
        if self._folder.parent.parent in (self._configuration, self._configuration.parent):
            return os.path.relpath(path, self._configuration)
        return str(path)
