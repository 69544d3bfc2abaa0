"""Posts messages over HTTP, and judges answers by what they mean for the message and for its channel."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import httpx

from watcher.channels.outcome import Blocked, Deferred, Refused, SendOutcome, Uncertain, format_answer
from watcher.model.failure import FailureKind
from watcher.text.http_headers import parse_retry_after

BLOCKING_ERRORS = frozenset({
    "not_authed", "invalid_auth", "account_inactive", "token_revoked", "token_expired", "no_permission",
    "missing_scope", "not_allowed_token_type", "org_login_required", "ekm_access_denied", "access_denied",
    "accesslimited", "team_access_not_granted", "team_disabled", "team_added_to_org", "no_team", "no_service",
    "no_active_hooks",
    "no_service_id", "invalid_token", "two_factor_setup_required", "not_in_channel", "channel_not_found", "is_archived",
    "channel_is_archived", "restricted_action", "restricted_action_read_only_channel", "action_prohibited",
    "restricted_action_non_threadable_channel", "posting_to_general_channel_denied", "posting_to_channel_denied",
    "user_not_found", "user_not_in_channel", "user_is_bot", "messages_tab_disabled", "org_user_not_in_team",
})  # fmt: skip
"""Errors about the token, the conversation or the workspace, whatever the message. The names are Slack's
(docs.slack.dev, chat.postMessage and incoming webhooks); services with compatible webhooks answer with them, too."""
_BLOCKING_STATUS = frozenset(
    {300, 301, 302, 303, 305, 307, 308, 401, 402, 403, 404, 405, 407, 409, 410, 421, 423, 426, 428, 451}
)
"""HTTP statuses about the address, the account or the server; 400, 406, 411, 413, 415 and 422 are about the message."""
MAX_RETRY_AFTER = timedelta(days=1)


async def send_request(
    client: httpx.AsyncClient, method: str, url: str, *, timeout: timedelta | None = None, **request: Any
) -> httpx.Response | SendOutcome:
    """Send a request and return the response, or what its absence means for the message.

    Before the request was written nothing happened; after that something may have. `timeout` limits the whole
    exchange, where the client's own limits are too long; `request` is what `httpx.AsyncClient.request` takes.
    """
    is_written = False

    async def trace(event: str, _info: dict[str, Any]) -> None:
        nonlocal is_written
        is_written = is_written or event.endswith(".send_request_headers.started")

    try:
        async with asyncio.timeout(timeout.total_seconds() if timeout is not None else None):
            return await client.request(method, url, extensions={"trace": trace}, **request)
    except TimeoutError:
        assert timeout is not None
        waited = f"{timeout.total_seconds():g} s"
        if is_written:
            return Uncertain(reason=f"no answer within {waited}")
        return Deferred(reason=f"no connection within {waited}", down=True)
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        # A proxy that refuses a request has passed nothing on.
        if is_written and getattr(error.__cause__, "kind", None) is not FailureKind.PROXY:
            return Uncertain(reason="no answer after the message was sent")
        # The address holds the secret of a webhook: it stays out of every record.
        message = str(error) or type(error).__name__
        return Deferred(reason="not reachable" if "://" in message else format_answer(message), down=True)


def judge_response(response: httpx.Response) -> SendOutcome:
    """Return what a response that is no success means; its text may be one of BLOCKING_ERRORS."""
    text = response.text.strip()
    reason = f"HTTP {response.status_code} {format_answer(text, 80)}".strip()
    if response.status_code in {408, 425, 429} or response.status_code >= 500:
        return Deferred(reason=reason, retry_after=_parse_retry_after(response), down=True)
    if response.status_code in _BLOCKING_STATUS or text in BLOCKING_ERRORS:
        return Blocked(reason=reason, retry_after=_parse_retry_after(response))
    return Refused(reason=reason)


def _parse_retry_after(response: httpx.Response) -> timedelta | None:
    """Return how long the server asks to wait, at most `MAX_RETRY_AFTER`; None where it does not ask."""
    wait = parse_retry_after(response.headers.get("retry-after", ""), response.headers.get("date", ""))
    return min(wait, MAX_RETRY_AFTER) if wait is not None else None
