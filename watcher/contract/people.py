"""People, their sessions and tokens, and the audit, as the command and the API send them."""

from __future__ import annotations

from typing import Literal

from typing_extensions import TypedDict

from watcher.contract.timestamps import format_timestamp
from watcher.model.page import Page
from watcher.model.person import Account, ApiToken, AuditEntry, StoredSession

RoleName = Literal["reader", "editor", "admin"]


class PersonDetail(TypedDict):
    """A named person. `login` is how the person comes in; `disabled_at` is null for who has not left."""

    name: str
    role: RoleName
    login: Literal["password", "oidc", "proxy"]
    created_at: str
    disabled_at: str | None


class PersonList(TypedDict):
    """The people, by name; those who left are among them, since their names stay."""

    people: list[PersonDetail]


class AccountDetail(TypedDict):
    """Who makes the request, and what the person may do."""

    name: str
    role: RoleName


class SessionDetail(TypedDict):
    """A login to the page. `id` is a hash; `current` says whether the request came in it."""

    id: str
    person: str
    created_at: str
    last_seen_at: str
    last_seen_from: str
    agent: str
    current: bool


class SessionList(TypedDict):
    """Logins that have not ended, the one that was seen last first."""

    sessions: list[SessionDetail]


class EndedSessions(TypedDict):
    """How many logins were ended."""

    ended: int


class TokenDetail(TypedDict):
    """A token for programs, without the token itself."""

    id: int
    label: str
    role: RoleName
    created_at: str
    last_used_at: str | None


class TokenList(TypedDict):
    """Tokens that were not revoked, the newest first."""

    tokens: list[TokenDetail]


class CreatedToken(TypedDict):
    """A token that was just created: `token` is not shown again."""

    id: int
    label: str
    role: RoleName
    created_at: str
    last_used_at: str | None
    token: str


class AuditRecord(TypedDict):
    """What somebody did. `version` is the edit's number in the history of the configuration, null for the rest."""

    id: int
    at: str
    person: str
    via: str
    action: str
    object: str
    before: str | None
    after: str | None
    version: int | None


class AuditList(TypedDict):
    """A page of the audit, the newest first."""

    entries: list[AuditRecord]
    next_cursor: str | None


def encode_person(account: Account) -> PersonDetail:
    """Return a person as sent."""
    return {
        "name": account.name,
        "role": account.role.value,
        "login": "password" if account.has_password else "oidc" if account.subject is not None else "proxy",
        "created_at": format_timestamp(account.created_at),
        "disabled_at": format_timestamp(account.disabled_at),
    }


def encode_session(session: StoredSession, current_id: str = "") -> SessionDetail:
    """Return a login as sent; `current_id` is that of the request."""
    return {
        "id": session.id,
        "person": session.person,
        "created_at": format_timestamp(session.created_at),
        "last_seen_at": format_timestamp(session.last_seen_at),
        "last_seen_from": session.last_seen_from,
        "agent": session.agent,
        "current": session.id == current_id,
    }


def encode_token(token: ApiToken) -> TokenDetail:
    """Return a token as sent, without itself."""
    return {
        "id": token.id,
        "label": token.label,
        "role": token.role.value,
        "created_at": format_timestamp(token.created_at),
        "last_used_at": format_timestamp(token.last_used_at),
    }


def encode_audit(page: Page[AuditEntry]) -> AuditList:
    """Return a page of the audit as sent."""
    return {"entries": [_encode_entry(entry) for entry in page.items], "next_cursor": page.next_cursor}


def _encode_entry(entry: AuditEntry) -> AuditRecord:
    return {
        "id": entry.id,
        "at": format_timestamp(entry.at),
        "person": entry.person,
        "via": entry.via,
        "action": entry.action,
        "object": entry.object,
        "before": entry.before,
        "after": entry.after,
        "version": entry.version,
    }
