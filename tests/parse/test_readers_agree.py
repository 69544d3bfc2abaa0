"""The quick reader and feedparser say the same of title, link, id and date, but where they differ on purpose."""

from __future__ import annotations

from pathlib import Path

import pytest

from watcher.errors import ParseError
from watcher.model.entry import Item
from watcher.model.poll import ParsedFeed
from watcher.parse import parse_bytes
from watcher.parse.charset import decode
from watcher.parse.feedparser_reader import read_loosely

FOLDER = Path(__file__).parent.parent / "feeds"
URL = "https://feeds.post.example/rss/all.xml"
ON_PURPOSE = {
    "bare-ampersands": "title",  # feedparser makes `R&D ` an entity; the quick reader leaves what nobody wrote
    "atom-relative-links-and-base": "id",  # an id is kept verbatim: it would change with the address of its feed
    "tag-that-never-closes": "title",  # feedparser cuts the headline at `<`
}
CUT = {"cut-in-the-third-item"}
"""feedparser takes half an item; it would be edited by the whole one that comes with the next poll."""


def quickly_read() -> list[tuple[Path, ParsedFeed]]:
    documents = []
    for path in sorted(FOLDER.iterdir()):
        if path.name.endswith(".expected.json"):
            continue
        try:
            parsed = parse_bytes(path.read_bytes(), URL)
        except ParseError:
            continue
        if parsed.parser == "quick":
            documents.append((path, parsed))
    return documents


READ = quickly_read()


def facts(item: Item) -> dict[str, object]:
    return {"title": item.title, "link": item.url, "id": item.guid, "date": item.published_at}


@pytest.mark.parametrize(("path", "quick"), [pytest.param(*case, id=case[0].stem) for case in READ])
def test_both_readers_say_the_same(path: Path, quick: ParsedFeed) -> None:
    text, _fault = decode(path.read_bytes(), None)
    # feedparser gets the same text in the encoding that it is told.
    head = text.partition("?>")[2] if text.lstrip().startswith("<?xml") else text
    judged = read_loosely(f'<?xml version="1.0" encoding="utf-8"?>{head}'.encode("utf-8", "replace"), URL)
    besides = ON_PURPOSE.get(path.stem, "")

    whole = judged.items[: len(quick.items)] if path.stem in CUT else judged.items
    read = [{**facts(item), besides: ""} for item in quick.items]
    assert read == [{**facts(item), besides: ""} for item in whole]


def test_most_documents_are_read_quickly() -> None:
    assert len(READ) >= 30


def test_what_differs_on_purpose_still_exists() -> None:
    assert set(ON_PURPOSE) | CUT <= {path.stem for path, _parsed in READ}
