"""Parses XML strictly: nothing is expanded, loaded or looked up."""

from __future__ import annotations

import re

from lxml import etree

_PREFIX = re.compile(r"<([A-Za-z_][\w.-]{0,30}):[A-Za-z_]|\s([A-Za-z_][\w.-]{0,30}):[\w.-]+\s*=\s*[\"']")
_OPTIONS = {
    "resolve_entities": False, "no_network": True, "huge_tree": False, "load_dtd": False, "dtd_validation": False,
    "remove_comments": True, "remove_pis": True, "strip_cdata": True, "encoding": "utf-8",
}  # fmt: skip
_TOO_DEEP = ("depth", "huge")


def parse_strictly(body: bytes) -> etree._Element | None:
    """Return the root of a UTF-8 document, None where it is not well-formed."""
    try:
        return etree.fromstring(body, etree.XMLParser(**_OPTIONS))  # type: ignore[arg-type]
    except (etree.XMLSyntaxError, ValueError):
        return None


def is_too_deep(body: bytes) -> bool:
    """Return whether a document is refused for its depth or the length of a text, rather than for its form."""
    try:
        etree.fromstring(body, etree.XMLParser(**_OPTIONS))  # type: ignore[arg-type]
    except etree.XMLSyntaxError as error:
        return any(word in str(error) for word in _TOO_DEEP)
    except ValueError:
        return False
    return False


def find_prefixes(text: str) -> set[str]:
    """Return the prefixes that elements and attributes use."""
    return {opening or attribute for opening, attribute in _PREFIX.findall(text)} - {"xml", "xmlns"}
