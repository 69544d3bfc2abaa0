"""Reads who runs the steps: `engine` of watcher.yaml, and what it asks of the database."""

from __future__ import annotations

from collections.abc import Mapping

from watcher.errors import Fault
from watcher.settings.schema import EngineName
from watcher.settings.yaml_nodes import Node, Place, Scalar
from watcher.text.suggest import did_you_mean
from watcher.text.written_values import shorten_text


def read_engine(written: Node | None, database_url: str, environ: Mapping[str, str], faults: list[Fault]) -> EngineName:
    """Read the engine's name; WATCHER_ENGINE stands above the file."""
    if environ.get("WATCHER_ENGINE"):
        place = Place("WATCHER_ENGINE")
        written = Scalar(place, environ["WATCHER_ENGINE"], place)
    if written is None:
        return EngineName.LOCAL
    names = [name.value for name in EngineName]
    value = written.value if isinstance(written, Scalar) else ""
    if value is None:
        return EngineName.LOCAL
    if value not in names:
        is_none_of = f"{shorten_text(value)!r} is none of" if value else "expected one of"
        hint = did_you_mean(value, names)
        faults.append(written.place.fault(f"`engine`: {is_none_of} {', '.join(names)}{hint}"))
        return EngineName.LOCAL
    name = EngineName(value)
    if name is EngineName.PROCRASTINATE and not database_url.startswith(("postgres:", "postgresql:", "postgresql+")):
        message = f"`engine: {value}` needs PostgreSQL"
        remedy = "set `database.url` or WATCHER_DATABASE_URL to postgresql://USER@HOST/NAME"
        faults.append(written.place.fault(f"{message}: {remedy}"))
    return name
