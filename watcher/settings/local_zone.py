"""The time zone of this machine, which the set-up proposes."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from zoneinfo import available_timezones

LOCALTIME = Path("/etc/localtime")


def find_local_timezone(environ: Mapping[str, str]) -> str:
    """Return the name of this machine's time zone (`Europe/London`), UTC where it has none."""
    try:
        target = str(LOCALTIME.resolve())
    except OSError:
        target = ""
    name = environ.get("TZ", "").removeprefix(":") or target.partition("/zoneinfo/")[2]
    return name if "/" in name and not name.startswith("Etc/") and name in available_timezones() else "UTC"
