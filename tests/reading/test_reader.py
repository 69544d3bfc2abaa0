"""What reads in a process: the same as in a thread, with its bounds, without secrets, and never longer than wanted."""

from __future__ import annotations

import asyncio
import os
import pickle
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from pathlib import Path

import psutil
import pytest

from tests.reading.hostile import HTML, costly, rss
from tests.reading.measured import URL, fetched
from watcher.errors import ParseError
from watcher.parse import parse_bytes
from watcher.reading import Reader, ReaderClosedError
from watcher.reading.limits import FIRST_TRY, Limits
from watcher.reading.pipe import Pipe
from watcher.reading.worker import _JOBS
from watcher.reading.worker_process import Process

pytestmark = pytest.mark.anyio

BROKEN = rss("<item><guid>broken</guid><title>Broken</title><description>one<br>two</description></item>")
COSTLY = costly(2_000_000)
MOST_COSTLY = costly(8_000_000)
"""Takes seconds on the fastest machine as well."""
ENDLESS = Limits(enough=50, soft=50, hard=50)


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
def reader() -> Iterator[Reader]:
    with closing(Reader()) as reader:
        yield reader


def children() -> list[psutil.Process]:
    return [child for child in psutil.Process().children() if "watcher.reading.worker" in " ".join(child.cmdline())]


def wait_until(condition: Callable[[], bool], seconds: float = 10) -> bool:
    end = time.monotonic() + seconds
    while not condition() and time.monotonic() < end:
        time.sleep(0.05)
    return condition()


async def test_broken_document_is_read_in_a_process_as_it_is_in_this_one(reader: Reader) -> None:
    parsed = await reader.parse(fetched(BROKEN))

    assert parsed == parse_bytes(BROKEN, URL)
    assert len(children()) == 1


RICH = (
    "<item><guid>g{0}</guid><title>No. {0} &amp; more</title><pubDate>Mon, 02 Mar 2026 10:00:00 +0100</pubDate>"
    '<category>a</category><enclosure url="http://post.example/{0}.mp3" type="audio/mpeg" length="1{0}"/></item>'
)


@pytest.mark.parametrize(
    "body",
    [
        rss(RICH.format(1) + "<item><title>x<br></item>"),
        rss("".join(RICH.format(n) for n in range(2_100))),
        rss(RICH.format(1)).removesuffix(b"</channel></rss>") + b"<item><title>half",
        rss(RICH.format(1) + " " * 1_100_000),
    ],
    ids=["broken", "more items than are kept", "cut", "large"],
)
async def test_all_that_a_document_says_comes_out_of_the_process(body: bytes, reader: Reader) -> None:
    parsed = await reader.parse(fetched(body))

    assert parsed == parse_bytes(body, URL)
    assert len(children()) == 1
    assert any(item.enclosures for item in parsed.items)
    assert bool(parsed.unread_marks) == bool(parsed.truncated_items)


@pytest.mark.parametrize(
    "body",
    [
        rss(RICH.format(1)),
        b"<!DOCTYPE rss [ <!ENTITY x 'y'> ]>" + rss("<item><title>a & b &nbsp; c</title></item>"),
        rss("<item><dc:date>2026-03-02</dc:date><title>x</title></item>"),
        b"<!-- served by x -->\n<?xml version='1.0'?>" + rss(RICH.format(1)),
    ],
)
async def test_document_with_small_faults_needs_no_process(body: bytes, reader: Reader) -> None:
    assert len((await reader.parse(fetched(body))).items) == 6
    assert children() == []


async def test_broken_items_of_a_document_that_is_stopped_are_kept() -> None:
    process = Process()
    body = rss("".join(f"<item><guid>{n}</guid><title>x<br>y</title>{'<a>x</b>' * 40}</item>" for n in range(5_000)))
    try:
        tight = Limits(enough=0.8, soft=5, hard=5)
        answer = await asyncio.to_thread(process.run, "document", (fetched(body), frozenset()), tight)
    finally:
        process.end()

    assert answer.stopped is not None
    assert [item.guid for item in answer.items[:3]] == ["sound-0", "sound-1", "sound-2"]
    assert len(answer.items) > 10


async def test_small_sound_document_needs_no_process(reader: Reader) -> None:
    sound = rss("")

    parsed = await reader.parse(fetched(sound))

    assert parsed == parse_bytes(sound, URL)
    assert children() == []


async def test_large_sound_document_is_read_whole_in_a_process(reader: Reader) -> None:
    large = rss("".join(f"<item><guid>{n}</guid><title>No. {n}</title></item>" for n in range(1_900)) + " " * 1_100_000)

    parsed = await reader.parse(fetched(large))

    assert (len(parsed.items), parsed.stopped) == (1_905, None)
    assert len(children()) == 1


