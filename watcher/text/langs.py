"""Language tags, as feeds write them, in the form that is compared."""

from __future__ import annotations

import re

_TAG = re.compile(r"([A-Za-z]{2,3})(?:[-_]([A-Za-z]{4}))?(?:[-_]([A-Za-z]{2}|\d{3}))?(?:[-_].*)?$")
_NAMES = {
    "english": "en", "german": "de", "deutsch": "de", "french": "fr", "spanish": "es", "italian": "it", "russian": "ru",
    "ukrainian": "uk", "polish": "pl", "ua": "uk", "cz": "cs", "jp": "ja", "cn": "zh", "kr": "ko", "gr": "el",
}  # fmt: skip


def language_tag(raw: str | None) -> str | None:
    """Give a tag in the usual form of BCP 47 (`en`, `pt-BR`, `zh-Hans`), or None for what is no language."""
    said = (raw or "").strip()
    if said.lower() in _NAMES:
        return _NAMES[said.lower()]
    found = _TAG.match(said)
    if found is None:
        return None
    language, script, region = found.groups()
    return "-".join(part for part in (language.lower(), script and script.title(), region and region.upper()) if part)
