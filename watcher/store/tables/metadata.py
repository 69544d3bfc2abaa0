"""The metadata that all tables belong to, with the names of their constraints and indexes."""

from __future__ import annotations

from typing import Any

from sqlalchemy import MetaData, text

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)


def partial_index(condition: str) -> dict[str, Any]:
    """Return the options of an Index that holds only the rows of a condition, on either database."""
    return {"postgresql_where": text(condition), "sqlite_where": text(condition)}
