"""Checks nodes against the schema; alone knows how pydantic's findings become faults that a person can act on."""

from __future__ import annotations

import types
from collections.abc import Sequence
from datetime import timedelta
from typing import Any, TypeVar, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from watcher.errors import Fault
from watcher.settings.schema import Section
from watcher.settings.value_types import shorten, write_length
from watcher.settings.yaml_nodes import Node, Place, Scalar, Table, at, plain, scalars
from watcher.text.suggest import did_you_mean

Model = TypeVar("Model", bound=Section)

_SAID = {
    "int_parsing": "is no whole number",
    "int_type": "is no whole number",
    "int_from_float": "is no whole number",
    "float_parsing": "is no number",
    "float_type": "is no number",
    "bool_parsing": "is neither yes nor no",
    "bool_type": "is neither yes nor no",
    "string_type": "has to be text",
    "string_pattern_mismatch": "is not as it should be written",
    "time_delta_parsing": "is no length of time: write 30m, 6h or 7d",
}


def check(model: type[Model], node: Node, faults: list[Fault]) -> Model | None:
    """Make a section of a node; None where there are faults, all of which are added."""
    if not isinstance(node, Table):
        if isinstance(node, Scalar) and node.value is None:
            node = Table(node.place)
        else:
            faults.append(node.place.fault("expected `key: value` lines here"))
            return None
    while True:
        try:
            return model.model_validate(plain(node))
        except ValidationError as error:
            found = error.errors(include_url=False)
        places = [at(node, tuple(error["loc"])) for error in found if error["loc"]]
        unsuitable = {id(each): each for place in places for each in scalars(place) if each.instead}
        if not unsuitable:
            faults += [_fault(model, node, each) for each in found]
            return None
        for each in unsuitable.values():
            each.value, *rest = each.instead
            each.instead = tuple(rest)


def _fault(model: type[Section], node: Table, error: ErrorDetails) -> Fault:
    where = tuple(error["loc"])
    names = [str(step) for step in where if isinstance(step, str)]
    key = names[-1] if names else ""
    match error["type"]:
        case "missing":
            return at(node, where[:-1]).place.fault(f"`{key}` is missing")
        case "extra_forbidden":
            holder = at(node, where[:-1])
            place = holder.key_at.get(key, holder.place) if isinstance(holder, Table) else holder.place
            known = _fields(model, where[:-1])
            said = did_you_mean(key, known) or (f"; known here: {', '.join(known)}" if known else "")
            return place.fault(f"unknown key `{shorten(key)}`{said}")
        case _:
            pass
    culprit = at(node, where)
    if culprit is not node and (missing := [each.missing for each in scalars(culprit) if each.missing is not None]):
        return missing[0]
    message = _message(error, culprit)
    return culprit.place.fault(f"`{key}`: {message}" if key and not message.startswith("`") else message)


def _message(error: ErrorDetails, culprit: Node) -> str:
    kind, context = error["type"], error.get("ctx", {})
    value = ""
    if isinstance(culprit, Scalar) and culprit.value is not None and not culprit.secret:
        value = f"{shorten(culprit.value)!r} "
    if kind == "value_error":
        return str(context.get("error", error["msg"]))
    if kind in _SAID:
        return f"{value}{_SAID[kind]}".strip()
    if kind in ("tuple_type", "list_type"):
        return "expected a list here"
    if kind in ("model_type", "dict_type", "model_attributes_type"):
        return "expected `key: value` lines here"
    if kind in ("literal_error", "enum"):
        return f"{value}is none of {context.get('expected', '')}".replace("'", "")
    if kind in ("too_short", "string_too_short"):
        return "may not be empty"
    if kind == "string_too_long":
        return f"is longer than {context.get('max_length')} characters"
    for bound, words in (("ge", "at least"), ("le", "at most"), ("gt", "more than"), ("lt", "less than")):
        if bound in context:
            return f"{value}is out of bounds: {words} {_bound(context[bound])}"
    return str(error["msg"])


def _bound(value: Any) -> str:
    return write_length(value) if isinstance(value, timedelta) else str(value)


def _fields(model: type[BaseModel], path: Sequence[int | str]) -> list[str]:
    """Name the keys that are known at a path below a model."""
    here: type[BaseModel] | None = model
    for step in path:
        if isinstance(step, int):
            continue
        here = _model_in(here.model_fields[step].annotation) if here and step in here.model_fields else None
    return list(here.model_fields) if here else []


def _model_in(annotation: Any) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    if get_origin(annotation) in (Union, types.UnionType, tuple, list):
        return next((found for each in get_args(annotation) if (found := _model_in(each))), None)
    return None


def whole(place: Place, table: Node | None, known: Sequence[str], faults: list[Fault]) -> Table:
    """Take a file's outermost mapping, naming unknown keys; an empty one where it is none."""
    if table is None or (isinstance(table, Scalar) and table.value is None):
        return Table(place)
    if not isinstance(table, Table):
        faults.append(table.place.fault(f"expected sections here: {', '.join(known)}"))
        return Table(place)
    for key, where in table.key_at.items():
        if key not in known:
            said = did_you_mean(key, known) or f"; known here: {', '.join(known)}"
            faults.append(where.fault(f"unknown section `{shorten(key)}`{said}"))
    return table
