"""An outbound proxy, and how its address is written."""

from __future__ import annotations

import base64
from dataclasses import dataclass, field
from urllib.parse import unquote, urlsplit

DIRECT = "none"
"""What stands where a proxy could be and says that there is none."""
_PORTS = {"http": 80, "socks5": 1080, "socks5h": 1080}


@dataclass(frozen=True, slots=True)
class Proxy:
    """A proxy for requests that leave. `str()` shows no credentials."""

    scheme: str
    host: str
    port: int
    username: str | None = field(default=None, repr=False)
    password: str | None = field(default=None, repr=False)

    def __str__(self) -> str:
        return f"{f'[{self.host}]' if ':' in self.host else self.host}:{self.port}"

    @property
    def resolves(self) -> bool:
        """Whether names are looked up at the proxy and not here."""
        return self.scheme != "socks5"

    @property
    def authorization(self) -> bytes | None:
        """The value of Proxy-Authorization, None where the proxy wants no credentials."""
        if self.username is None:
            return None
        return b"Basic " + base64.b64encode(f"{self.username}:{self.password or ''}".encode())


def parse_proxy(address: str) -> Proxy:
    """Parse the address of a proxy; raises ValueError, whose message repeats nothing of what may be a secret."""
    # A message names what is wrong and never the address: it may hold a password.
    parts = urlsplit(address if "://" in address else f"http://{address}")
    scheme = parts.scheme.lower()
    if scheme not in _PORTS:
        raise ValueError(f"a proxy's address begins with http://, socks5:// or socks5h://, not {scheme}://")
    try:
        host, port = parts.hostname, parts.port
    except ValueError as error:
        raise ValueError("the proxy's address has no port that can be dialled") from error
    if not host or parts.path not in {"", "/"} or parts.query or parts.fragment:
        raise ValueError("a proxy's address is http://HOST:PORT, with USER:PASSWORD@ before the host where it asks")
    username = unquote(parts.username) if parts.username else None
    if username is not None and ":" in username:
        raise ValueError("a user name for a proxy cannot hold a colon")
    return Proxy(scheme, host, port or _PORTS[scheme], username, unquote(parts.password or "") if username else None)
