"""Many values as one bound parameter, so that a statement stays the same and prepared however many there are."""

from __future__ import annotations

import json
from collections.abc import Collection
from typing import Any, Self

from sqlalchemy import Boolean, Dialect, Text, TypeDecorator
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.sql.operators import OperatorType
from sqlalchemy.types import BigInteger, TypeEngine


class Many(TypeDecorator[Collection[Any]]):
    """Many texts or numbers: an array on PostgreSQL, a JSON list on SQLite."""

    impl = Text
    cache_ok = True

    def __init__(self, kind: type[Text] | type[BigInteger]) -> None:
        super().__init__()
        self.kind = kind

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        return dialect.type_descriptor(ARRAY(self.kind) if dialect.name == "postgresql" else Text())

    def process_bind_param(self, value: Collection[Any] | None, dialect: Dialect) -> Any:
        if value is None:
            return None
        return list(value) if dialect.name == "postgresql" else json.dumps(list(value), ensure_ascii=False)


IDS = Many(BigInteger)
TEXTS = Many(Text)


class one_of(FunctionElement[bool]):  # noqa: N801  (reads as the question it asks)
    """Ask whether a column is one of many: `one_of(column, bindparam("ids", type_=IDS))`."""

    type = Boolean()
    name = "one_of"
    inherit_cache = True
    # Else SQLite, which has no truth of its own, is asked `... IN (...) = 1`, and reads the whole table for it.
    _is_implicitly_boolean = True

    def self_group(self, against: OperatorType | None = None) -> Self:
        """Stand as it is: SQLAlchemy would compare it with 1 on SQLite, which then looks at every row."""
        return self


@compiles(one_of)
def _any(element: one_of, compiler: SQLCompiler, **options: Any) -> str:
    column, many = element.clauses
    return f"{compiler.process(column, **options)} = ANY ({compiler.process(many, **options)})"


@compiles(one_of, "sqlite")
def _each(element: one_of, compiler: SQLCompiler, **options: Any) -> str:
    column, many = element.clauses
    asked = compiler.process(many, **options)
    return f"{compiler.process(column, **options)} IN (SELECT value FROM json_each({asked}))"  # noqa: S608
