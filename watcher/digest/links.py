"""The pages that a digest links to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from urllib.parse import quote

from watcher.digest.feedback_links import sign_feedback, sign_proposal_feedback
from watcher.digest.unsubscribe_links import sign_unsubscribe
from watcher.model.delivery import Unsubscription
from watcher.model.digest_story import DigestTopic


@dataclass(frozen=True, slots=True, kw_only=True)
class Links:
    """The addresses of pages: all None without `base_url`, the signed ones also without `secret`.

    Users' own templates call these methods: their names are part of the documented interface.
    """

    base_url: str | None = None
    secret: bytes | None = field(default=None, repr=False)

    def topic(self, topic_id: str, since: datetime | None = None) -> str | None:
        """Return the page that lists a topic's hits, from a moment on."""
        if not self.base_url:
            return None
        return f"{self.base_url}/hits?topic={quote(topic_id)}" + (f"&since={since:%Y-%m-%dT%H:%MZ}" if since else "")

    def stories(self, topics: Sequence[DigestTopic]) -> str | None:
        """Return the page that lists the hits of those topics that have more stories than a digest shows."""
        linked_topics = [topic for topic in topics if topic.more] or list(topics)
        if not self.base_url or not linked_topics:
            return None
        since = min((topic.since for topic in linked_topics if topic.since), default=None)
        ids = "&topic=".join(quote(topic.id) for topic in linked_topics)
        return f"{self.base_url}/hits?topic={ids}" + (f"&since={since:%Y-%m-%dT%H:%MZ}" if since else "")

    def story(self, story_id: int | None) -> str | None:
        """Return the page of a story."""
        return f"{self.base_url}/stories/{story_id}" if self.base_url and story_id is not None else None

    def label(self, hit_id: int, judgement: str) -> str | None:
        """Return the page on which a reader judges a hit; opening it records nothing yet."""
        if not self.base_url or self.secret is None:
            return None
        return f"{self.base_url}/label/{sign_feedback(self.secret, hit_id, judgement)}"

    def proposal(self, proposal_id: int, judgement: str) -> str | None:
        """Return the page on which a reader judges a proposal; opening it records nothing yet."""
        if not self.base_url or self.secret is None:
            return None
        return f"{self.base_url}/label/{sign_proposal_feedback(self.secret, proposal_id, judgement)}"

    def hits(self, since: datetime | None = None) -> str | None:
        """Return the page that lists the hits of all topics, from a moment on."""
        if not self.base_url:
            return None
        return f"{self.base_url}/hits" + (f"?since={since:%Y-%m-%dT%H:%MZ}" if since else "")

    def leave(self, unsubscription: Unsubscription) -> str | None:
        """Return the page on which a recipient unsubscribes; a POST to it does so in one click (RFC 8058)."""
        if not self.base_url or self.secret is None:
            return None
        return f"{self.base_url}/unsubscribe/{sign_unsubscribe(self.secret, unsubscription)}"

    def digests(self) -> str | None:
        """Return the page that lists the digests, each in full."""
        return f"{self.base_url}/digests" if self.base_url else None

    def hit(self, hit_id: int) -> str | None:
        """Return the page of a hit."""
        return f"{self.base_url}/hits/{hit_id}" if self.base_url else None
