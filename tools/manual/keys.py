"""The page of configuration keys: type, bounds and default from the schema, the meaning from the guides.

The meaning of a key stands once, in the tables of docs/configuration.md, digests.md and channels.md or in the model's
own description; a key that has none there stops the build.
"""

from __future__ import annotations

import re
import types
from datetime import time, timedelta
from enum import Enum
from pathlib import Path
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel, SecretStr
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from tools.manual.markup import code, escape, page, table
from watcher.channels import CHANNELS
from watcher.settings import schema
from watcher.settings.logins import Login, Oidc
from watcher.settings.text_services import WrittenSummarise, WrittenTranslate
from watcher.settings.value_types import format_duration, parse_size, parse_time_of_day
from watcher.text import written_values

DOCS = Path(__file__).parents[2] / "docs"
SECTIONS: dict[str, type[BaseModel]] = {
    "database": schema.Storage,
    "fetch": schema.Fetch,
    "fetch.budget": schema.WrittenBudget,
    "polling": schema.Polling,
    "web": schema.Web,
    "web.login": Login,
    "web.oidc": Oidc,
    "retention": schema.Retention,
    "meaning": schema.WrittenMeaning,
    "translate": WrittenTranslate,
    "summarise": WrittenSummarise,
}
DIGESTS: dict[str, type[BaseModel]] = {
    "digests": schema.WrittenDigest,
    "quiet": schema.Quiet,
    "importance": schema.WrittenImportance,
}
LISTED: dict[str, type[BaseModel]] = {"feeds": schema.WrittenFeed, "topics": schema.WrittenTopic}
CHANNEL_KEYS = {
    "formerly": "earlier names: messages that wait and unsubscriptions of these names apply to this one",
    "on_uncertain": "whether a message that may have arrived is sent again (`resend`) or left in doubt (`drop`)",
    "email.host": "the SMTP server",
    "email.port": "its port",
    "email.security": "how the connection is encrypted",
    "email.username": "the name to log in with; no login without it",
    "email.password": "the password to log in with",
    "email.sender": "who sends: `name@host` or `Name <name@host>`",
    "email.to": "the recipients; each gets a message of their own",
    "email.reply_to": "where answers go",
    "email.timeout": "the longest wait for an answer of the server",
    "slack.webhook_url": "an incoming webhook; either this, or `token` and `channel`",
    "slack.token": "the token of a bot",
    "slack.channel": "the id of the conversation that the bot posts to",
    "slack.api_url": "another address of the Slack API, such as a proxy",
    "file.folder": "the folder to write to; a relative one is in the state folder",
    "file.formats": "which of `html`, `text`, `markdown` and `json` are written",
    "webhook.url": "the address that gets the digest as JSON",
    "webhook.secret": "signs each request (HMAC-SHA256)",
    "webhook.timeout": "the longest wait for an answer of the server",
    "apprise.urls": "addresses as Apprise writes them, one for each recipient",
}
OTHER_KEYS = {
    "fetch.budget.entries": "new entries of one feed in a day (UTC)",
    "fetch.budget.versions": "new versions of edited entries of one feed in a day (UTC)",
    "digests.formerly": "earlier names of this digest: its history goes on under the new name",
    "quiet.start": "when messages begin to wait",
    "quiet.end": "when messages are sent again",
    "importance.outlets": "how much independent outlets count",
    "importance.novelty": "how much it counts that a story is new",
    "importance.match": "how much the score of the match counts",
    "importance.freshness": "how much the time of the latest report counts",
    "web.login": "logins by a proxy's header, and whether one is asked for at all",
    "web.oidc": "logins at an issuer of OpenID Connect",
    "feeds.url": "the address of the feed",
    "summarise.url": "the address of the chat endpoint; nothing is summarised without it",
    "summarise.model": "the name of the model",
    "summarise.api_key": "a secret that the server asks for",
    "summarise.to": "the language of the summaries",
    "summarise.timeout": "the most that summaries may delay a digest",
}


def read_meanings() -> dict[str, str]:
    """Return the meaning of each key, as the tables of the guides state it, by `section.key`."""
    meanings = {**OTHER_KEYS}
    text = (DOCS / "configuration.md").read_text(encoding="utf-8")
    for title, section in (("watcher.yaml", ""), ("feeds.yaml", "feeds."), ("topics.yaml", "topics.")):
        match = re.search(rf"^## {re.escape(title)}\n(.*?)(?=^## |\Z)", text, re.S | re.M)
        assert match is not None, f"docs/configuration.md has a section {title}"
        meanings |= _read_rows(match[1], section)
    options = (DOCS / "digests.md").read_text(encoding="utf-8").partition("\n## Options\n")[2].partition("\n## ")[0]
    return _read_rows(options, "digests.", "digests.md") | meanings


def _read_rows(text: str, section: str, guide: str = "configuration.md") -> dict[str, str]:
    """Return the meanings of a table's rows: keys in the first cell, the meaning in the last one."""
    rows: dict[str, str] = {}
    for line in text.splitlines():
        cells = [cell.strip() for cell in re.split(r"(?<!\\)\|", line)][1:-1]
        if not line.startswith("| `") or len(cells) < 2:
            continue
        for key in re.findall(r"`([\w.]+)`", cells[0]):
            rows.setdefault(section + key, _shift_links(cells[-1], guide))
    return rows


