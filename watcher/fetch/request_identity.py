"""What a request carries beside its address, and which way it goes: by the feed that it is made for."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass, replace

from watcher.fetch import request_urls
from watcher.fetch.decompress import ACCEPTED
from watcher.model.access import Access

_OF_THE_CONNECTION = {"host", "connection", "content-length", "transfer-encoding", "proxy-authorization", "upgrade"}


@dataclass(frozen=True, slots=True)
class RequestIdentity:
    """Who asks. Credentials, cookie and headers belong to the origin of `start`: no other gets them."""

    start: str
    user_agent: str
    access: Access

    def headers(self, url: str, common: Mapping[str, str]) -> dict[str, str]:
        """Return the headers of a request, `common` to all of them or its feed's own."""
        access = self.access
        sent = {"User-Agent": access.user_agent or self.user_agent, "Accept-Encoding": ACCEPTED, **common}
        if not request_urls.is_same_origin(url, self.start):
            return sent
        authorization = self._authorization()
        if authorization is None and access.cookie is None and not access.headers:
            return sent
        own = {"Authorization": authorization, "Cookie": access.cookie} | dict(access.headers)
        names = {name.lower(): name for name in sent}
        for name, value in own.items():
            if value is not None and name.lower() not in _OF_THE_CONNECTION:
                sent[names.setdefault(name.lower(), name)] = value
        return sent

    def way(self, url: str) -> Access:
        """Return how a request travels: certificates are believed as the feed says at the feed's own host alone."""
        if self.access.verify is True or request_urls.get_host(url) == request_urls.get_host(self.start):
            return self.access
        return replace(self.access, verify=True)

    def _authorization(self) -> str | None:
        if self.access.username is None:
            return request_urls.format_authorization(self.start)
        login = f"{self.access.username}:{self.access.password or ''}"
        return f"Basic {base64.b64encode(login.encode()).decode()}"
