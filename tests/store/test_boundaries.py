"""What the store keeps in one place: the differences between the databases, and what migrations are made of."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
MIGRATIONS = sorted((ROOT / "db" / "versions").glob("*.py"))


def list_imports(file: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        if isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def test_the_dialects_of_sqlalchemy_are_known_in_store_sql_alone() -> None:
    outside = [
        file.relative_to(ROOT)
        for file in (ROOT / "watcher").rglob("*.py")
        if "watcher/store/sql/" not in file.as_posix()
        and any(name.startswith("sqlalchemy.dialects") for name in list_imports(file))
    ]

    assert outside == []


@pytest.mark.parametrize("file", MIGRATIONS, ids=lambda file: file.stem)
def test_a_migration_imports_nothing_that_may_change(file: Path) -> None:
    packages = {name.split(".")[0] for name in list_imports(file)}

    assert packages <= {"sqlalchemy", "alembic"}
