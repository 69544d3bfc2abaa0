"""Names of browsers and systems in a User-Agent header, as a list of logins shows them."""

from __future__ import annotations

_BROWSERS = (
    ("Edg", "Edge"), ("OPR/", "Opera"), ("Firefox/", "Firefox"), ("FxiOS/", "Firefox"), ("CriOS/", "Chrome"),
    ("Chrome/", "Chrome"), ("Safari/", "Safari"),
)  # fmt: skip
"""What stands in the header, in the order of asking: most browsers claim to be some of the others too."""
_SYSTEMS = (
    ("Android", "Android"), ("iPhone", "iPhone"), ("iPad", "iPad"), ("Windows", "Windows"), ("Mac OS X", "macOS"),
    ("CrOS", "ChromeOS"), ("Linux", "Linux"),
)  # fmt: skip
MAX_LENGTH = 60


def describe_browser(agent: str) -> str:
    """Return a browser and its system in a few words; the beginning of the header where they are not known."""
    browser = next((name for mark, name in _BROWSERS if mark in agent), "")
    system = next((name for mark, name in _SYSTEMS if mark in agent), "")
    if browser and system:
        return f"{browser} on {system}"
    shown = " ".join(agent.split())
    return shown if 0 < len(shown) <= MAX_LENGTH else f"{shown[:MAX_LENGTH]}…" if shown else "Unknown browser"
