"""Slack: an incoming webhook, or a bot's token with threads and a way to ask what arrived."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import httpx

from watcher.channels.outcome import Blocked, Deferred, Outcome, Refused, Sent, Uncertain, brief
from watcher.channels.payload import load_payload
from watcher.model.digest import Channel, Delivery
from watcher.model.poll import FailureKind
from watcher.text.http_headers import parse_retry_after

API = "https://slack.com/api"
_LATER = {"ratelimited", "rate_limited", "internal_error", "fatal_error", "service_unavailable", "request_timeout"}
_BLOCKING = frozenset({
    "not_authed", "invalid_auth", "account_inactive", "token_revoked", "token_expired", "no_permission",
    "missing_scope", "not_allowed_token_type", "org_login_required", "ekm_access_denied", "access_denied",
    "accesslimited", "team_access_not_granted", "team_disabled", "team_added_to_org", "no_team", "no_service",
    "no_active_hooks",
    "no_service_id", "invalid_token", "two_factor_setup_required", "not_in_channel", "channel_not_found", "is_archived",
    "channel_is_archived", "restricted_action", "restricted_action_read_only_channel", "action_prohibited",
    "restricted_action_non_threadable_channel", "posting_to_general_channel_denied", "posting_to_channel_denied",
    "user_not_found", "user_not_in_channel", "user_is_bot", "messages_tab_disabled", "org_user_not_in_team",
})  # fmt: skip
"""What Slack answers about the token, the conversation or the workspace, whatever the message."""
_BLOCKING_STATUS = frozenset({301, 302, 303, 307, 308, 401, 402, 403, 404, 405, 407, 409, 410, 423})
"""HTTP statuses about the address or the account; 400, 413, 415 and 422 are about the message."""
EVENT = "news_watcher_digest"
MOST_PAGES = 5
"""Pages of 200 messages that are looked through for one that perhaps arrived."""
PACE = timedelta(seconds=1)
"""Slack takes about one message a second in a channel."""
LONGEST_WAIT = timedelta(days=1)


class SlackSender:
    """Posts a digest's messages. A refusal inside a friendly answer (`ok: false`) is a refusal."""

    def __init__(self, client: httpx.AsyncClient, pace: timedelta = PACE) -> None:
        self._client = client
        self._pace = pace.total_seconds()
        self._free_at: dict[str, float] = {}

    async def send(self, delivery: Delivery, channel: Channel, *, thread: str | None = None) -> Outcome:
        message = load_payload(delivery.payload)["message"]
        await self._turn(channel.name)
        if "token" in channel.options:
            return await self._post(delivery, channel, message, thread)
        return await self._hook(str(channel.options["webhook_url"]), message)

    async def rest(self) -> None:
        """Keep nothing open."""

    async def _turn(self, name: str) -> None:
        """Wait until a channel may be posted to again."""
        loop = asyncio.get_running_loop()
        wait = self._free_at.get(name, 0.0) - loop.time()
        self._free_at[name] = loop.time() + max(wait, 0.0) + self._pace
        if wait > 0:
            await asyncio.sleep(wait)

    async def arrived(self, delivery: Delivery, channel: Channel, *, thread: str | None = None) -> Outcome | None:
        """Look for a message that was perhaps posted, by the identity in its metadata: Sent where it is, None where it
        is not, Uncertain where Slack lets nobody look, Deferred where it could not be asked now."""
        oldest = (delivery.created_at - timedelta(minutes=5)).timestamp()
        form = {"channel": channel.options["channel"], "include_all_metadata": "true", "oldest": f"{oldest:.6f}"}
        form |= {"limit": "200"} | ({"ts": thread} if thread else {})
        for _page in range(MOST_PAGES):
            said = await self._call(channel, "conversations.replies" if thread else "conversations.history", form)
            if not isinstance(said, dict):
                return said
            for message in said.get("messages", []):
                payload = (message.get("metadata") or {}).get("event_payload") or {}
                if payload.get("message_id") == delivery.message_id:
                    return Sent(ref=str(message.get("ts")))
            cursor = (said.get("response_metadata") or {}).get("next_cursor")
            if not cursor:
                return None
            form["cursor"] = cursor
        return Uncertain(reason="too many messages to look through")

    async def _hook(self, url: str, message: dict[str, Any]) -> Outcome:
        answer = await asked(self._client, "POST", url, json=message)
        if not isinstance(answer, httpx.Response):
            return answer
        if answer.status_code == 200 and answer.text.strip() in {"ok", ""}:
            return Sent()
        return judged(answer)

    async def _post(self, delivery: Delivery, channel: Channel, message: dict[str, Any], thread: str | None) -> Outcome:
        body = dict(message) | {
            "channel": channel.options["channel"],
            "metadata": {"event_type": EVENT, "event_payload": {"message_id": delivery.message_id}},
        }
        if thread:
            body["thread_ts"] = thread
        answer = await asked(
            self._client, "POST", f"{channel.options.get('api_url') or API}/chat.postMessage",
            json=body, headers={"Authorization": f"Bearer {channel.options['token']}"},
        )  # fmt: skip
        if not isinstance(answer, httpx.Response):
            return answer
        if answer.status_code != 200:
            return judged(answer)
        try:
            said = answer.json()
        except ValueError:
            return Uncertain(reason="Slack's answer cannot be read")
        if not isinstance(said, dict):
            return Uncertain(reason="Slack's answer cannot be read")
        if said.get("ok") is True:
            return Sent(ref=str(said.get("ts") or ""))
        fault = brief(said.get("error", "unknown"))
        return judge_fault(fault)

    async def _call(self, channel: Channel, method: str, form: dict[str, Any]) -> dict[str, Any] | Outcome:
        # Slack's reading methods take forms; JSON is for its writing ones.
        answer = await asked(
            self._client, "POST", f"{channel.options.get('api_url') or API}/{method}",
            data=form, headers={"Authorization": f"Bearer {channel.options['token']}"},
        )  # fmt: skip
        if not isinstance(answer, httpx.Response):
            return Deferred(reason=answer.reason if not isinstance(answer, Sent) else "", down=True)
        if answer.status_code != 200:
            outcome = judged(answer)
            later = isinstance(outcome, Deferred | Blocked)
            return outcome if later else Uncertain(reason=f"{method}: {answer.status_code}")
        try:
            said = answer.json()
        except ValueError:
            return Deferred(reason="Slack's answer cannot be read", down=True)
        if isinstance(said, dict) and said.get("ok") is True:
            return said
        fault = brief(said.get("error", "unknown") if isinstance(said, dict) else "unknown")
        judgement = judge_fault(fault)
        return Uncertain(reason=f"{method}: {fault}") if isinstance(judgement, Refused) else judgement


