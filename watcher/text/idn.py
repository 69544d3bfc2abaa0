"""Mail addresses and host names with letters beyond ASCII, in the forms that go over the wire (RFC 5891, RFC 6531)."""

from __future__ import annotations

import re

MAX_ADDRESS_LENGTH = 320
_ADDRESS = re.compile(r"[^\s@<>,;]+@[^\s@<>,;]+")


def encode_domain(domain: str) -> str:
    """Return a domain in its ASCII form; raises ValueError for one that has none."""
    if domain.isascii():
        return domain
    import idna  # whose tables take long to load, and few domains need

    try:
        return idna.encode(domain, uts46=True).decode("ascii")
    except idna.IDNAError as error:
        raise ValueError(f"{domain!r} is no domain: {error}") from error


def encode_address(address: str) -> str:
    """Return a mail address with its domain in ASCII; what stands before the @ stays. Raises ValueError."""
    local, at, domain = address.rpartition("@")
    return f"{local}{at}{encode_domain(domain)}" if at else address


def validate_address(text: str) -> str:
    """Return a mail address without blanks around it. Raises ValueError where it is none."""
    address = text.strip()
    if len(address) > MAX_ADDRESS_LENGTH or not _ADDRESS.fullmatch(address):
        raise ValueError(f"{text[:80]!r} is no mail address")
    encode_address(address)
    return address


def validate_addresses(texts: tuple[str, ...]) -> tuple[str, ...]:
    """Return mail addresses, each once. Raises ValueError where one of them is none."""
    return tuple(dict.fromkeys(validate_address(text) for text in texts))


def needs_smtputf8(address: str) -> bool:
    """Return whether only a server with SMTPUTF8 takes an address: the part before its @ is not ASCII."""
    return not address.rpartition("@")[0].isascii()
