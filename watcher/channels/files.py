"""Digests as files in a folder, and an Atom feed of them beside."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping
from html import unescape
from pathlib import Path
from urllib.parse import quote

from watcher import private
from watcher.channels.outcome import Deferred, Outcome, Sent, brief
from watcher.channels.payload import load_payload
from watcher.digest.atom import AtomEntry, AtomText, format_atom_feed
from watcher.model.digest import Channel, Delivery

IN_FEED = 30
_ENDINGS = {"html": "html", "text": "txt", "markdown": "md", "json": "json"}


class FileSender:
    """Writes NAME-YYYYMMDDTHHMM.html and so on into the channel's `folder`, each whole or not at all."""

    async def send(self, delivery: Delivery, channel: Channel, *, thread: str | None = None) -> Outcome:
        folder = Path(str(channel.options["folder"])).expanduser()
        try:
            return Sent(ref=await asyncio.to_thread(write_digest, folder, load_payload(delivery.payload)))
        except OSError as error:
            return Deferred(reason=brief(f"{error.strerror}: {error.filename}"))

    async def rest(self) -> None:
        """Keep nothing open."""


def write_digest(folder: Path, said: Mapping[str, str]) -> str:
    """Write a digest's files and the folder's feed anew; gives the files' stem. The same digest has the same stem."""
    stamp = said["slot"].replace(":", "").replace("-", "")
    stem = f"{re.sub(r'[^A-Za-z0-9._-]', '-', said['name'])}-{stamp[:13] if stamp[13:15] == '00' else stamp[:15]}"
    private.make_folder(folder)
    for form, ending in _ENDINGS.items():
        if said.get(form):
            private.write_file(folder / f"{stem}.{ending}", said[form])
    private.write_file(folder / "digests.atom", _feed(folder))
    return stem


def _feed(folder: Path) -> str:
    """Write an Atom feed (RFC 4287) of the latest digests in a folder."""
    dated = [(stamp, file) for file in folder.iterdir() if (stamp := _moment(file)) is not None]
    best: dict[str, tuple[str, Path]] = {}
    for stamp, file in dated:
        if file.stem not in best or file.suffix == ".html":
            best[file.stem] = stamp, file
    newest = sorted(best.values(), key=lambda pair: (pair[0], pair[1].name), reverse=True)[:IN_FEED]
    entries = []
    for stamp, file in newest:
        text = file.read_text(encoding="utf-8", errors="replace")
        found = re.search(r"<title>(.*?)</title>", text, re.DOTALL) if file.suffix == ".html" else None
        title = unescape(found[1]) if found else text.partition("\n")[0].lstrip("# ")[:200]
        entries.append(
            AtomEntry(
                title=title.strip() or file.stem,
                id=f"urn:news-watcher:{file.stem}",
                updated=stamp,
                url=quote(file.name),
                content=AtomText(type="html" if file.suffix == ".html" else "text", text=text),
            )
        )
    return format_atom_feed("Digests", "urn:news-watcher:digests", entries)


def _moment(file: Path) -> str | None:
    """Read a digest's slot from its file's name; None for any other file."""
    found = re.search(r"-(\d{4})(\d{2})(\d{2})T(\d{2})(\d{2})(\d{2})?$", file.stem)
    if found is None or file.suffix not in {".html", ".txt", ".md"} or file.name.startswith("."):
        return None
    year, month, day, hour, minute, second = found.groups(default="00")
    return f"{year}-{month}-{day}T{hour}:{minute}:{second}Z"