async def asked(
    client: httpx.AsyncClient, method: str, url: str, *, patience: timedelta | None = None, **what: Any
) -> httpx.Response | Outcome:
    """Ask, and say what a silence means: before the request was out nothing happened, after it something may have.

    `patience` is how long the whole answer may take, where the client's own limits are too long.
    """
    is_sent = False

    async def follow(event: str, _info: dict[str, Any]) -> None:
        nonlocal is_sent
        is_sent = is_sent or event.endswith(".send_request_headers.started")

    try:
        async with asyncio.timeout(patience.total_seconds() if patience is not None else None):
            return await client.request(method, url, extensions={"trace": follow}, **what)
    except TimeoutError:
        assert patience is not None
        waited = f"{patience.total_seconds():g} s"
        if is_sent:
            return Uncertain(reason=f"no answer within {waited}")
        return Deferred(reason=f"no connection within {waited}", down=True)
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        # A proxy that refuses a request has passed nothing on.
        if is_sent and getattr(error.__cause__, "kind", None) is not FailureKind.PROXY:
            return Uncertain(reason="no answer after the message was sent")
        # The address holds the secret of a webhook: it stays out of every record.
        said = str(error) or type(error).__name__
        return Deferred(reason="not reachable" if "://" in said else brief(said), down=True)


def judge_fault(fault: str) -> Outcome:
    """Return what an error that Slack names means: later, not before the channel is repaired, or never."""
    if fault in _LATER:
        return Deferred(reason=fault, down=True)
    return Blocked(reason=fault) if fault in _BLOCKING else Refused(reason=fault)


def judged(answer: httpx.Response) -> Outcome:
    """Return what an HTTP answer that is no success means; its text may name one of Slack's errors."""
    text = answer.text.strip()
    said = f"HTTP {answer.status_code} {brief(text, 80)}".strip()
    if answer.status_code in {408, 425, 429} or answer.status_code >= 500:
        return Deferred(reason=said, retry_after=_read_retry_after(answer), down=True)
    if answer.status_code in _BLOCKING_STATUS or text in _BLOCKING:
        return Blocked(reason=said, retry_after=_read_retry_after(answer))
    return Refused(reason=said)


def _read_retry_after(answer: httpx.Response) -> timedelta | None:
    wait = parse_retry_after(answer.headers.get("retry-after", ""), answer.headers.get("date", ""))
    return min(wait, LONGEST_WAIT) if wait is not None else None
