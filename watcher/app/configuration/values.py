"""Single values of the configuration: how long things are kept, contact, address and password of the page, services."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from watcher.app.configuration.editor import Editor, store_secrets
from watcher.contract import configuration as contract
from watcher.errors import UsageError
from watcher.model.text_service import TextServiceOptions
from watcher.settings import Settings
from watcher.settings.edit_files import Draft
from watcher.settings.loader import SECTIONS
from watcher.settings.value_types import format_duration
from watcher.settings.yaml_edits import UpdateItem

MIN_PASSWORD_CHARACTERS = 8
MAX_PASSWORD_CHARACTERS = 1024


@dataclass(frozen=True, slots=True)
class _Values:
    """What the edit of single values is compared with."""

    retention: object
    contact: str | None
    user_agent: str | None
    base_url: str | None
    hosts: tuple[str, ...]
    password: str | None
    token: str | None
    translate: str
    summarise: str


def update_settings(editor: Editor, edit: contract.SettingsEdit, etag: str) -> None:
    """Change single values; null gives a value its default again.

    Raises ConflictError, UsageError, and what an edit of the configuration raises.
    """

    def plan(draft: Draft) -> None:
        """Change each section that is sent."""
        editor.require_match("settings", "watcher.yaml", _collect(draft.settings), etag, _without_secrets(edit))
        for section, sent in edit.items():
            model = SECTIONS[section]
            if model is None or not isinstance(sent, Mapping) or not sent:
                continue
            values: dict[str, Any] = dict(sent)
            if section == "web" and isinstance(values.get("password"), str):
                values["password"] = _hash_password(values["password"])
            values = {key: value if value not in ("", []) else None for key, value in values.items()}
            stored = store_secrets(draft, model, section, values)
            if any(value is not None for value in stored.values()) or draft.get_section(section):
                draft.apply(UpdateItem(section=section, values=stored))
        draft.summary = f"Changed {', '.join(_name_values(edit)) or 'nothing'}"

    editor.edit(plan)


def encode_settings(editor: Editor) -> contract.Settings:
    """Return the single values, without secrets."""
    settings = editor.app.settings
    web, kept = settings.web, settings.retention
    return {
        "retention": {
            "entries": format_duration(kept.entries),
            "hits": format_duration(kept.hits),
            "polls": format_duration(kept.polls),
            "payloads": format_duration(kept.payloads),
        },
        "fetch": {"contact": settings.fetch.contact, "user_agent": settings.fetch.user_agent},
        "web": {
            "base_url": web.base_url,
            "hosts": list(web.hosts),
            "secrets": [name for name in ("password", "token", "secret_key") if getattr(web, name) is not None],
        },
        "translate": _encode_service(settings.translate),
        "summarise": _encode_service(settings.summarise),
        "etag": editor.make_etag(_collect(settings)),
    }


def _encode_service(service: TextServiceOptions | None) -> contract.TextServiceSettings:
    options = service or TextServiceOptions(url="")
    return {
        "url": options.url or None,
        "model": options.model,
        "to": options.to,
        "timeout": format_duration(options.timeout),
        "secrets": ["api_key"] if options.api_key else [],
    }


def _collect(settings: Settings) -> _Values:
    web = settings.web
    return _Values(
        retention=settings.retention,
        contact=settings.fetch.contact,
        user_agent=settings.fetch.user_agent,
        base_url=web.base_url,
        hosts=tuple(web.hosts),
        password=web.password.get_secret_value() if web.password else None,
        token=web.token.get_secret_value() if web.token else None,
        translate=_describe_service(settings.translate),
        summarise=_describe_service(settings.summarise),
    )


def _describe_service(service: TextServiceOptions | None) -> str:
    if service is None:
        return ""
    return repr((service.url, service.model, service.api_key, service.to, service.timeout))


def _without_secrets(edit: contract.SettingsEdit) -> dict[str, Any]:
    sections: dict[str, Any] = {}
    for section, sent in edit.items():
        if isinstance(sent, Mapping):
            sections[section] = {key: value for key, value in sent.items() if key not in ("password", "api_key")}
    return sections


def _name_values(edit: contract.SettingsEdit) -> list[str]:
    return [f"{section}.{key}" for section, sent in edit.items() if isinstance(sent, Mapping) for key in sent]


def _hash_password(password: str) -> str:
    """Return a password's argon2 hash; one that is a hash already stays. Raises UsageError for a short one."""
    if password.startswith("$argon2"):
        return password
    if not MIN_PASSWORD_CHARACTERS <= len(password) <= MAX_PASSWORD_CHARACTERS:
        raise UsageError(f"the password must have at least {MIN_PASSWORD_CHARACTERS} characters")
    from argon2 import PasswordHasher

    return PasswordHasher().hash(password.encode("utf-8", "replace"))
