"""Access to one feed: what its requests carry beside the address, and how it is reached."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """How one feed is asked for; what is left at its default is the watcher's own.

    `proxy` is an address (`http`, `socks5`, `socks5h`), `none` for a direct way, or None for what `fetch.proxy` says.
    `headers` are sent as they stand. `verify` is the path of a file with certificate authorities, or False where the
    certificate is not looked at. `http_version` is `1.1`, `2` or empty. What may hold a secret is in no repr.
    """

    proxy: str | None = field(default=None, repr=False)
    headers: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    cookie: str | None = field(default=None, repr=False)
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    user_agent: str | None = None
    verify: bool | str = True
    http_version: str = ""
