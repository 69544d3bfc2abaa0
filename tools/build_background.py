"""Builds the background that ships, from invented headlines: numbers alone, for machines that have stored little yet.

    python -m tools.build_background

Run it after a change to `meaning_background.jsonl` or to the bundled encoder.
"""

from __future__ import annotations

import json
from contextlib import closing
from pathlib import Path

from watcher.inference.bundled import NAME, BundledEncoder
from watcher.meaning.background import SHIPPED, pack_background
from watcher.meaning.passage import build_passage
from watcher.meaning.vectors import Views

HEADLINES = Path(__file__).with_name("meaning_background.jsonl")
TARGET = Path(__file__).parents[1] / "watcher" / "meaning" / SHIPPED
MAX_BYTES = 700_000


def main() -> None:
    """Encode the headlines and write the file."""
    items = [json.loads(line) for line in HEADLINES.read_text(encoding="utf-8").splitlines() if line.strip()]
    passages = [build_passage(item["title"], item.get("summary", "")) for item in items]
    with closing(BundledEncoder()) as encoder:
        languages = [item.get("language", "") for item in items]
        views = Views(encoder.encode_queries(passages), encoder.encode_queries([item["title"] for item in items]))
        data = pack_background(views, languages, NAME)
    if len(data) > MAX_BYTES:
        raise SystemExit(f"{len(data):,} bytes are too many to ship")
    TARGET.write_bytes(data)
    print(f"{len(passages)} headlines, {len(data):,} bytes: {TARGET.name}")


if __name__ == "__main__":
    main()
