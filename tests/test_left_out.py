"""A library that others import wherever it is installed stays out of a process that never needs it."""

from __future__ import annotations

import subprocess
import sys
from importlib import import_module
from types import ModuleType

import pytest

from watcher.left_out import TERMINAL_LIBRARIES, import_without


def test_a_module_is_absent_for_what_is_imported_without_it_and_there_afterwards(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delitem(sys.modules, "this", raising=False)

    with import_without("this"), pytest.raises(ModuleNotFoundError):
        import_module("this")

    assert "this" not in sys.modules


def test_a_module_is_there_again_where_an_import_failed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "this", raising=False)

    with pytest.raises(LookupError), import_without("this"):
        raise LookupError

    assert "this" not in sys.modules


def test_a_module_that_is_imported_already_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    known = ModuleType("this")
    monkeypatch.setitem(sys.modules, "this", known)

    with import_without("this"):
        assert import_module("this") is known

    assert sys.modules["this"] is known


@pytest.mark.parametrize("module", [*TERMINAL_LIBRARIES, "charset_normalizer", "css_inline", "feedparser"])
def test_a_daemon_at_rest_does_without(module: str) -> None:
    script = (
        "import sys\n"
        "from watcher.left_out import TERMINAL_LIBRARIES, import_without\n"
        "with import_without(*TERMINAL_LIBRARIES):\n"
        "    import watcher.daemon\n"
        f"print({module!r} in sys.modules)"
    )

    ended = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=120, check=True)

    assert ended.stdout.strip() == "False"
