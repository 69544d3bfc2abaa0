"""Checks values against the models of the contract."""

from __future__ import annotations

from typing import Any

from pydantic import TypeAdapter


def validate(model: Any, value: Any) -> Any:
    """Return the value; fails where it lacks a key of the model, has one that the model does not name, or a type."""
    adapter: TypeAdapter[Any] = TypeAdapter(model)
    assert adapter.dump_python(adapter.validate_python(value, strict=True)) == value
    return value
