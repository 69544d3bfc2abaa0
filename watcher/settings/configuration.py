"""The configuration as the rest of the watcher takes it: frozen, whole, checked."""

from __future__ import annotations

import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from watcher import private
from watcher.errors import ConfigError, Fault
from watcher.model.encoder import EncoderOptions
from watcher.model.feed_config import FeedConfig
from watcher.model.subscription import Channel, Subscription
from watcher.model.text_service import TextServiceOptions
from watcher.model.topic import Topic
from watcher.settings.proxies import Proxies
from watcher.settings.schema import EngineName, Fetch, Polling, Retention, Web


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """All that is configured. `folder` holds the files, `state` what the watcher keeps beside its database.

    `database_url` may hold a password and `channels` secrets: neither is shown. `templates` is a folder whose files
    stand above the shipped templates; None where there is none. `notes` are places that work and should be looked at.
    `exposed` are the faults that keep the page, and nothing else, from being served: it would be open to others.
    `missing_secrets` are those that were absent where none were needed, by section (`feeds` is feeds.yaml).
    """

    folder: Path
    state: Path
    database_url: str = field(repr=False)
    engine: EngineName = EngineName.LOCAL
    fetch: Fetch = field(default_factory=Fetch)
    proxies: Proxies = field(default_factory=Proxies)
    polling: Polling = field(default_factory=Polling)
    web: Web = field(default_factory=Web)
    exposed: tuple[Fault, ...] = ()
    retention: Retention = field(default_factory=Retention)
    meaning: EncoderOptions = field(default_factory=EncoderOptions)
    translate: TextServiceOptions | None = None
    summarise: TextServiceOptions | None = None
    sources: tuple[FeedConfig, ...] = ()
    topics: tuple[Topic, ...] = ()
    sets: Mapping[str, str] = field(default_factory=dict)
    subscriptions: tuple[Subscription, ...] = ()
    channels: tuple[Channel, ...] = ()
    templates: Path | None = None
    notes: tuple[Fault, ...] = ()
    missing_secrets: Mapping[str, tuple[Fault, ...]] = field(default_factory=dict)
    _by_url: Mapping[str, FeedConfig] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_by_url", {source.url: source for source in self.sources})

    def require_secrets(self, *sections: str) -> None:
        """Raise ConfigError where a secret of one of the sections is absent."""
        if faults := [fault for section in sections for fault in self.missing_secrets.get(section, ())]:
            raise ConfigError(tuple(sorted(faults)))

    def source(self, url: str) -> FeedConfig | None:
        """Return the feed of an address that it is known by, None for an unknown one."""
        return self._by_url.get(url)

    def channel(self, name: str) -> Channel | None:
        """Return the channel of a name, None for an unknown one."""
        return next((channel for channel in self.channels if channel.name == name), None)

    def subscription(self, name: str) -> Subscription | None:
        """Return the digest of a name, None for an unknown one."""
        return next((subscription for subscription in self.subscriptions if subscription.name == name), None)


def signing_key(settings: Settings) -> bytes:
    """Return the key for signed links: `web.secret_key`, else one made once and kept in the state folder (mode 0600).

    Raises ConfigError where it can be neither read nor made.
    """
    settings.require_secrets("web")
    if settings.web.secret_key is not None:
        return settings.web.secret_key.get_secret_value().encode()
    path = settings.state / "secret.key"
    try:
        if not path.exists():
            private.make_folder(settings.state)
            draft = path.with_name(f"secret.key.{os.getpid()}")
            private.create_file(draft)
            draft.write_text(secrets.token_urlsafe(48), "ascii")
            try:
                os.link(draft, path)
            except FileExistsError:
                pass
            finally:
                draft.unlink()
        return path.read_bytes()
    except OSError as error:
        message = f"no key for signed links: {error.strerror}; set web.secret_key or make the folder writable"
        raise ConfigError((Fault(str(path), 1, 1, message),)) from error
