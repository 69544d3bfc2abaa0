"""A feed as the configuration names it, apart from what polling has taught: most commands read no more."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta

from watcher.model.access import Access


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """How much of a feed is stored in a day (UTC) at most: new entries, and versions of entries that were edited."""

    entries: int = 5_000
    versions: int = 2_000


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedConfig:
    """A feed as `feeds.yaml` names it; `interval` and `budget` override what the watcher would choose.

    `url` is what the feed is known by: stored, shown and compared, it holds no secret. `address` is where it is fetched
    if that differs, `access` what its requests carry, `secrets` every value of the two that must not be shown: these
    come from the configuration and are never stored. `private` is true where there are such values.
    """

    url: str
    title: str = ""
    tags: tuple[str, ...] = ()
    language: str | None = None
    interval: timedelta | None = None
    enabled: bool = True
    fulltext: bool = False
    weight: float = 1.0
    private: bool = False
    address: str = field(default="", repr=False)
    access: Access = field(default=Access(), repr=False)
    secrets: tuple[str, ...] = field(default=(), repr=False)
    budget: Budget | None = None

    @property
    def request_url(self) -> str:
        """Return the address that is fetched, secrets included."""
        return self.address or self.url