async def test_items_of_a_killed_process_are_kept_and_the_reason_is_named() -> None:
    process = Process()
    try:
        answer = await asyncio.to_thread(
            process.run, "document", (fetched(MOST_COSTLY), frozenset()), Limits(enough=50, soft=50, hard=0.5)
        )
    finally:
        process.end()

    assert answer.stopped == "reading took more than 50 s of CPU and was stopped"
    assert [item.guid for item in answer.items[:3]] == ["sound-0", "sound-1", "sound-2"]
    assert answer.value is None


async def test_interrupted_process_goes_on_with_the_next_document() -> None:
    process = Process()
    try:
        tight = Limits(enough=50, soft=0.2, hard=5)
        stopped = await asyncio.to_thread(process.run, "document", (fetched(COSTLY), frozenset()), tight)
        [first] = children()
        whole = await asyncio.to_thread(process.run, "document", (fetched(BROKEN), frozenset()), FIRST_TRY)
        [second] = children()
    finally:
        process.end()

    assert stopped.stopped is not None
    assert stopped.items
    assert (whole.stopped, whole.error, len(whole.items)) == (None, None, 6)
    assert first.pid == second.pid


async def test_process_that_reads_has_no_secret_and_no_variable_of_the_watcher(
    reader: Reader, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SMTP_PASSWORD", "hush")
    monkeypatch.setenv("WATCHER_DATABASE_URL", "postgresql://x:hush@y/z")

    await reader.parse(fetched(BROKEN))

    [child] = children()
    assert not {"SMTP_PASSWORD", "WATCHER_DATABASE_URL"} & set(child.environ())


async def test_idle_process_ends() -> None:
    with closing(Reader(idle_seconds=0.2)) as reader:
        await reader.parse(fetched(BROKEN))
        assert len(children()) == 1

        await asyncio.sleep(0.8)

        assert children() == []
        assert len((await reader.parse(fetched(BROKEN))).items) == 6


async def test_closing_ends_what_is_read_at_once() -> None:
    process = Process()
    reading = asyncio.create_task(
        asyncio.to_thread(process.run, "document", (fetched(costly(12_000_000)), frozenset()), ENDLESS)
    )
    with closing(Reader()) as reader:
        waiting = asyncio.create_task(reader.parse(fetched(costly(8_000_000))))
        await asyncio.sleep(1)
        started = time.monotonic()

        await asyncio.to_thread(reader.end_processes)

        with pytest.raises(ReaderClosedError):
            await waiting
        with pytest.raises(ReaderClosedError):
            await reader.parse(fetched(BROKEN))
    assert time.monotonic() - started < 3
    process.kill()
    with suppress(BaseException):
        await reading
    process.end()


_READS = """
import asyncio, sys
from tests.reading.hostile import costly
from tests.reading.measured import fetched
from watcher.reading import Reader
asyncio.run(Reader().parse(fetched(costly(12_000_000))))
"""


def test_process_that_reads_ends_soon_after_the_watcher_is_killed() -> None:
    watcher = subprocess.Popen([sys.executable, "-c", _READS], cwd=Path(__file__).parents[2])
    try:
        parent = psutil.Process(watcher.pid)
        assert wait_until(lambda: bool(parent.children()), 30)
        [child] = parent.children()
    finally:
        os.kill(watcher.pid, signal.SIGKILL)
        watcher.wait()

    assert wait_until(lambda: not child.is_running() or child.status() == psutil.STATUS_ZOMBIE, 30)


def test_nothing_but_values_of_the_domain_is_accepted_from_the_process_that_reads() -> None:
    read_fd, write_fd = os.pipe()
    Pipe(read_fd, write_fd).send(("done", os.getcwd))

    with pytest.raises(pickle.UnpicklingError, match="is no value of the domain"):
        Pipe(read_fd, write_fd).receive()
    os.close(read_fd)
    os.close(write_fd)


@pytest.mark.parametrize("size", [250_000, pytest.param(1_000_000, marks=pytest.mark.slow)])
@pytest.mark.parametrize("kind", HTML)
async def test_hostile_pages_are_read_or_refused_in_time(kind: str, size: int, reader: Reader) -> None:
    page = HTML[kind](size)
    await reader.list_feed_links("<p>started", URL)
    started = time.monotonic()

    with suppress(ParseError):
        await reader.list_feed_links(page, URL)
    with suppress(ParseError):
        await reader.read_article(f"<html><body><p>{'Words. ' * 60}</p>{page}".encode(), "text/html")

    assert time.monotonic() - started < 20


async def test_feeds_of_a_page_that_nests_beyond_all_measure_are_found(reader: Reader) -> None:
    page = "<link rel=alternate type='application/rss+xml' href=/feed>" + "<div>" * 20_000

    assert await reader.list_feed_links(page, URL) == ["http://post.example/feed"]


@pytest.mark.parametrize("job", sorted(_JOBS))
def test_no_document_waits_for_a_library(job: str) -> None:
    script = (
        "import sys\n"
        "from watcher.reading.worker import _JOBS\n"
        f"_JOBS[{job!r}]()\n"
        "print('feedparser' in sys.modules, 'charset_normalizer' in sys.modules)"
    )

    ended = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=120, check=True)

    assert ended.stdout.split() == ["True", "True"]
