"""Conditional requests: which validators are sent, and when a server is asked once more without them.

There are servers, and caches before them, that answer 200 to a plain request and 400, 406, 412, 5xx or nothing at all
to one with validators. Without a second request such a feed would be lost from its first validator on.
"""

from __future__ import annotations

from watcher.model.feed import PollableFeed
from watcher.model.poll import Failed, FailureKind, FetchResult

HEADERS = ("If-None-Match", "If-Modified-Since")
TRY_EVERY = 50
"""Polls without news after which a server that could not answer conditional requests is asked one again."""
_AGAIN_EVERY = 4
"""Of so many failures in a row one is followed by a second request, where the server may as well be down."""
_FRESH = {"Cache-Control": "no-cache", "Pragma": "no-cache"}
_OUR_REQUEST = range(400, 500)
_CERTAIN = {401, 403, 404, 407, 408, 410, 423, 425, 426, 429, 451}
"""What a server says of the feed or of us, with or without validators."""
_UNANSWERED = {FailureKind.PROTOCOL, FailureKind.TRUNCATED, FailureKind.ENCODING, FailureKind.TIMEOUT}


def headers(feed: PollableFeed) -> dict[str, str]:
    """Return the validators to send for a feed; none where its server cannot answer them or nothing is known yet."""
    if feed.poll.body_hash is None or not (
        feed.poll.conditional or (feed.poll.empty_polls and feed.poll.empty_polls % TRY_EVERY == 0)
    ):
        return {}
    known = {"If-None-Match": feed.poll.validators.etag, "If-Modified-Since": feed.poll.validators.last_modified}
    return {name: value for name, value in known.items() if value is not None}


def headers_to_ask_again(fetched: FetchResult, *, was_conditional: bool, failures: int) -> dict[str, str] | None:
    """Return what a second, unconditional request carries, None where there is none to be made.

    `was_conditional` is whether the answer was to a conditional request, `failures` how many polls failed before.
    Servers that may simply be down are spared: what has failed in a row is asked twice only now and then.
    """
    if not isinstance(fetched, Failed):
        return None
    if fetched.status == 304:
        return _FRESH  # "not modified", and nobody had asked
    if not was_conditional or fetched.kind in {FailureKind.CHALLENGE, FailureKind.RATE_LIMITED}:
        return None
    return {} if _is_worth_repeating(fetched, failures) else None


def _is_worth_repeating(failed: Failed, failures: int) -> bool:
    """Return whether the validators may be why a request failed, and this is a poll to find out."""
    is_turn = failures % _AGAIN_EVERY == 0
    match failed.status:
        case None:
            # A timeout is not followed by another one in the same poll before it has come twice.
            if failed.kind is FailureKind.TIMEOUT:
                is_turn = failures % _AGAIN_EVERY == 1
            return failed.kind in _UNANSWERED and is_turn
        case 403 | 404:
            return is_turn
        case status if status in _CERTAIN:
            return False
        case status if status in _OUR_REQUEST or status < 300 or status == 501:
            return True
        case _:
            return is_turn
