"""Digests as files in a folder, and an Atom feed of them beside."""

from __future__ import annotations

import os
import re
import tempfile
from pathlib import Path
from xml.sax.saxutils import escape

from watcher.deliver.outcome import Deferred, Outcome, Sent, brief
from watcher.deliver.payload import thaw
from watcher.model.digest import Channel, Delivery

IN_FEED = 30
_ENDINGS = {"html": "html", "text": "txt", "markdown": "md", "json": "json"}


class FileSender:
    """Writes NAME-YYYYMMDD-HHMM.html and so on into the channel's `folder`, each whole or not at all."""

    async def send(self, delivery: Delivery, channel: Channel, *, thread: str | None = None) -> Outcome:
        said = thaw(delivery.payload)
        folder = Path(str(channel.options["folder"])).expanduser()
        stem = f"{re.sub(r'[^A-Za-z0-9._-]', '-', said['name'])}-{said['slot'].replace(':', '').replace('-', '')[:13]}"
        try:
            folder.mkdir(parents=True, exist_ok=True)
            for form, ending in _ENDINGS.items():
                if said.get(form):
                    _write(folder / f"{stem}.{ending}", said[form])
            _write(folder / "digests.atom", _feed(folder, said))
        except OSError as error:
            return Deferred(reason=brief(f"{error.strerror}: {error.filename}"))
        return Sent(ref=stem)


def _feed(folder: Path, said: dict[str, str]) -> str:
    """Write an Atom feed (RFC 4287) of the latest digests in a folder."""
    files = sorted(folder.glob("*.html"), key=lambda file: file.stat().st_mtime, reverse=True)[:IN_FEED]
    entries = []
    for file in files:
        html = file.read_text(encoding="utf-8", errors="replace")
        title = re.search(r"<title>(.*?)</title>", html, re.DOTALL)
        when = _moment(file)
        entries.append(
            f"<entry><title type='html'>{escape(title[1] if title else file.stem)}</title>"
            f"<id>urn:news-watcher:{escape(file.stem)}</id><updated>{when}</updated>"
            f"<link href='{escape(file.name)}'/><content type='html'>{escape(html)}</content></entry>"
        )
    updated = _moment(files[0]) if files else said["slot"]
    return (
        "<?xml version='1.0' encoding='utf-8'?><feed xmlns='http://www.w3.org/2005/Atom'><title>Digests</title>"
        f"<id>urn:news-watcher:digests</id><updated>{updated}</updated><author><name>news-watcher</name></author>"
        + "".join(entries)
        + "</feed>\n"
    )


def _moment(file: Path) -> str:
    found = re.search(r"(\d{4})(\d{2})(\d{2})T(\d{2})(\d{2})$", file.stem)
    return "{}-{}-{}T{}:{}:00Z".format(*found.groups()) if found else "1970-01-01T00:00:00Z"


def _write(path: Path, text: str) -> None:
    handle, unfinished = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}-")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        Path(unfinished).chmod(0o644)
        Path(unfinished).replace(path)
    except OSError:
        Path(unfinished).unlink(missing_ok=True)
        raise
