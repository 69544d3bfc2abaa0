"""Reads the configuration folder, once and whole: every fault of every file, or settings that hold together."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TypeVar

from watcher.errors import ConfigError, Fault
from watcher.settings import secrets
from watcher.settings.channels import read_channels
from watcher.settings.configuration import Settings
from watcher.settings.engine import read_engine
from watcher.settings.exposure import find_exposed
from watcher.settings.fault_redaction import conceal_values
from watcher.settings.feeds import read_sources
from watcher.settings.folders import database_address, state_folder
from watcher.settings.proxies import read_proxies
from watcher.settings.schema import Fetch, Polling, Retention, Storage, Web
from watcher.settings.subscriptions import read_subscriptions
from watcher.settings.topics import read_topics
from watcher.settings.validation import check, whole
from watcher.settings.yaml_nodes import Node, Place, Scalar, Table, at, read
from watcher.text.written_values import Section

S = TypeVar("S", bound=Section)

MAIN, FEEDS = "watcher.yaml", "feeds.yaml"
SECTIONS: Mapping[str, type[Section] | None] = {
    "engine": None,
    "database": Storage,
    "fetch": Fetch,
    "polling": Polling,
    "web": Web,
    "retention": Retention,
    "digests": None,
    "channels": None,
}


def load(folder: Path, environ: Mapping[str, str], *, queries: bool = True, secrets_needed: bool = True) -> Settings:
    """Read the configuration of a folder. Raises ConfigError with every fault, in order of file and place.

    Without `queries` those of topics are taken as they stand: reading them all takes longer than most commands.
    Where no `secrets_needed`, absent ones are no faults but `missing_secrets`, and something else stands in their
    places; those of the database are needed always.
    The environment stands above the files: `WATCHER_<SECTION>__<KEY>`, `WATCHER_DATABASE_URL`, `WATCHER_STATE`.
    """
    faults: list[Fault] = [] if secrets_needed else secrets.FaultsWithoutSecrets()
    if not folder.is_dir():
        what = (
            "is no folder" if folder.exists() else "no such folder; `watcher init` makes a configuration to start from"
        )
        raise ConfigError((Fault(str(folder), 1, 1, what),))

    def name(file: str) -> str:
        return str(folder / file)

    main = read(folder / MAIN, name(MAIN), faults)
    root = whole(Place(name(MAIN)), main, tuple(SECTIONS), faults)
    filled = secrets.expand(root, environ, faults)
    filled += secrets.override(root, SECTIONS, environ, faults)
    for section, model in SECTIONS.items():
        if model is not None and section in root.values:
            secrets.read_files(root.values[section], model, folder, faults)
    storage = _section(root, "database", Storage, faults)
    fetch = _section(root, "fetch", Fetch, faults)
    polling = _section(root, "polling", Polling, faults)
    web = _section(root, "web", Web, faults)
    retention = _section(root, "retention", Retention, faults)
    if fetch.websub and web.base_url is None:
        node = at(root, ("fetch", "websub"))
        faults.append(node.place.fault("`websub` needs `web.base_url`: the address at which hubs reach this page"))

    proxies = read_proxies(fetch, environ, root.place, faults)
    notes: list[Fault] = []
    listed = read(folder / FEEDS, name(FEEDS), faults)
    if listed is not None:
        filled += secrets.expand(listed, environ, faults)
    sources = read_sources(listed, name(FEEDS), faults, folder=folder, notes=notes)
    before = len(faults)
    topics, sets, ids = read_topics(
        read(folder / "topics.yaml", name("topics.yaml"), faults), name("topics.yaml"), faults, queries=queries
    )
    topics_read = len(faults) == before or bool(ids)

    state = state_folder(folder, environ)
    channels, channel_names = read_channels(root.values.get("channels"), folder, state, faults)
    subscriptions = read_subscriptions(root.values.get("digests"), channel_names, ids if topics_read else None, faults)
    database_url = database_address(storage.url, state, environ)
    engine = read_engine(root.values.get("engine"), database_url, environ, faults)
    missing = _group_missing(faults, root, name(MAIN))
    faults += missing.pop("database", ())
    if main is None and not faults:
        faults.append(Place(name(MAIN)).fault("empty: `watcher init` writes a configuration to start from"))
    exposed = find_exposed(web, root)
    if faults:
        faults += exposed
        shown = conceal_values(faults, filled)
        raise ConfigError(tuple(sorted(set(shown), key=lambda fault: (_order(fault.file), fault))))
    return Settings(
        folder=folder,
        state=state,
        database_url=database_url,
        engine=engine,
        fetch=fetch,
        proxies=proxies,
        polling=polling,
        web=web,
        exposed=exposed,
        retention=retention,
        sources=sources,
        topics=topics,
        sets=sets,
        subscriptions=subscriptions,
        channels=channels,
        templates=folder / "templates" if (folder / "templates").is_dir() else None,
        notes=tuple(notes),
        missing_secrets=missing,
    )


def _group_missing(faults: list[Fault], root: Table, main: str) -> dict[str, tuple[Fault, ...]]:
    """Return the absent secrets by the section in which they are written."""
    missing: dict[str, tuple[Fault, ...]] = {}
    for fault in faults.missing if isinstance(faults, secrets.FaultsWithoutSecrets) else ():
        above = [key for key, place in root.key_at.items() if place.line <= fault.line]
        section = max(above, key=lambda key: root.key_at[key].line, default="") if fault.file == main else "feeds"
        missing[section] = (*missing.get(section, ()), fault)
    return missing


def _section(root: Table, name: str, model: type[S], faults: list[Fault]) -> S:
    node: Node = root.values.get(name) or Scalar(root.place, None, root.place)
    return check(model, node, faults) or model()


def _order(file: str) -> int:
    return next((n for n, known in enumerate((MAIN, FEEDS, "topics.yaml")) if file.endswith(known)), 9)
