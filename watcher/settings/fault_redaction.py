"""Takes values of the environment out of faults: a fault is printed, logged and pasted into bug reports."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace

from watcher.errors import Fault
from watcher.settings.yaml_nodes import Place, Scalar

_QUOTED = re.compile(r"'[^']*'|\"[^\"]*\"")
_SHORTEST = 4
"""Characters; what is shorter stands in a sentence by chance, and is looked for in quotes only."""

_IDENTIFYING_LENGTH = 8
"""Characters in a row of a value that nobody would write by chance."""


def conceal_values(faults: Iterable[Fault], filled: Sequence[Scalar]) -> tuple[Fault, ...]:
    """Return faults that name `${NAME}` wherever they would repeat a value that came from it."""
    return tuple(_conceal_fault(fault, filled) for fault in faults)


def _conceal_fault(fault: Fault, filled: Sequence[Scalar]) -> Fault:
    place = Place(fault.file, fault.line, fault.column)
    message = fault.message
    # Longest first: a value may be a part of another.
    values = sorted(
        {(name, value, scalar.place == place) for scalar in filled for name, value in scalar.filled},
        key=lambda filled_value: len(filled_value[1]),
        reverse=True,
    )
    for name, value, is_at_fault in values:
        for form in _list_forms(value):
            if len(form) >= _SHORTEST or (is_at_fault and not form.isalpha()):
                message = message.replace(form, f"${{{name}}}")
        message = _QUOTED.sub(lambda quoted: _conceal_quoted(quoted[0], name, value, is_at_fault=is_at_fault), message)  # noqa: B023
        if is_at_fault and _repeats_value(message, value):
            message = f"the value of ${{{name}}} cannot be used here"
    return replace(fault, message=message)


def _list_forms(value: str) -> tuple[str, ...]:
    """Return a value as messages may have it: trimmed, in lower case, escaped as in `repr`."""
    bare = value.strip()
    forms = (value, bare, bare.lower(), repr(bare)[1:-1], repr(bare.lower())[1:-1])
    return tuple(dict.fromkeys(form for form in forms if form))


def _repeats_value(message: str, value: str) -> bool:
    """Return whether a message still holds a part of a value that nobody would write by chance."""
    message, value = message.casefold(), value.casefold()
    return any(value[at : at + _IDENTIFYING_LENGTH] in message for at in range(len(value) - _IDENTIFYING_LENGTH + 1))


def _conceal_quoted(quoted: str, name: str, value: str, *, is_at_fault: bool) -> str:
    """Return a quoted part of a message, or the reference where it is the value, or a part of it at its own place."""
    inner = quoted[1:-1].rstrip("…").casefold()
    whole = [form.casefold() for form in _list_forms(value)]
    if inner in whole or (is_at_fault and inner and any(inner in form for form in whole)):
        return f"{quoted[0]}${{{name}}}{quoted[0]}"
    return quoted
