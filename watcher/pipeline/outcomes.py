"""What a server's answer means for a feed: unchanged, failed, or a document that is parsed."""

from __future__ import annotations

from dataclasses import replace

from watcher.errors import ParseError
from watcher.model.feed import PollableFeed
from watcher.model.poll import (
    Document,
    Failed,
    FailureKind,
    FetchResult,
    Modified,
    NotModified,
    ParsedFeed,
    PollOutcome,
    Unchanged,
)
from watcher.parse import parse
from watcher.pipeline.enrichment import load_detector_if_needed, load_detector_in_thread
from watcher.reading import Reader
from watcher.schedule import collect_hints


def parse_response(feed: PollableFeed, fetched: FetchResult) -> PollOutcome:
    """Return the outcome of an answer. A document is parsed in this thread, however long that takes."""
    if not _is_to_parse(feed, fetched):
        return _without_document(fetched)
    assert isinstance(fetched, Document)
    try:
        parsed = parse(fetched, feed.document.item_marks)
        load_detector_if_needed(parsed, feed)
        return _make_fresh(fetched, parsed)
    except ParseError as error:
        return _make_unreadable(fetched, error)


async def parse_response_within_limits(feed: PollableFeed, fetched: FetchResult, reader: Reader) -> PollOutcome:
    """Return the outcome of an answer. Parsing its document costs no more than the limits of `reader`.

    Raises ReaderClosedError while the process is being stopped.
    """
    if not _is_to_parse(feed, fetched):
        return _without_document(fetched)
    assert isinstance(fetched, Document)
    try:
        parsed = await reader.parse(fetched, feed.document.item_marks)
        await load_detector_in_thread(parsed, feed)
        return _make_fresh(fetched, parsed)
    except ParseError as error:
        return _make_unreadable(fetched, error)


def _is_to_parse(feed: PollableFeed, fetched: FetchResult) -> bool:
    """Return whether there is a document, and another one than at the last poll."""
    return isinstance(fetched, Document) and fetched.body_hash != feed.poll.body_hash


def _without_document(fetched: FetchResult) -> PollOutcome:
    if isinstance(fetched, Failed):
        return fetched
    return Unchanged(
        by="304" if isinstance(fetched, NotModified) else "hash",
        validators=fetched.validators,
        hints=collect_hints(fetched.headers, None),
        hops=fetched.hops,
        elapsed=fetched.elapsed,
        conditional=fetched.conditional,
    )


def _make_fresh(document: Document, parsed: ParsedFeed) -> Modified:
    # Without its body, which nobody reads again: dozens of documents may wait to be written.
    return Modified(document=replace(document, body=b""), parsed=parsed, hints=collect_hints(document.headers, parsed))


def _make_unreadable(document: Document, error: ParseError) -> Failed:
    kinds = {kind.value: kind for kind in FailureKind}
    return Failed(
        kind=kinds.get(error.kind, FailureKind.PARSE),
        message=str(error),
        status=document.status,
        hops=document.hops,
        elapsed=document.elapsed,
    )
