"""Certificates for the servers of the tests."""

from __future__ import annotations

import ssl
from datetime import UTC, datetime, timedelta

import trustme


class Certificates:
    """Certificates good and bad, and who trusts the good ones."""

    def __init__(self) -> None:
        authority, stranger = trustme.CA(), trustme.CA()
        long_ago = datetime.now(UTC) - timedelta(days=9)
        name = "*.harbour.example"
        self.trusting = ssl.create_default_context()
        authority.configure_trust(self.trusting)
        self.shown = {
            "good": _context(authority.issue_cert(name)),
            "expired": _context(
                authority.issue_cert(name, not_before=long_ago, not_after=long_ago + timedelta(days=1))
            ),
            "own": _context(stranger.issue_cert(name)),
            "other": _context(authority.issue_cert("elsewhere.example")),
        }


def _context(certificate: trustme.LeafCert) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    certificate.configure_cert(context)
    return context
