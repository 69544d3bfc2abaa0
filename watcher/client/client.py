"""The client: one method for each route, with the models of the contract."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Mapping, Sequence
from types import TracebackType
from typing import Any, Literal, Self, TypeAlias, cast
from urllib.parse import quote

import httpx

from watcher.client.triage import ListMethods
from watcher.contract import (
    configuration,
    deliveries,
    digests,
    entries,
    feeds,
    hits,
    setup,
    stories,
    topic_analysis,
    topics,
)
from watcher.contract.problems import Problem
from watcher.contract.status import Status

ParameterValue: TypeAlias = str | int | bool | Sequence[str] | None
TRIES = 3
"""How often a request is made that changes nothing when it is made again, while the connection breaks."""
ANY = "*"
"""The etag that edits whatever is there."""


class ApiError(Exception):
    """The API refused a request; `problem` is its document (RFC 9457), `status` its HTTP status."""

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        self.status = problem["status"]
        super().__init__(f"{problem['title']} ({self.status}): {problem['detail']}")


class ConflictError(ApiError):
    """What was to be edited was changed meanwhile: `current` is what is configured now, `proposed` what was sent."""

    @property
    def current(self) -> str:
        return self.problem.get("current", "")

    @property
    def proposed(self) -> str:
        return self.problem.get("proposed", "")


class Client(ListMethods):
    """A connection to one watcher; a context manager. `token` is `web.token`, `password` that of the page.

    Methods raise ApiError where a request is refused, and httpx.TransportError where there is no answer.
    """

    def __init__(
        self,
        base_url: str,
        *,
        token: str | None = None,
        password: str | None = None,
        timeout: float = 60.0,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        headers = {"Authorization": f"Bearer {token}"} if token is not None else {}
        self._http = httpx.Client(
            base_url=f"{base_url.rstrip('/')}/api/v1",
            auth=("watcher", password) if password is not None and token is None else None,
            headers={"Accept": "application/json", "User-Agent": "news-watcher-client", **headers},
            timeout=timeout,
            transport=transport,
            trust_env=False,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, _traceback: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the connection."""
        self._http.close()

    # What is stored

    def list_hits(self, **filters: ParameterValue) -> hits.HitList:
        """List hits; the filters are the parameters of `GET /hits` (`q`, `topic`, `since`, `limit`, `cursor`, ...)."""
        return cast("hits.HitList", self._get("/hits", filters))

    def iter_hits(self, **filters: ParameterValue) -> Iterator[hits.Hit]:
        """Yield all hits of some filters, page after page."""
        while True:
            page = self.list_hits(**filters)
            yield from page["hits"]
            if page["next_cursor"] is None:
                return
            filters["cursor"] = page["next_cursor"]

    def get_hit(self, hit_id: int) -> hits.Hit:
        """Get a hit."""
        return cast("hits.Hit", self._get(f"/hits/{hit_id}"))

    def label_hit(self, hit_id: int, label: Literal["relevant", "irrelevant"] | None) -> hits.LabelledHit:
        """Judge a hit; None takes a judgement back."""
        return cast("hits.LabelledHit", self._send("PUT", f"/hits/{hit_id}/label", {"label": label}))

    def list_entries(self, **filters: ParameterValue) -> entries.EntryList:
        """Search every stored entry."""
        return cast("entries.EntryList", self._get("/entries", filters))

    def list_stories(self, **filters: ParameterValue) -> stories.StoryList:
        """List stories."""
        return cast("stories.StoryList", self._get("/stories", filters))

    def get_status(self) -> Status:
        """Get the state of feeds, digests, messages and the database."""
        return cast("Status", self._get("/status"))

    def list_deliveries(self, **filters: ParameterValue) -> deliveries.DeliveryList:
        """List messages to recipients."""
        return cast("deliveries.DeliveryList", self._get("/deliveries", filters))

    # Topics

    def list_topics(self) -> topics.TopicList:
        """List topics with what they matched."""
        return cast("topics.TopicList", self._get("/topics"))

    def get_topic(self, topic_id: str) -> topics.TopicDetail:
        """Get a topic with its versions."""
        return cast("topics.TopicDetail", self._get(f"/topics/{_quote(topic_id)}"))

    def get_topic_settings(self, topic_id: str) -> configuration.TopicSettings:
        """Get a topic as configured, with the etag for editing it."""
        return cast("configuration.TopicSettings", self._get(f"/topics/{_quote(topic_id)}/settings"))

    def create_topic(
        self, edit: configuration.TopicEdit, *, idempotency_key: str | None = None
    ) -> configuration.SavedTopic:
        """Add a topic."""
        return cast("configuration.SavedTopic", self._create("/topics", edit, idempotency_key))

    def update_topic(self, topic_id: str, edit: configuration.TopicEdit, etag: str) -> configuration.SavedTopic:
        """Change a topic."""
        return cast("configuration.SavedTopic", self._edit(f"/topics/{_quote(topic_id)}", edit, etag))

    def delete_topic(self, topic_id: str, etag: str) -> None:
        """Delete a topic."""
        self._delete(f"/topics/{_quote(topic_id)}", etag)

    def restore_topic(self, topic_id: str) -> configuration.TopicSettings:
        """Add a deleted topic again."""
        return cast("configuration.TopicSettings", self._send("POST", f"/topics/{_quote(topic_id)}/restore"))

    def test_query(self, query: str, *, since: str | None = None, limit: int = 100) -> topics.TestedArchive:
        """Test a query on the stored entries."""
        body = {"query": query, "since": since, "limit": limit}
        return cast("topics.TestedArchive", self._send("POST", "/topics/test", body))

    def preview_topic(
        self,
        query: str | None = None,
        *,
        boxes: configuration.Boxes | None = None,
        topic: str | None = None,
        since: str | None = None,
        limit: int = 20,
    ) -> topic_analysis.TopicPreview:
        """Preview a query before it is saved: what it finds, gains and loses, and the stories it gives."""
        body = {"query": query, "boxes": boxes, "topic": topic, "since": since, "limit": limit}
        return cast("topic_analysis.TopicPreview", self._send("POST", "/topics/preview", body))

    def draft_topics(
        self, *, article: str | None = None, text: str | None = None, limit: int = 5
    ) -> topic_analysis.DraftedTopics:
        """Draft topics from an article's address or from its text; nothing is stored."""
        body = {"article": article, "text": text, "limit": limit}
        return cast("topic_analysis.DraftedTopics", self._send("POST", "/topics/draft", body))

    # Digests

    def list_digests(self, **filters: ParameterValue) -> digests.DigestList:
        """List the configured digests and those that were composed."""
        return cast("digests.DigestList", self._get("/digests", filters))

    def get_digest(self, name: str) -> configuration.DigestSettings:
        """Get a digest as configured, with its next times and the etag for editing it."""
        return cast("configuration.DigestSettings", self._get(f"/digests/{_quote(name)}"))

    def create_digest(
        self, edit: configuration.DigestEdit, *, idempotency_key: str | None = None
    ) -> configuration.DigestSettings:
        """Add a digest."""
        return cast("configuration.DigestSettings", self._create("/digests", edit, idempotency_key))

    def update_digest(self, name: str, edit: configuration.DigestEdit, etag: str) -> configuration.DigestSettings:
        """Change a digest."""
        return cast("configuration.DigestSettings", self._edit(f"/digests/{_quote(name)}", edit, etag))

    def delete_digest(self, name: str, etag: str) -> None:
        """Delete a digest."""
        self._delete(f"/digests/{_quote(name)}", etag)

    def send_digest(self, name: str, *, idempotency_key: str | None = None) -> configuration.SentNow:
        """Send a digest now."""
        return cast("configuration.SentNow", self._create(f"/digests/{_quote(name)}/send", None, idempotency_key))

    # Channels

    def list_channels(self) -> configuration.ChannelSettingsList:
        """List channels, without their secrets."""
        return cast("configuration.ChannelSettingsList", self._get("/channels"))

    def get_channel(self, name: str) -> configuration.ChannelSettings:
        """Get a channel without its secrets, with the etag for editing it."""
        return cast("configuration.ChannelSettings", self._get(f"/channels/{_quote(name)}"))

    def create_channel(
        self, edit: configuration.ChannelEdit, *, idempotency_key: str | None = None
    ) -> configuration.ChannelSettings:
        """Add a channel."""
        return cast("configuration.ChannelSettings", self._create("/channels", edit, idempotency_key))

    def update_channel(self, name: str, edit: configuration.ChannelEdit, etag: str) -> configuration.ChannelSettings:
        """Change a channel."""
        return cast("configuration.ChannelSettings", self._edit(f"/channels/{_quote(name)}", edit, etag))

    def delete_channel(self, name: str, etag: str) -> None:
        """Delete a channel."""
        self._delete(f"/channels/{_quote(name)}", etag)

    def test_channel(self, name: str) -> deliveries.ChannelTest:
        """Send a test message to every recipient of a channel."""
        return cast("deliveries.ChannelTest", self._send("POST", f"/channels/{_quote(name)}/test"))

    # Feeds

    def list_feeds(self, **filters: ParameterValue) -> feeds.FeedList:
        """List feeds with their health."""
        return cast("feeds.FeedList", self._get("/feeds", filters))

    def get_feed(self, url: str) -> feeds.FeedDetail:
        """Get a feed and its latest polls."""
        return cast("feeds.FeedDetail", self._get("/feeds/show", {"url": url}))

    def get_feed_settings(self, url: str) -> configuration.FeedSettings:
        """Get a feed as configured, with the etag for editing it."""
        return cast("configuration.FeedSettings", self._get("/feeds/settings", {"url": url}))

    def discover_feeds(self, url: str) -> feeds.DiscoveredFeeds:
        """Find the feeds that a site or page offers."""
        return cast("feeds.DiscoveredFeeds", self._send("POST", "/feeds/discover", {"url": url}))

    def create_feed(
        self, edit: configuration.FeedEdit, *, idempotency_key: str | None = None
    ) -> configuration.FeedSettings:
        """Add a feed."""
        return cast("configuration.FeedSettings", self._create("/feeds", edit, idempotency_key))

    def update_feed(self, url: str, edit: configuration.FeedEdit, etag: str) -> configuration.FeedSettings:
        """Change a feed, by its address."""
        return cast("configuration.FeedSettings", self._edit("/feeds", edit, etag, {"url": url}))

    def delete_feed(self, url: str, etag: str) -> None:
        """Delete a feed."""
        self._delete("/feeds", etag, {"url": url})

    # Set-up

    def get_setup(self) -> setup.SetupState:
        """Get whether anything is watched yet, the packs of feeds, and how far the first digest is."""
        return cast("setup.SetupState", self._get("/setup"))

    def set_up(self, answers: setup.SetupAnswers, *, idempotency_key: str | None = None) -> setup.SetupResult:
        """Set up what is watched and where digests go; `get_setup` reports how far the first digest is."""
        return cast("setup.SetupResult", self._create("/setup", answers, idempotency_key))

    def test_unsaved_channel(self, edit: configuration.ChannelEdit) -> deliveries.ChannelTest:
        """Send a test message on a channel that is not saved."""
        return cast("deliveries.ChannelTest", self._send("POST", "/setup/test", edit))

    # Settings and history

    def get_settings(self) -> configuration.Settings:
        """Get single values of the configuration, with the etag for editing them."""
        return cast("configuration.Settings", self._get("/settings"))

    def update_settings(self, edit: configuration.SettingsEdit, etag: str) -> configuration.Settings:
        """Change single values."""
        return cast("configuration.Settings", self._edit("/settings", edit, etag))

    def list_history(self, limit: int = 50) -> configuration.ConfigurationHistory:
        """List the edits that can be undone, the newest first."""
        return cast("configuration.ConfigurationHistory", self._get("/history", {"limit": limit}))

    def undo_edit(self, number: int) -> configuration.ConfigurationVersion:
        """Undo an edit."""
        return cast("configuration.ConfigurationVersion", self._send("POST", f"/history/{number}/undo"))

    # Requests

    def _get(self, path: str, parameters: Mapping[str, ParameterValue] | None = None) -> Any:
        return self._request("GET", path, parameters, tries=TRIES)

    def _create(self, path: str, body: object, idempotency_key: str | None) -> Any:
        """Send a creation; with its key it can be sent again where the connection breaks."""
        headers = {"Idempotency-Key": idempotency_key or str(uuid.uuid4())}
        return self._request("POST", path, None, body, headers, tries=TRIES)

    def _edit(self, path: str, body: object, etag: str, parameters: Mapping[str, ParameterValue] | None = None) -> Any:
        return self._request("PATCH", path, parameters, body, {"If-Match": _format_etag(etag)})

    def _delete(self, path: str, etag: str, parameters: Mapping[str, ParameterValue] | None = None) -> None:
        self._request("DELETE", path, parameters, None, {"If-Match": _format_etag(etag)})

    def _send(self, method: str, path: str, body: object = None) -> Any:
        return self._request(method, path, None, body)

    def _request(
        self,
        method: str,
        path: str,
        parameters: Mapping[str, ParameterValue] | None = None,
        body: object = None,
        headers: Mapping[str, str] | None = None,
        *,
        tries: int = 1,
    ) -> Any:
        sent = {key: _format_parameter(value) for key, value in (parameters or {}).items() if value is not None}
        for left in range(tries - 1, -1, -1):
            try:
                response = self._http.request(method, path, params=sent, json=body, headers=dict(headers or {}))
            except httpx.TransportError:
                if not left:
                    raise
            else:
                return _read(response)
        raise AssertionError("unreachable")


def _read(response: httpx.Response) -> Any:
    """Return the document of an answer; raises ApiError."""
    if response.is_success:
        return response.json() if response.content else None
    try:
        problem = cast("Problem", response.json())
        detail = problem["detail"]
    except (ValueError, KeyError, TypeError):
        detail = response.text[:300]
        problem = {"type": "about:blank", "title": response.reason_phrase, "status": response.status_code,
                   "detail": detail}  # fmt: skip
    raise ConflictError(problem) if response.status_code == httpx.codes.PRECONDITION_FAILED else ApiError(problem)


def _format_parameter(value: ParameterValue) -> Any:
    if isinstance(value, bool):
        return "true" if value else "false"
    return list(value) if isinstance(value, (list, tuple)) else value


def _format_etag(etag: str) -> str:
    return etag if etag == ANY else f'"{etag}"'


def _quote(name: str) -> str:
    return quote(name, safe="")
