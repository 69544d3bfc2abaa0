"""Joins the search expressions of a full-text index, in the syntax of either database."""

from __future__ import annotations

from collections.abc import Sequence


def join_expressions(operator: str, expressions: Sequence[str | None]) -> str | None:
    """Return the expressions that restrict anything, joined in parentheses; None where none does."""
    restricting = [expression for expression in expressions if expression is not None]
    return f"({operator.join(restricting)})" if restricting else None
