"""Keeps a feed's secrets out of everything that is stored: they are added before a request and taken out after it."""

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
_LONG = 8
"""Characters: a value of so many, letters and digits among them, is a token and no word of the news."""


def reveal(feed: Feed, source: FeedConfig) -> Feed:
    """Return a feed for its request: at its real address and with what the configuration says of access."""
    if not source.address:
        return feed if source.access == feed.config.access else replace(feed, config=source)
    validators = feed.poll.validators
    if validators.url == source.url:
        validators = replace(validators, url=source.request_url)
    poll = replace(feed.poll, validators=validators)
    return replace(feed, config=source, fetch_url=source.request_url, poll=poll)


def conceal(outcome: PollOutcome, source: FeedConfig) -> PollOutcome:
    """Return what a poll came to without the feed's secrets: its addresses, its messages and what the document repeats.

    Call it before items are identified: their ids and links may hold the feed's token, and have to stay the same.
    """
    if not source.private:
        return outcome
    match outcome:
        case Failed():
            return replace(
                outcome, message=_conceal_text(outcome.message, source), hops=_conceal_hops(outcome.hops, source)
            )
        case Unchanged():
            validators = _conceal_validators(outcome.validators, source)
            return replace(outcome, validators=validators, hops=_conceal_hops(outcome.hops, source))
        case Modified():
            replacements = tuple(_list_replacements(source))
            return replace(
                outcome,
                document=_conceal_document(outcome.document, source),
                parsed=_replace_texts(outcome.parsed, replacements),
                note=_conceal_text(outcome.note, source),
            )


def _conceal_document(document: Document, source: FeedConfig) -> Document:
    return replace(
        document,
        url=source.url,
        final_url=_conceal_url(document.final_url, source),
        hops=_conceal_hops(document.hops, source),
        validators=_conceal_validators(document.validators, source),
    )


def _conceal_validators(validators: Validators, source: FeedConfig) -> Validators:
    return replace(validators, url=_conceal_url(validators.url, source) if validators.url else None)


def _conceal_hops(hops: tuple[Redirect, ...], source: FeedConfig) -> tuple[Redirect, ...]:
    return tuple(replace(hop, url=_conceal_url(hop.url, source)) for hop in hops)


def _conceal_url(url: str, source: FeedConfig) -> str:
    return source.url if url == source.request_url else _conceal_text(url, source)


def _conceal_text(text: str, source: FeedConfig) -> str:
    if source.address:
        text = text.replace(source.address, source.url)
    return redact_text(redact_values(text, source.secrets))


def _list_replacements(source: FeedConfig) -> Iterator[tuple[str, str]]:
    """List what is replaced in a document: less than in a message, for a word of the news may be somebody's password.

    The address as a whole; pairs of its query that hold a secret; and values that no text has by chance. A host that
    comes from the environment stays: the links of the items need it.
    """
    parts = urlsplit(source.request_url)
    if source.address:
        yield source.address, source.url
        for pair in parts.query.split("&"):
            name, equals, value = pair.partition("=")
            if equals and value in source.secrets:
                yield pair, f"{name}={HIDDEN}"
    for value in source.secrets:
        unlikely = len(value) >= _LONG and any(c.isdigit() for c in value) and any(c.isalpha() for c in value)
        if unlikely and value not in parts.netloc:
            yield value, HIDDEN


def _replace_texts(value: Any, replacements: tuple[tuple[str, str], ...]) -> Any:
    """Return a value with every text inside it replaced; what holds none of them is the same object."""
    changed: Any = value
    if isinstance(value, str):
        for text, instead in replacements:
            changed = changed.replace(text, instead)
    elif isinstance(value, tuple):
        changed = tuple(_replace_texts(each, replacements) for each in value)
        changed = value if changed == value else changed
    elif is_dataclass(value) and not isinstance(value, date | timedelta | type):
        found = {each.name: getattr(value, each.name) for each in fields(value)}
        new = {name: _replace_texts(each, replacements) for name, each in found.items()}
        if any(new[name] is not found[name] for name in found):
            changed = replace(value, **{name: new[name] for name in found if new[name] is not found[name]})
    return changed
