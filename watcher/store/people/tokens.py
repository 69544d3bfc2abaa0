"""People's tokens for programs, by their hash."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import insert, select, update

from watcher.model.person import ApiToken
from watcher.model.role import Role
from watcher.store.database import Db
from watcher.store.tables import api_tokens


def add_token(db: Db, person: str, label: str, role: Role, token_hash: str, now: datetime) -> int:
    """Store a token, and return its number."""
    values = {"person": person, "label": label, "role": role.value, "token_hash": token_hash, "created_at": now}
    return int(db.execute(insert(api_tokens).values(values).returning(api_tokens.c.id)).scalar_one())


def find_token(db: Db, token_hash: str) -> ApiToken | None:
    """Return a token that was not revoked, None where there is none."""
    chosen = select(api_tokens).where(api_tokens.c.token_hash == token_hash, api_tokens.c.revoked_at.is_(None))
    row = db.execute(chosen).first()
    return None if row is None else _read_token(row._asdict())


def list_tokens(db: Db, person: str | None = None) -> tuple[ApiToken, ...]:
    """List the tokens that were not revoked, of one person or of all, the newest first."""
    chosen = select(api_tokens).where(api_tokens.c.revoked_at.is_(None)).order_by(api_tokens.c.id.desc())
    if person is not None:
        chosen = chosen.where(api_tokens.c.person == person)
    return tuple(_read_token(row._asdict()) for row in db.execute(chosen))


def touch_token(db: Db, token_id: int, at: datetime) -> None:
    """Store when a token was used."""
    db.execute(update(api_tokens).where(api_tokens.c.id == token_id).values(last_used_at=at))


def revoke_tokens(db: Db, person: str, now: datetime, *, only: int | None = None) -> int:
    """Revoke the tokens of a person, or one of them, and return how many were."""
    revoked = update(api_tokens).where(api_tokens.c.person == person, api_tokens.c.revoked_at.is_(None))
    if only is not None:
        revoked = revoked.where(api_tokens.c.id == only)
    return int(db.execute(revoked.values(revoked_at=now)).rowcount)


def _read_token(row: dict[str, object]) -> ApiToken:
    values = {name: value for name, value in row.items() if name != "token_hash"}
    return ApiToken(**(values | {"role": Role(str(row["role"]))}))  # type: ignore[arg-type]
