"""For clients of servers on loopback, which speak plain HTTP."""

from __future__ import annotations

import ssl

NO_AUTHORITIES = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
"""Believes nobody. httpx would read the system's authorities for each client, which takes longer than most tests."""
