"""Formats what a query requires as an expression of the word index: FTS5 on SQLite, a tsquery on PostgreSQL.

Apart from the index itself, because it imports the matcher: lists without a search need the one and not the other.
"""

from __future__ import annotations

from collections.abc import Sequence

from watcher.match import AllOf, AnyOf, Anything, RequiredPhrase, RequiredPrefix, RequiredTerms, RequiredToken
from watcher.store.database import Db
from watcher.store.entries.fulltext_index import LONG_TEXT_MARK


def format_expression(db: Db, need: RequiredTerms) -> str | None:
    """Say a need in the database's own search syntax; None where any entry may match. Tokens are ASCII words."""
    return _fts5(need) if db.dialect.name == "sqlite" else _tsquery(need)


def _fts5(need: RequiredTerms) -> str | None:
    match need:
        case RequiredToken(text=token):
            return f'"{token}"'
        case RequiredPrefix(text=token):
            return f'"{token}"*'
        case RequiredPhrase(tokens=tokens):
            return '"' + " ".join(tokens) + '"'
        case AllOf(parts=parts):
            return _joined(" AND ", [found for part in parts if (found := _fts5(part)) is not None])
        case AnyOf(parts=parts):
            some = [_fts5(part) for part in parts]
            return None if None in some else _joined(" OR ", [found for found in some if found is not None])
        case Anything():
            return None


def _tsquery(need: RequiredTerms) -> str | None:
    match need:
        case RequiredToken(text=token):
            return f"'{token}'"
        case RequiredPrefix(text=token):
            return f"'{token}':*"
        case RequiredPhrase(tokens=tokens):
            side_by_side = " <-> ".join(f"'{token}'" for token in tokens)
            anywhere = " & ".join(f"'{token}'" for token in (*tokens, LONG_TEXT_MARK))
            return f"({side_by_side} | ({anywhere}))"
        case AllOf(parts=parts):
            return _joined(" & ", [found for part in parts if (found := _tsquery(part)) is not None])
        case AnyOf(parts=parts):
            some = [_tsquery(part) for part in parts]
            return None if None in some else _joined(" | ", [found for found in some if found is not None])
        case Anything():
            return None


def _joined(operator: str, parts: Sequence[str]) -> str | None:
    return f"({operator.join(parts)})" if parts else None