def _shift_links(text: str, guide: str) -> str:
    """Return a cell of a page of docs/ whose links are those of a page one folder deeper."""
    return re.sub(r"\]\((?!https?:|#)", "](../", text.replace("](#", f"]({guide}#"))


def write_keys() -> str:
    """Return the page of all keys of the three files."""
    meanings = read_meanings()
    parts = ["## watcher.yaml\n", "### engine\n"]
    names = ", ".join(code(name.value) for name in schema.EngineName)
    parts.append(table(_HEAD, [(code("engine"), f"one of {names}", "`local`", meanings["engine"])]))
    parts += _write_sections(SECTIONS, meanings)
    parts += ["### channels\n", "Channels by name. Each has a `kind`, which decides its other keys.\n"]
    for kind, channel in CHANNELS.items():
        model = channel.options_model
        described = {f"{kind}.{key}": CHANNEL_KEYS.get(f"{kind}.{key}", CHANNEL_KEYS.get(key)) for key in _keys(model)}
        parts += [f"#### kind: {kind}\n", escape(model.__doc__ or "") + "\n"]
        parts.append(_write_table(kind, model, {key: text for key, text in described.items() if text}))
    parts += _write_sections(DIGESTS, meanings)
    for name, model in LISTED.items():
        parts += [f"## {name}.yaml\n", _write_table(name, model, meanings)]
    introduction = (
        "Every key of the three files, with the type, the bounds and the default that the program checks. How the "
        "files are found, and how values and secrets are written, is in [configuration](../configuration.md). A key "
        "that holds a secret can be read from a file: add `_file` to its name."
    )
    return page("Configuration keys", introduction, *parts)


_HEAD = ("key", "type", "default", "meaning")


def _write_sections(sections: dict[str, type[BaseModel]], meanings: dict[str, str]) -> list[str]:
    parts = []
    for name, model in sections.items():
        parts += [f"### {name}\n", escape(model.__doc__ or "") + "\n", _write_table(name, model, meanings)]
    return parts


def _keys(model: type[BaseModel]) -> list[str]:
    return list(model.model_fields)


def _write_table(section: str, model: type[BaseModel], meanings: dict[str, str]) -> str:
    """Return the table of a section; raises KeyError for a key that no page explains."""
    rows = []
    for key, field in model.model_fields.items():
        name = f"{section}.{key}"
        if name not in meanings:
            raise KeyError(f"no page says what {name} means: docs/configuration.md, digests.md or tools/manual/keys.py")
        rows.append((code(key), _describe_type(field), _describe_default(field), meanings[name]))
    return table(_HEAD, rows)


_ALIASES = {
    written_values.parse_duration: "duration",
    written_values.parse_http_url: "http(s) address",
    parse_size: "size",
    parse_time_of_day: "time of day",
}
_PLAIN = {str: "text", int: "number", float: "number", bool: "yes or no", SecretStr: "secret", time: "time of day"}


def _describe_type(field: FieldInfo) -> str:
    """Return a field's type and bounds in words."""
    functions = {getattr(part, "func", None) for part in field.metadata}
    words = next((name for function, name in _ALIASES.items() if function in functions), "")
    words = words or _describe_annotation(field.annotation)
    bounds = []
    for part in field.metadata:
        for mark, before in (("ge", "at least"), ("gt", "more than"), ("le", "at most"), ("lt", "less than")):
            if (bound := getattr(part, mark, None)) is not None:
                bounds.append(f"{before} {_show_size(bound) if words == 'size' else _show(bound)}")
        if (most := getattr(part, "max_length", None)) is not None and words == "text":
            bounds.append(f"at most {most} characters")
    return ", ".join([words, *bounds])


def _describe_annotation(annotation: Any) -> str:
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin in (Union, types.UnionType):
        return " or ".join(dict.fromkeys(_describe_annotation(part) for part in arguments if part is not type(None)))
    if origin is Annotated:
        functions = {getattr(part, "func", None) for part in arguments[1:]}
        known = next((name for function, name in _ALIASES.items() if function in functions), "")
        return known or _describe_annotation(arguments[0])
    if origin is Literal:
        return "one of " + ", ".join(code(str(part)) for part in arguments)
    if origin is tuple:
        return "list"
    if origin is dict:
        return "mapping"
    if isinstance(annotation, type) and issubclass(annotation, Enum):
        return "one of " + ", ".join(code(str(part.value)) for part in annotation)
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return "section"
    return "duration" if annotation is timedelta else _PLAIN.get(annotation, "text")


def _describe_default(field: FieldInfo) -> str:
    if field.is_required():
        return "required"
    value = field.get_default(call_default_factory=True)
    if value is None or value is PydanticUndefined or value in ((), {}, ""):
        return "none"
    if isinstance(value, BaseModel):
        return "see below"
    is_size = parse_size in {getattr(part, "func", None) for part in field.metadata}
    return code(_show_size(value) if is_size else _show(value))


def _show(value: Any) -> str:
    if isinstance(value, timedelta):
        return format_duration(value)
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Enum):
        return str(value.value)
    if isinstance(value, tuple):
        return ", ".join(map(str, value))
    return str(value)


def _show_size(count: int) -> str:
    """Return a number of bytes as it is written in the configuration."""
    for unit, size in (("GB", 1 << 30), ("MB", 1 << 20), ("kB", 1 << 10)):
        if count % size == 0:
            return f"{count // size}{unit}"
    return str(count)
