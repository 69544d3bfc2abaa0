"""Writes the source of the site: `python -m tools.manual FOLDER`; Sphinx builds it (`make docs`)."""

from __future__ import annotations

import sys
from pathlib import Path

from tools.manual.site import write_site


def main() -> int:
    """Write the source of the site into the folder that the command line names."""
    if len(sys.argv) != 2:
        print("usage: python -m tools.manual FOLDER", file=sys.stderr)
        return 2
    write_site(Path(sys.argv[1]))
    return 0


if __name__ == "__main__":
    sys.exit(main())
