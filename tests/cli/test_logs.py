"""Events go to the standard error that there is, not to one that there was."""

from __future__ import annotations

import io
import json
import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
import structlog

from watcher.cli import logs


def test_events_follow_standard_error(monkeypatch: pytest.MonkeyPatch) -> None:
    first, second = io.StringIO(), io.StringIO()
    log = structlog.get_logger()
    monkeypatch.setattr(sys, "stderr", first)
    logs.configure_logging(verbose=False, quiet=False)
    log.info("one")
    first.close()
    monkeypatch.setattr(sys, "stderr", second)

    log.info("two")

    logging.getLogger().handlers.clear()  # what is closed here must not be written to by the next test
    assert '"event": "two"' in second.getvalue()


@contextmanager
def logged() -> Iterator[io.StringIO]:
    """Stand in for stderr within a test: a fixture's would be replaced by pytest's own when the test begins."""
    written = io.StringIO()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "stderr", written)
        logs.configure_logging(verbose=False, quiet=False)
        yield written
    logging.getLogger().handlers.clear()


def test_lines_of_libraries_have_the_form_of_our_own() -> None:
    with logged() as stderr:
        logging.getLogger("uvicorn.error").warning("invalid %s", "request")
        try:
            raise ValueError("odd")
        except ValueError:
            logging.getLogger("asyncio").exception("callback failed")

    lines = [json.loads(line) for line in stderr.getvalue().splitlines()]
    assert [(line["event"], line["level"], line["logger"]) for line in lines] == [
        ("invalid request", "warning", "uvicorn.error"),
        ("callback failed", "error", "asyncio"),
    ]
    assert "ValueError: odd" in lines[1]["exception"]
    assert all("timestamp" in line for line in lines)


def test_line_that_a_library_repeats_is_written_once_a_minute_with_its_count(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with logged() as stderr:
        for number in range(5_000):
            logging.getLogger("asyncio").error("socket.accept() out of system resource %d", number)
        monkeypatch.setattr(logs, "REPEATED_AFTER", 0.0)
        logging.getLogger("asyncio").error("socket.accept() out of system resource %d", 7)

    events = [json.loads(line)["event"] for line in stderr.getvalue().splitlines()]
    assert events == [
        "socket.accept() out of system resource 0",
        "socket.accept() out of system resource 7 (4999 more like this since)",
    ]


def test_ticks_that_are_skipped_are_not_logged() -> None:
    with logged() as stderr:
        logging.getLogger("apscheduler.scheduler").warning("skipped: maximum number of running instances reached")
        logging.getLogger("apscheduler.executors.default").error("job failed")

    assert [json.loads(line)["event"] for line in stderr.getvalue().splitlines()] == ["job failed"]
