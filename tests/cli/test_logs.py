"""Events go to the standard error that there is, not to one that there was."""

from __future__ import annotations

import io
import logging
import sys

import pytest
import structlog

from watcher.cli import logs


def test_events_follow_standard_error(monkeypatch: pytest.MonkeyPatch) -> None:
    first, second = io.StringIO(), io.StringIO()
    log = structlog.get_logger()
    monkeypatch.setattr(sys, "stderr", first)
    logs.set_up(verbose=False, quiet=False)
    log.info("one")
    first.close()
    monkeypatch.setattr(sys, "stderr", second)

    log.info("two")

    logging.getLogger().handlers.clear()  # what is closed here must not be written to by the next test
    assert '"event": "two"' in second.getvalue()
