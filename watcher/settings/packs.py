"""Packs: feeds by subject and region, with ready topics, that ship in `config/packs/` for the guided set-up."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from watcher.errors import NotFoundError
from watcher.settings.folders import shipped_folder
from watcher.settings.loader import FEEDS, TOPICS
from watcher.text.suggest import find_nearest

FOLDER = "packs"


@dataclass(frozen=True, slots=True, kw_only=True)
class Pack:
    """Feeds and topics as items of feeds.yaml and topics.yaml, with the sets that the topics name.

    `checked` is the day when the addresses were last taken from public lists, None where the pack does not say.
    """

    name: str
    title: str
    description: str
    region: str
    checked: date | None
    feeds: tuple[dict[str, Any], ...] = field(repr=False)
    topics: tuple[dict[str, Any], ...] = field(repr=False)
    sets: dict[str, Any] = field(repr=False)

    @property
    def languages(self) -> tuple[str, ...]:
        """The languages of its feeds, the most frequent first."""
        listed = [str(feed["language"]) for feed in self.feeds if feed.get("language")]
        return tuple(sorted(dict.fromkeys(listed), key=lambda language: (-listed.count(language), language)))


@cache
def list_packs() -> tuple[Pack, ...]:
    """Return the packs that ship: the shipped configuration first, the others by title."""
    paths = sorted((shipped_folder() / FOLDER).glob("*.yaml"))
    packs = [_read_pack(path) for path in paths]
    return tuple(sorted(packs, key=lambda pack: (not pack.sets, pack.title)))


def find_pack(name: str) -> Pack:
    """Return a pack by its name; raises NotFoundError with the nearest one."""
    by_name = {pack.name: pack for pack in list_packs()}
    if name not in by_name:
        raise NotFoundError("pack", name, find_nearest(name, by_name) or "")
    return by_name[name]


def _read_pack(path: Path) -> Pack:
    root = yaml.safe_load(path.read_text("utf-8"))
    listed: dict[str, Any] = root
    if root.get("include") == "shipped":
        # The present configuration is a pack, too: it stands in the files beside the folder, once.
        listed = _read_shipped(FEEDS) | _read_shipped(TOPICS)
    feeds = tuple(feed for feed in listed.get("feeds") or () if feed.get("enabled", True) is True)
    return Pack(
        name=path.stem,
        title=root["title"],
        description=root["description"],
        region=root["region"],
        checked=root.get("checked"),
        feeds=feeds,
        topics=tuple(listed.get("topics") or ()),
        sets=dict(listed.get("sets") or {}),
    )


def _read_shipped(name: str) -> dict[str, Any]:
    values = yaml.safe_load((shipped_folder() / name).read_text("utf-8"))
    return values if isinstance(values, dict) else {}
