"""Validates nodes against the schema. The only module that turns pydantic's errors into faults a person can act on."""

from __future__ import annotations

import types
from collections.abc import Sequence
from datetime import timedelta
from typing import Any, TypeVar, Union, cast, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from watcher.errors import Fault
from watcher.settings.value_types import format_duration
from watcher.settings.yaml_nodes import Node, Place, Scalar, Table, find_node, to_values, walk_scalars
from watcher.text.suggest import did_you_mean
from watcher.text.written_values import Section, shorten_text

Model = TypeVar("Model", bound=Section)

_MESSAGES = {
    "int_parsing": "is not a whole number",
    "int_type": "is not a whole number",
    "int_from_float": "is not a whole number",
    "float_parsing": "is not a number",
    "float_type": "is not a number",
    "bool_parsing": "is neither true nor false",
    "bool_type": "is neither true nor false",
    "string_type": "must be text",
    "string_pattern_mismatch": "does not have the expected form",
    "time_delta_parsing": "is not a duration: write 30m, 6h or 7d",
}
"""What pydantic's types of errors are called here; each follows the value."""
_MESSAGES_WITHOUT_VALUE = {
    "tuple_type": "expected a list here",
    "list_type": "expected a list here",
    "model_type": "expected `key: value` lines here",
    "dict_type": "expected `key: value` lines here",
    "model_attributes_type": "expected `key: value` lines here",
    "too_short": "must not be empty",
    "string_too_short": "must not be empty",
}
_BOUNDS = {"ge": "at least", "le": "at most", "gt": "more than", "lt": "less than"}


def build_section(model: type[Model], node: Node, faults: list[Fault]) -> Model | None:
    """Return a section from a node; None where there are faults, all of which are added."""
    if not isinstance(node, Table):
        if isinstance(node, Scalar) and node.value is None:
            node = Table(node.place)
        else:
            faults.append(node.place.fault("expected `key: value` lines here"))
            return None
    if not node.values and not any(field.is_required() for field in model.model_fields.values()):
        # The same values (tests/settings/test_defaults.py); the validator of a section takes 2 ms to build.
        return cast("Model", model.model_construct())
    while True:
        try:
            return model.model_validate(to_values(node))
        except ValidationError as error:
            errors = error.errors(include_url=False)
        # A secret that is absent and not needed has a stand-in: where that is unsuitable, the next one is tried.
        if not _replace_placeholders(node, errors):
            faults += [_to_fault(model, node, error) for error in errors]
            return None


def _replace_placeholders(node: Table, errors: Sequence[ErrorDetails]) -> bool:
    """Put the next stand-in into each secret that an error is about; return whether there was any."""
    culprits = [find_node(node, tuple(error["loc"])) for error in errors if error["loc"]]
    unsuitable = {id(scalar): scalar for culprit in culprits for scalar in walk_scalars(culprit) if scalar.instead}
    for scalar in unsuitable.values():
        scalar.value, *rest = scalar.instead
        scalar.instead = tuple(rest)
    return bool(unsuitable)


def _to_fault(model: type[Section], node: Table, error: ErrorDetails) -> Fault:
    path = tuple(error["loc"])
    names = [str(step) for step in path if isinstance(step, str)]
    key = names[-1] if names else ""
    if error["type"] == "missing":
        return find_node(node, path[:-1]).place.fault(f"`{key}` is missing")
    if error["type"] == "extra_forbidden":
        return _to_unknown_key(model, find_node(node, path[:-1]), path[:-1], key)
    culprit = find_node(node, path)
    if culprit is not node:
        # An absent secret explains whatever is wrong with what stands in its place.
        absent = next((scalar.missing for scalar in walk_scalars(culprit) if scalar.missing is not None), None)
        if absent is not None:
            return absent
    message = _format_message(error, culprit)
    return culprit.place.fault(f"`{key}`: {message}" if key and not message.startswith("`") else message)


def _to_unknown_key(model: type[Section], holder: Node, path: tuple[int | str, ...], key: str) -> Fault:
    place = holder.key_at.get(key, holder.place) if isinstance(holder, Table) else holder.place
    known = _list_fields(model, path)
    hint = did_you_mean(key, known) or (f"; known here: {', '.join(known)}" if known else "")
    return place.fault(f"unknown key `{shorten_text(key)}`{hint}")


def _format_message(error: ErrorDetails, culprit: Node) -> str:
    """Return what is wrong with a value; one that is secret is not repeated."""
    kind, context = error["type"], error.get("ctx", {})
    value = ""
    if isinstance(culprit, Scalar) and culprit.value is not None and not culprit.secret:
        value = f"{shorten_text(culprit.value)!r} "
    if kind == "value_error":
        return str(context.get("error", error["msg"]))  # raised by a validator of the schema: a sentence of ours
    if kind in _MESSAGES:
        return f"{value}{_MESSAGES[kind]}".strip()
    if kind in _MESSAGES_WITHOUT_VALUE:
        return _MESSAGES_WITHOUT_VALUE[kind]
    if kind in ("literal_error", "enum"):
        return f"{value}is none of {context.get('expected', '')}".replace("'", "")
    if kind == "string_too_long":
        return f"is longer than {context.get('max_length')} characters"
    for bound, words in _BOUNDS.items():
        if bound in context:
            return f"{value}is out of range: {words} {_bound(context[bound])}"
    return str(error["msg"])


def _bound(value: Any) -> str:
    return format_duration(value) if isinstance(value, timedelta) else str(value)


def _list_fields(model: type[BaseModel], path: Sequence[int | str]) -> list[str]:
    """List the keys that are known at a path below a model."""
    section: type[BaseModel] | None = model
    for step in path:
        if isinstance(step, int):
            continue
        known = section is not None and step in section.model_fields
        section = _find_model(section.model_fields[step].annotation) if section is not None and known else None
    return list(section.model_fields) if section is not None else []


def _find_model(annotation: Any) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    if get_origin(annotation) in (Union, types.UnionType, tuple, list):
        return next((model for part in get_args(annotation) if (model := _find_model(part))), None)
    return None


def read_sections(place: Place, table: Node | None, known: Sequence[str], faults: list[Fault]) -> Table:
    """Return a file's outermost mapping, an empty one where it is none; unknown keys are faults."""
    if table is None or (isinstance(table, Scalar) and table.value is None):
        return Table(place)
    if not isinstance(table, Table):
        faults.append(table.place.fault(f"expected sections here: {', '.join(known)}"))
        return Table(place)
    for key, place_of_key in table.key_at.items():
        if key not in known:
            hint = did_you_mean(key, known) or f"; known here: {', '.join(known)}"
            faults.append(place_of_key.fault(f"unknown section `{shorten_text(key)}`{hint}"))
    return table
