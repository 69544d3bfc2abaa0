"""Keeps a feed's secrets out of everything that is stored: added before a request, removed from what came of it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields, is_dataclass, replace
from datetime import date, timedelta
from typing import Any
from urllib.parse import urlsplit

from watcher.model.feed import Feed, FeedConfig, Validators
from watcher.model.poll import Document, Failed, Modified, PollOutcome, Redirect, Unchanged
from watcher.text.redact import HIDDEN, redact_text, redact_values

UNCONFIGURED = "this process does not know how to ask for this feed: reload its configuration"
_MIN_TOKEN_LENGTH = 8
"""A value of so many characters, letters and digits among them, is a token and no word of the news."""


def add_secrets(feed: Feed, source: FeedConfig) -> Feed:
    """Return a feed for its request: at its real address and with what the configuration says of access."""
    if not source.address:
        return feed if source.access == feed.config.access else replace(feed, config=source)
    validators = feed.poll.validators
    if validators.url == source.url:
        validators = replace(validators, url=source.request_url)
    poll = replace(feed.poll, validators=validators)
    return replace(feed, config=source, fetch_url=source.request_url, poll=poll)


def remove_secrets(outcome: PollOutcome, source: FeedConfig) -> PollOutcome:
    """Return an outcome without the feed's secrets in its addresses, its messages and the document's texts.

    Call it before items are identified: their ids and links may hold the feed's token, and have to stay the same.
    """
    if not source.private:
        return outcome
    match outcome:
        case Failed():
            return replace(
                outcome, message=_clean_text(outcome.message, source), hops=_clean_hops(outcome.hops, source)
            )
        case Unchanged():
            validators = _clean_validators(outcome.validators, source)
            return replace(outcome, validators=validators, hops=_clean_hops(outcome.hops, source))
        case Modified():
            replacements = tuple(_list_replacements(source))
            return replace(
                outcome,
                document=_clean_document(outcome.document, source),
                parsed=_replace_texts(outcome.parsed, replacements),
                note=_clean_text(outcome.note, source),
            )


def _clean_document(document: Document, source: FeedConfig) -> Document:
    return replace(
        document,
        url=source.url,
        final_url=_clean_url(document.final_url, source),
        hops=_clean_hops(document.hops, source),
        validators=_clean_validators(document.validators, source),
    )


def _clean_validators(validators: Validators, source: FeedConfig) -> Validators:
    return replace(validators, url=_clean_url(validators.url, source) if validators.url else None)


def _clean_hops(hops: tuple[Redirect, ...], source: FeedConfig) -> tuple[Redirect, ...]:
    return tuple(replace(hop, url=_clean_url(hop.url, source)) for hop in hops)


def _clean_url(url: str, source: FeedConfig) -> str:
    return source.url if url == source.request_url else _clean_text(url, source)


def _clean_text(text: str, source: FeedConfig) -> str:
    if source.address:
        text = text.replace(source.address, source.url)
    return redact_text(redact_values(text, source.secrets))


def _list_replacements(source: FeedConfig) -> Iterator[tuple[str, str]]:
    """Yield what is replaced in a document, and by what.

    That is less than in a message, for a word of the news may be somebody's password: the address as a whole, pairs of
    its query that hold a secret, and values that no text has by chance.
    """
    parts = urlsplit(source.request_url)
    if source.address:
        yield source.address, source.url
        for pair in parts.query.split("&"):
            name, equals, value = pair.partition("=")
            if equals and value in source.secrets:
                yield pair, f"{name}={HIDDEN}"
    for value in source.secrets:
        # A host that comes from the environment stays: the links of the items need it.
        if _is_token(value) and value not in parts.netloc:
            yield value, HIDDEN


def _is_token(value: str) -> bool:
    """Return whether no text has a value by chance."""
    has_both = any(c.isdigit() for c in value) and any(c.isalpha() for c in value)
    return len(value) >= _MIN_TOKEN_LENGTH and has_both


def _replace_texts(value: Any, replacements: tuple[tuple[str, str], ...]) -> Any:
    """Return a value with every text inside it replaced; what holds none of them is the same object.

    It walks tuples and dataclasses, which is all that a parsed document consists of. Dates and durations are no
    dataclasses, but their classes are checked because a class object counts as one.
    """
    if isinstance(value, str):
        for text, substitute in replacements:
            value = value.replace(text, substitute)
        return value
    if isinstance(value, tuple):
        replaced = tuple(_replace_texts(element, replacements) for element in value)
        return value if replaced == value else replaced
    if is_dataclass(value) and not isinstance(value, date | timedelta | type):
        return _replace_in_fields(value, replacements)
    return value


def _replace_in_fields(value: Any, replacements: tuple[tuple[str, str], ...]) -> Any:
    changes: dict[str, Any] = {}
    for field in fields(value):
        before = getattr(value, field.name)
        after = _replace_texts(before, replacements)
        if after is not before:
            changes[field.name] = after
    return replace(value, **changes) if changes else value
