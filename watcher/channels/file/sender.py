"""Writes digests as files into a folder, and the folder's feed."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Mapping
from pathlib import Path

from watcher import private
from watcher.channels.file.feed import DigestFile, parse_slot, render_feed
from watcher.channels.file.options import FileOptions
from watcher.channels.outcome import Deferred, SendOutcome, Sent, format_answer
from watcher.channels.payload import load_payload
from watcher.channels.sending import OnStep, OutgoingMessage, Sender

_SUFFIXES = {"html": "html", "text": "txt", "markdown": "md", "json": "json"}


class FileSender(Sender):
    """Writes NAME-YYYYMMDDTHHMM.html and so on into one folder, each file whole or not at all."""

    def __init__(self, options: FileOptions) -> None:
        self._folder = Path(options.folder).expanduser()

    async def send(self, message: OutgoingMessage, *, on_step: OnStep | None = None) -> SendOutcome:
        """Write one digest."""
        try:
            stem = await asyncio.to_thread(write_digest, self._folder, load_payload(message.payload))
        except OSError as error:
            return Deferred(reason=format_answer(f"{error.strerror}: {error.filename}"))
        return Sent(ref=stem)


def write_digest(folder: Path, parts: Mapping[str, str]) -> str:
    """Write a digest's files and the folder's feed; returns the files' stem, which is the same for the same digest."""
    stamp = parts["slot"].replace(":", "").replace("-", "")
    # Seconds are written where they are not 00, as in a digest that was sent by hand.
    stamp = stamp[:13] if stamp[13:15] == "00" else stamp[:15]
    stem = f"{re.sub(r'[^A-Za-z0-9._-]', '-', parts['name'])}-{stamp}"
    private.make_folder(folder)
    for form, suffix in _SUFFIXES.items():
        if parts.get(form):
            private.write_file(folder / f"{stem}.{suffix}", parts[form])
    private.write_file(folder / "digests.atom", render_feed(_list_digests(folder)))
    return stem


def _list_digests(folder: Path) -> list[DigestFile]:
    """Return the digests of a folder, each as HTML where there is such a file."""
    files: dict[str, DigestFile] = {}
    for path in folder.iterdir():
        slot = parse_slot(path.name)
        if slot is not None and (path.stem not in files or path.suffix == ".html"):
            files[path.stem] = DigestFile(name=path.name, slot=slot, read=_reader(path))
    return list(files.values())


def _reader(path: Path) -> Callable[[], str]:
    return lambda: path.read_text(encoding="utf-8", errors="replace")
