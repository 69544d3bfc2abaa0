"""Loads the configuration folder, once and whole: every fault of every file, or settings that fit together."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import TypeVar, cast

from watcher.errors import ConfigError, Fault
from watcher.model.feed_config import FeedConfig
from watcher.model.topic import Topic
from watcher.settings import secrets
from watcher.settings.channels import read_channels
from watcher.settings.configuration import Settings
from watcher.settings.engine import read_engine
from watcher.settings.exposure import find_exposed
from watcher.settings.fault_redaction import conceal_values
from watcher.settings.feeds import read_sources
from watcher.settings.folders import database_address, state_folder
from watcher.settings.logins import Oidc
from watcher.settings.meaning import build_encoder_options
from watcher.settings.proxies import read_proxies
from watcher.settings.schema import Fetch, Polling, Retention, Storage, Web, WrittenMeaning
from watcher.settings.subscriptions import read_subscriptions
from watcher.settings.text_services import WrittenSummarise, WrittenTranslate, build_text_service
from watcher.settings.topics import read_topics
from watcher.settings.validation import build_section, read_sections
from watcher.settings.yaml_nodes import Node, Place, Scalar, Table, find_node, parse, read
from watcher.text.written_values import Section

S = TypeVar("S", bound=Section)

_MANY_SOURCES = 1_000
MAIN, FEEDS, TOPICS = "watcher.yaml", "feeds.yaml", "topics.yaml"
SECTIONS: Mapping[str, type[Section] | None] = {
    "engine": None,
    "database": Storage,
    "fetch": Fetch,
    "polling": Polling,
    "web": Web,
    "retention": Retention,
    "meaning": WrittenMeaning,
    "translate": WrittenTranslate,
    "summarise": WrittenSummarise,
    "digests": None,
    "channels": None,
}


def load(
    folder: Path,
    environ: Mapping[str, str],
    *,
    queries: bool = True,
    secrets_needed: bool = True,
    texts: Mapping[str, str] = MappingProxyType({}),
) -> Settings:
    """Return the configuration of a folder. Raises ConfigError with every fault, in order of file and place.

    Without `queries` those of topics are taken as they stand: parsing them all takes longer than most commands.
    Where no `secrets_needed`, absent ones are no faults but `missing_secrets`, and something else stands in their
    places; those of the database are needed always.
    `texts` stand in place of files of the folder, by name: what an edit would write.
    The environment stands above the files: `WATCHER_<SECTION>__<KEY>`, `WATCHER_DATABASE_URL`, `WATCHER_STATE`.
    """
    if not folder.is_dir():
        reason = (
            "is no folder" if folder.exists() else "no such folder; `watcher init` makes a configuration to start from"
        )
        raise ConfigError((Fault(str(folder), 1, 1, reason),))
    reader = _FolderReader(folder, environ, [] if secrets_needed else secrets.FaultsWithoutSecrets(), texts)
    return reader.read(queries=queries)


class _FolderReader:
    """Reads the files of a folder one after another; faults, notes and values of the environment gather here."""

    def __init__(self, folder: Path, environ: Mapping[str, str], faults: list[Fault], texts: Mapping[str, str]) -> None:
        self._folder = folder
        self._texts = texts
        self._environ = environ
        self._state = state_folder(folder, environ)
        self._faults = faults
        self._notes: list[Fault] = []
        self._filled: list[Scalar] = []

    def read(self, *, queries: bool) -> Settings:
        """Return the settings; raises ConfigError with the faults of all files."""
        root, is_empty = self._read_main()
        storage, fetch, polling, web, retention, meaning = self._read_sections(root)
        faults, folder = self._faults, self._folder
        proxies = read_proxies(fetch, self._environ, root.place, faults)
        sources = self._read_compact_sources()
        topics, sets, known_topics = self._read_topics(queries=queries)
        channels, channel_names = read_channels(root.values.get("channels"), folder, self._state, faults)
        kinds = {channel.name: channel.kind for channel in channels}
        known_channels = dict.fromkeys(channel_names) | kinds
        subscriptions = read_subscriptions(root.values.get("digests"), known_channels, known_topics, faults)
        database_url = database_address(storage.url, self._state, self._environ)
        engine = read_engine(root.values.get("engine"), database_url, self._environ, faults)
        missing = _group_missing(faults, root, self._name(MAIN))
        faults += missing.pop("database", ())
        if is_empty and not faults:
            faults.append(Place(self._name(MAIN)).fault("empty: `watcher init` writes a configuration to start from"))
        exposed = find_exposed(web, root)
        self._raise_faults(exposed)
        templates = folder / "templates"
        return Settings(
            folder=folder,
            state=self._state,
            database_url=database_url,
            engine=engine,
            fetch=fetch,
            proxies=proxies,
            polling=polling,
            web=web,
            exposed=exposed,
            retention=retention,
            meaning=build_encoder_options(meaning, subscriptions),
            translate=build_text_service(self._section(root, "translate", WrittenTranslate)),
            summarise=build_text_service(self._section(root, "summarise", WrittenSummarise)),
            sources=sources,
            topics=topics,
            sets=sets,
            subscriptions=subscriptions,
            channels=channels,
            templates=templates if templates.is_dir() else None,
            notes=tuple(self._notes),
            missing_secrets=missing,
        )

    def _read_main(self) -> tuple[Table, bool]:
        """Return the sections of watcher.yaml with what the environment sets, and whether the file is empty."""
        main = self._read_file(MAIN)
        root = read_sections(Place(self._name(MAIN)), main, tuple(SECTIONS), self._faults)
        self._filled += secrets.expand(root, self._environ, self._faults)
        self._filled += secrets.override(root, SECTIONS, self._environ, self._faults)
        for section, model in SECTIONS.items():
            if model is not None and section in root.values:
                secrets.read_files(root.values[section], model, self._folder, self._faults)
        web = root.values.get("web")
        if isinstance(web, Table) and "oidc" in web.values:
            secrets.read_files(web.values["oidc"], Oidc, self._folder, self._faults)
        return root, main is None

    def _read_sections(self, root: Table) -> tuple[Storage, Fetch, Polling, Web, Retention, WrittenMeaning]:
        storage = self._section(root, "database", Storage)
        fetch = self._section(root, "fetch", Fetch)
        polling = self._section(root, "polling", Polling)
        web = self._section(root, "web", Web)
        retention = self._section(root, "retention", Retention)
        meaning = self._section(root, "meaning", WrittenMeaning)
        self._check_logins(web, root)
        if fetch.websub and web.base_url is None:
            place = find_node(root, ("fetch", "websub")).place
            self._faults.append(place.fault("`websub` needs `web.base_url`: the address at which hubs reach this page"))
        return storage, fetch, polling, web, retention, meaning

    def _check_logins(self, web: Web, root: Table) -> None:
        """Add the faults of logins that need another key."""
        if web.login.header is not None and not web.trusted_proxies:
            place = find_node(root, ("web", "login", "header")).place
            self._faults.append(place.fault("`header` needs `web.trusted_proxies`: who else writes it is not believed"))
        if web.oidc is not None and web.base_url is None:
            place = find_node(root, ("web", "oidc")).place
            self._faults.append(place.fault("`oidc` needs `web.base_url`: the issuer sends people back to it"))

    def _section(self, root: Table, name: str, model: type[S]) -> S:
        node: Node = root.values.get(name) or Scalar(root.place, None, root.place)
        return build_section(model, node, self._faults) or model()

    def _read_sources(self) -> tuple[FeedConfig, ...]:
        listed = self._read_file(FEEDS)
        if listed is not None:
            self._filled += secrets.expand(listed, self._environ, self._faults)
        return read_sources(listed, self._name(FEEDS), self._faults, folder=self._folder, notes=self._notes)

    def _read_compact_sources(self) -> tuple[FeedConfig, ...]:
        """Return the sources; those of a long file in memory of their own.

        The nodes of ten thousand feeds take 16 MB. What stays of them lies between what does not, and holds it: copied
        when the nodes are gone, it takes three, and all else is given back.
        """
        sources = self._read_sources()
        if len(sources) < _MANY_SOURCES:
            return sources
        import pickle

        written = pickle.dumps(sources, pickle.HIGHEST_PROTOCOL)
        del sources
        return cast("tuple[FeedConfig, ...]", pickle.loads(written))  # noqa: S301 - written above

    def _read_topics(self, *, queries: bool) -> tuple[tuple[Topic, ...], dict[str, str], frozenset[str] | None]:
        """Return topics, sets, and the ids that digests may name; None where the file could not be read."""
        file, faults_before = self._name(TOPICS), len(self._faults)
        root = self._read_file(TOPICS)
        topics, sets, ids = read_topics(root, file, self._faults, queries=queries, notes=self._notes)
        return topics, sets, ids if ids or len(self._faults) == faults_before else None

    def _raise_faults(self, exposed: tuple[Fault, ...]) -> None:
        """Raise ConfigError where there are faults; an exposed page alone does not keep the watcher from working."""
        if self._faults:
            shown = conceal_values([*self._faults, *exposed], self._filled)
            raise ConfigError(tuple(sorted(set(shown), key=lambda fault: (_order(fault.file), fault))))

    def _read_file(self, file: str) -> Node | None:
        if file in self._texts:
            return parse(self._texts[file].replace("\r\n", "\n"), self._name(file), self._faults)
        return read(self._folder / file, self._name(file), self._faults)

    def _name(self, file: str) -> str:
        return str(self._folder / file)


def _group_missing(faults: list[Fault], root: Table, main: str) -> dict[str, tuple[Fault, ...]]:
    """Return the absent secrets by the section in which they are written."""
    missing: dict[str, tuple[Fault, ...]] = {}
    for fault in faults.missing if isinstance(faults, secrets.FaultsWithoutSecrets) else ():
        above = [key for key, place in root.key_at.items() if place.line <= fault.line]
        section = max(above, key=lambda key: root.key_at[key].line, default="") if fault.file == main else "feeds"
        missing[section] = (*missing.get(section, ()), fault)
    return missing


def _order(file: str) -> int:
    return next((n for n, known in enumerate((MAIN, FEEDS, TOPICS)) if file.endswith(known)), 9)
