"""Sends messages to Slack: through an incoming webhook, or with a bot's token."""

from __future__ import annotations

import asyncio
from abc import abstractmethod
from datetime import timedelta
from typing import Any

import httpx

from watcher.channels.http import BLOCKING_ERRORS, judge_response, send_request
from watcher.channels.outcome import Blocked, Deferred, Refused, SendOutcome, Sent, Uncertain, format_answer
from watcher.channels.payload import load_payload
from watcher.channels.sending import OnStep, OutgoingMessage, Sender, SenderContext
from watcher.channels.slack.options import SlackOptions

API_URL = "https://slack.com/api"
EVENT_TYPE = "news_watcher_digest"
"""The type of the metadata that carries a message's identity."""
MAX_HISTORY_PAGES = 5
"""Pages of 200 messages that are searched for one that perhaps arrived."""
MESSAGE_SPACING = timedelta(seconds=1)
"""Slack takes about one message a second in a channel."""
_TEMPORARY_ERRORS = frozenset({
    "ratelimited", "rate_limited", "internal_error", "fatal_error", "service_unavailable", "request_timeout",
})  # fmt: skip
_UNREADABLE = "Slack's answer cannot be read"


class _SlackSender(Sender):
    """Posts the messages of one channel, with a pause between them."""

    def __init__(self, options: SlackOptions, context: SenderContext) -> None:
        self._options = options
        self._http = context.http
        spacing = context.message_spacing if context.message_spacing is not None else MESSAGE_SPACING
        self._spacing = spacing.total_seconds()
        self._next_post_at = 0.0  # by the event loop's clock

    async def send(self, message: OutgoingMessage, *, on_step: OnStep | None = None) -> SendOutcome:
        """Post one message."""
        blocks = load_payload(message.payload)["message"]
        await self._wait_for_turn()
        return await self._post(message, blocks)

    @abstractmethod
    async def _post(self, message: OutgoingMessage, blocks: dict[str, Any]) -> SendOutcome: ...

    async def _wait_for_turn(self) -> None:
        loop = asyncio.get_running_loop()
        wait = self._next_post_at - loop.time()
        self._next_post_at = loop.time() + max(wait, 0.0) + self._spacing
        if wait > 0:
            await asyncio.sleep(wait)


class SlackWebhookSender(_SlackSender):
    """Posts to an incoming webhook. It knows no threads, and nobody can ask it what arrived."""

    async def _post(self, message: OutgoingMessage, blocks: dict[str, Any]) -> SendOutcome:
        assert self._options.webhook_url is not None
        response = await send_request(self._http, "POST", self._options.webhook_url.get_secret_value(), json=blocks)
        if not isinstance(response, httpx.Response):
            return response
        if response.status_code == 200 and response.text.strip() in {"ok", ""}:
            return Sent()
        return judge_response(response)


class SlackBotSender(_SlackSender):
    """Posts with a bot's token. A refusal inside a successful response (`ok: false`) is a refusal."""

    async def find_sent(self, message: OutgoingMessage) -> SendOutcome | None:
        """Look for a message by the identity in its metadata, in its thread or in the channel's history.

        Needs a scope such as `channels:history`; without it Slack refuses to look (Uncertain).
        """
        thread = message.thread
        oldest = (message.created_at - timedelta(minutes=5)).timestamp()
        form = {"channel": self._options.channel or "", "include_all_metadata": "true", "oldest": f"{oldest:.6f}"}
        form |= {"limit": "200"} | ({"ts": thread} if thread else {})
        for _page in range(MAX_HISTORY_PAGES):
            page = await self._read(f"conversations.{'replies' if thread else 'history'}", form)
            if not isinstance(page, dict):
                return page
            for posted in page.get("messages", []):
                payload = (posted.get("metadata") or {}).get("event_payload") or {}
                if payload.get("message_id") == message.message_id:
                    return Sent(ref=str(posted.get("ts")))
            # Slack writes an empty cursor on the last page.
            cursor = (page.get("response_metadata") or {}).get("next_cursor")
            if not cursor:
                return None
            form["cursor"] = cursor
        return Uncertain(reason="too many messages to look through")

    async def _post(self, message: OutgoingMessage, blocks: dict[str, Any]) -> SendOutcome:
        body = blocks | {
            "channel": self._options.channel,
            "metadata": {"event_type": EVENT_TYPE, "event_payload": {"message_id": message.message_id}},
        }
        if message.thread:
            body["thread_ts"] = message.thread
        response = await self._request("chat.postMessage", json=body)
        if not isinstance(response, httpx.Response):
            return response
        if response.status_code != 200:
            return judge_response(response)
        answer = _parse_json(response)
        if answer is None:
            return Uncertain(reason=_UNREADABLE)
        if answer.get("ok") is True:
            return Sent(ref=str(answer.get("ts") or ""))
        return judge_error(format_answer(answer.get("error", "unknown")))

    async def _read(self, method: str, form: dict[str, Any]) -> dict[str, Any] | SendOutcome:
        """Call a reading method; what fails leaves the message's fate open, and never refuses it."""
        # Slack's reading methods take forms; JSON is for its writing ones.
        response = await self._request(method, data=form)
        if not isinstance(response, httpx.Response):
            return Deferred(reason=response.reason if not isinstance(response, Sent) else "", down=True)
        if response.status_code != 200:
            outcome = judge_response(response)
            is_kept = isinstance(outcome, Deferred | Blocked)
            return outcome if is_kept else Uncertain(reason=f"{method}: {response.status_code}")
        answer = _parse_json(response)
        if answer is None:
            return Deferred(reason=_UNREADABLE, down=True)
        if answer.get("ok") is True:
            return answer
        error = format_answer(answer.get("error", "unknown"))
        outcome = judge_error(error)
        return Uncertain(reason=f"{method}: {error}") if isinstance(outcome, Refused) else outcome

    async def _request(self, method: str, **request: Any) -> httpx.Response | SendOutcome:
        assert self._options.token is not None
        headers = {"Authorization": f"Bearer {self._options.token.get_secret_value()}"}
        url = f"{self._options.api_url or API_URL}/{method}"
        return await send_request(self._http, "POST", url, headers=headers, **request)


def _parse_json(response: httpx.Response) -> dict[str, Any] | None:
    try:
        answer = response.json()
    except ValueError:
        return None
    return answer if isinstance(answer, dict) else None


def judge_error(error: str) -> SendOutcome:
    """Return what an error that Slack names means: later, not before the channel is repaired, or never."""
    if error in _TEMPORARY_ERRORS:
        return Deferred(reason=error, down=True)
    return Blocked(reason=error) if error in BLOCKING_ERRORS else Refused(reason=error)
