"""Reads one hostile document as a poll does, in a process of its own, and prints what that cost.

python -m tests.reading.measured KIND BYTES
"""

from __future__ import annotations

import asyncio
import json
import resource
import sys
import time
from contextlib import closing

from tests.reading.hostile import document
from watcher.errors import ParseError
from watcher.model.feed import Validators
from watcher.model.poll import Document
from watcher.reading import Reader

URL = "http://post.example/feed"


def fetched(body: bytes, url: str = URL) -> Document:
    return Document(
        url=url, final_url=url, status=200, headers={}, body=body, body_hash=b"hash", validators=Validators()
    )


def _used(who: int) -> tuple[float, float]:
    """Return CPU seconds and the greatest memory in MB."""
    usage = resource.getrusage(who)
    return usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024


async def _read(kind: str, size: int) -> dict[str, object]:
    with closing(Reader()) as reader:
        # What a process needs without any work is not the document's.
        await reader.parse(fetched(b"<rss><channel><item><title>x<br></item></channel></rss>"))
    idle_cpu, idle_memory = _used(resource.RUSAGE_CHILDREN)
    body = document(kind, size)
    cpu, memory = _used(resource.RUSAGE_SELF)
    started = time.monotonic()
    answer: dict[str, object] = {"bytes": len(body)}
    with closing(Reader()) as reader:
        try:
            parsed = await reader.parse(fetched(body))
            answer |= {"items": [item.guid for item in parsed.items[:5]], "count": len(parsed.items)}
            answer |= {"parser": parsed.parser, "stopped": parsed.stopped}
        except ParseError as error:
            answer |= {"error": f"{error.kind}: {error}"}
    seconds = time.monotonic() - started
    cpu_after, memory_after = _used(resource.RUSAGE_SELF)
    child_cpu, child_memory = _used(resource.RUSAGE_CHILDREN)
    return answer | {
        "seconds": seconds,
        "cpu": cpu_after - cpu,
        "memory": memory_after - memory,
        "child_cpu": child_cpu - idle_cpu,
        "child_memory": child_memory - idle_memory,
    }


if __name__ == "__main__":
    sys.stdout.write(json.dumps(asyncio.run(_read(sys.argv[1], int(sys.argv[2])))))
