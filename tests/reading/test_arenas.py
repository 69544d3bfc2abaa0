"""The threads of a process share one heap."""

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


def count_heaps(how: str) -> int:
    counted = subprocess.run([sys.executable, "-c", _COUNT_HEAPS, how], capture_output=True, text=True, check=True)
    return counted.stdout.count("<heap nr=")


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="mallopt and malloc_info are glibc's")
def test_threads_that_read_share_the_heap_of_the_process() -> None:
    assert count_heaps("shared") == 1
    assert count_heaps("own") > 1
