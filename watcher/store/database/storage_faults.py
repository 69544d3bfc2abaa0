"""Which faults are of the place where the database is, and pass by themselves, and which of what it was asked."""

from __future__ import annotations

import sqlite3

from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from watcher.errors import StorageFault

# https://sqlite.org/rescode.html; the lower byte of a code says what it is about.
_SQLITE = {
    sqlite3.SQLITE_FULL: StorageFault.FULL,
    sqlite3.SQLITE_READONLY: StorageFault.READ_ONLY,
    sqlite3.SQLITE_BUSY: StorageFault.LOCKED,
    sqlite3.SQLITE_LOCKED: StorageFault.LOCKED,
    sqlite3.SQLITE_PROTOCOL: StorageFault.LOCKED,
    sqlite3.SQLITE_IOERR: StorageFault.BROKEN,
    sqlite3.SQLITE_CANTOPEN: StorageFault.AWAY,
    sqlite3.SQLITE_PERM: StorageFault.READ_ONLY,
}
# https://www.postgresql.org/docs/current/errcodes-appendix.html; codes, then classes of codes.
_POSTGRESQL = {
    "53100": StorageFault.FULL,
    "25006": StorageFault.READ_ONLY,
    "25P03": StorageFault.AWAY,  # this process was held up within a transaction, which the server ended
    "58030": StorageFault.BROKEN,
    "40001": StorageFault.LOCKED,
    "40P01": StorageFault.LOCKED,
    "55P03": StorageFault.LOCKED,
    "08": StorageFault.AWAY,
    "53": StorageFault.AWAY,
    "57P": StorageFault.AWAY,
}


def find_storage_fault(error: BaseException) -> StorageFault | None:
    """Return what is the matter with the place where the database is; None where the fault lies elsewhere."""
    if isinstance(error, PoolTimeoutError):
        return StorageFault.LOCKED  # every connection of the pool is in use
    if not isinstance(error, DBAPIError):
        return None
    cause = error.orig
    if isinstance(cause, sqlite3.Error):
        return _SQLITE.get(getattr(cause, "sqlite_errorcode", 0) & 0xFF)
    state = str(getattr(cause, "sqlstate", None) or "")
    if not state:
        # psycopg knows no code where it reached no server, or lost it.
        is_gone = error.connection_invalidated or type(cause).__name__ in {"OperationalError", "ConnectionTimeout"}
        return StorageFault.AWAY if is_gone else None
    return next((_POSTGRESQL[key] for key in (state, state[:3], state[:2]) if key in _POSTGRESQL), None)
