"""The threads of a process share one heap, whose free memory goes back to the system."""

from __future__ import annotations

import subprocess
import sys

import pytest

_COUNT_HEAPS = """
import ctypes, sys, threading
from lxml import etree
from watcher.reading.arenas import share_heap

if sys.argv[1] == "shared" and not share_heap():
    sys.exit("cannot be shared")
parse = lambda: [etree.fromstring(b"<a>" + b"<b>text</b>" * 2000 + b"</a>") for _number in range(20)]
threads = [threading.Thread(target=parse) for _number in range(4)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
libc = ctypes.CDLL(None)
libc.fdopen.restype = ctypes.c_void_p
libc.malloc_info(0, ctypes.c_void_p(libc.fdopen(1, b"w")))
libc.fflush(None)
"""

_FREE_WITHIN = """
from pathlib import Path
from watcher.reading.arenas import release_heap

def measure():
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4

blocks = [bytes(20_000) for _number in range(2_000)]
kept = blocks[-1]
del blocks
before = measure()
print(release_heap(), before - measure())
"""


def count_heaps(how: str) -> int:
    counted = subprocess.run([sys.executable, "-c", _COUNT_HEAPS, how], capture_output=True, text=True, check=True)
    return counted.stdout.count("<heap nr=")


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="mallopt and malloc_info are glibc's")
def test_threads_that_read_share_the_heap_of_the_process() -> None:
    assert count_heaps("shared") == 1
    assert count_heaps("own") > 1


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="malloc_trim is glibc's")
def test_memory_that_is_freed_below_what_is_used_goes_back_to_the_system() -> None:
    ended = subprocess.run([sys.executable, "-c", _FREE_WITHIN], capture_output=True, text=True, check=True)

    is_released, kilobytes = ended.stdout.split()
    assert is_released == "True"
    assert int(kilobytes) > 20_000
