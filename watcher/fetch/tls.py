"""TLS contexts: whose certificates are believed, one context for each answer."""

from __future__ import annotations

import ssl

from watcher.fetch.errors import FetchError
from watcher.model.poll import FailureKind


class Contexts:
    """Makes each context once: reading the system's authorities takes longer than a fetch."""

    def __init__(self, default: ssl.SSLContext | None = None) -> None:
        self._known: dict[tuple[bool | str, bool], ssl.SSLContext] = {}
        self._default = default

    def get(self, verify: bool | str = True, *, http2: bool = False) -> ssl.SSLContext:
        """Return the context for an answer: the usual authorities, those of a file, or none (False).

        Raises FetchError where the file cannot be read.
        """
        if verify is True and not http2 and self._default is not None:
            return self._default
        context = self._known.get((verify, http2))
        if context is None:
            context = self._known[verify, http2] = _make(verify)
            if http2:
                context.set_alpn_protocols(["h2", "http/1.1"])
        return context


def _make(verify: bool | str) -> ssl.SSLContext:
    try:
        context = ssl.create_default_context(cafile=verify if isinstance(verify, str) else None)
    except (OSError, ValueError) as error:
        # An SSLError as well: a file without certificates.
        reason = error.strerror if type(error) is FileNotFoundError else "no certificates in it"
        raise FetchError(FailureKind.TLS, f"`verify`: {verify} cannot be read: {reason}") from error
    if verify is False:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context
