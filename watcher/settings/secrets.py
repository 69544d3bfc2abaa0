"""Fills in what a file must not hold: `${NAME}` from the environment, `*_file` from files, `WATCHER_...` overrides."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import get_args

from pydantic import SecretStr

from watcher.errors import Fault
from watcher.settings.yaml_nodes import Listing, Node, Place, Scalar, Table, walk_scalars
from watcher.text.suggest import did_you_mean
from watcher.text.written_values import Section

_REFERENCE = re.compile(r"\$(\$\{|\{([^}]*)\})")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_OVERRIDE = re.compile(r"WATCHER_([A-Z]+)__([A-Z0-9_]+)")
LARGEST_SECRET = 64 * 1024
PLACEHOLDERS = ("unset-secret", "https://unset-secret.invalid", "unset@unset-secret.invalid", "1")
"""What stands for a secret that is absent and not needed, so that all else can be checked: the first that fits."""


class FaultsWithoutSecrets(list[Fault]):
    """The faults of a configuration that is read for what needs no secrets; absent ones are kept apart in `missing`."""

    def __init__(self) -> None:
        super().__init__()
        self.missing: list[Fault] = []


def expand(root: Node, environ: Mapping[str, str], faults: list[Fault]) -> list[Scalar]:
    """Expand `${NAME}` from the environment, and return what was filled; `$${` is a literal `${`."""
    seen: dict[int, Scalar] = {}
    for scalar in walk_scalars(root):
        if scalar.value is not None and "$" in scalar.value and id(scalar) not in seen:
            seen[id(scalar)] = scalar
            _expand(scalar, environ, faults)
    return [scalar for scalar in seen.values() if scalar.filled]


def _expand(scalar: Scalar, environ: Mapping[str, str], faults: list[Fault]) -> None:
    text = scalar.value or ""
    filled: list[tuple[str, str]] = []

    def fill(match: re.Match[str]) -> str:
        """Return the value of a reference, a stand-in where it has none."""
        if match[1] == "${":
            return "${"
        name = match[2]
        place = Place(scalar.place.file, scalar.text_at.line, scalar.text_at.column + match.start())
        if not _NAME.fullmatch(name):
            faults.append(place.fault(f"${{{name}}} is not an environment variable: letters, digits and _ only"))
        elif name not in environ:
            near = did_you_mean(name, [variable for variable in environ if variable.isupper()])
            _miss(scalar, place.fault(f"environment variable {name} is not set{near}"), faults)
        elif not environ[name]:
            _miss(scalar, place.fault(f"environment variable {name} is empty"), faults)
        else:
            filled.append((name, environ[name]))
            return environ[name]
        return PLACEHOLDERS[0]

    def replace_references(placeholder: str) -> str:
        """Return the text with another stand-in for what is absent."""
        return _REFERENCE.sub(lambda match: "${" if match[1] == "${" else environ.get(match[2]) or placeholder, text)

    scalar.value = _REFERENCE.sub(fill, text)
    if scalar.missing is not None:
        scalar.instead = tuple(replace_references(placeholder) for placeholder in PLACEHOLDERS[1:])
    if filled or scalar.missing is not None:
        scalar.secret, scalar.written, scalar.filled = True, text, tuple(filled)


def _miss(scalar: Scalar, fault: Fault, faults: list[Fault]) -> None:
    """Note that a secret is absent: a fault, unless it is read where secrets are not needed."""
    if isinstance(faults, FaultsWithoutSecrets):
        scalar.missing = fault
        faults.missing.append(fault)
    else:
        faults.append(fault)


def secret_fields(model: type[Section]) -> tuple[str, ...]:
    """List the fields of a section that hold one secret."""
    return tuple(name for name, is_list in _find_secret_fields(model) if not is_list)


def read_files(table: Node, model: type[Section], folder: Path, faults: list[Fault]) -> None:
    """Read `password_file` and its like into `password`; a relative path counts from the configuration folder.

    A field of several secrets (`urls_file`) has one a line.
    """
    if not isinstance(table, Table):
        return
    for name in list_secret_lists(model):
        _read_list_file(table, name, folder, faults)
    for name in secret_fields(model):
        value = table.values.get(name)
        if isinstance(value, Scalar):
            value.secret = True
        if (named := _take_file(table, name, faults)) is not None:
            path, at, key_at = named
            value = Scalar(at, PLACEHOLDERS[0], key_at, secret=True)
            _read_secret(folder / path, value, faults)
            table.values[name], table.key_at[name] = value, key_at


def _take_file(table: Table, name: str, faults: list[Fault]) -> tuple[str, Place, Place] | None:
    """Take `NAME_file` out of a table: the path, where it and its key stand; None where there is none to read."""
    node = table.values.pop(f"{name}_file", None)
    if node is None:
        return None
    place = table.key_at.pop(f"{name}_file")
    if name in table.values:
        faults.append(place.fault(f"`{name}` and `{name}_file` are both set: one is enough"))
    elif not isinstance(node, Scalar) or not node.value:
        faults.append(node.place.fault(f"`{name}_file`: expected the path of a file"))
    else:
        return node.value, node.place, place
    return None


def list_secret_lists(model: type[Section]) -> tuple[str, ...]:
    """Return the fields of a model that hold several secrets; no message may repeat them."""
    return tuple(name for name, is_list in _find_secret_fields(model) if is_list)


@cache
def _find_secret_fields(model: type[Section]) -> tuple[tuple[str, bool], ...]:
    """Return the fields of a model that hold secrets, and whether each holds several: asked for every feed."""
    return tuple(
        (name, "tuple" in str(field.annotation))
        for name, field in model.model_fields.items()
        if field.annotation is SecretStr or SecretStr in get_args(field.annotation)
    )


def _read_list_file(table: Table, name: str, folder: Path, faults: list[Fault]) -> None:
    if (named := _take_file(table, name, faults)) is None:
        return
    path, at, key_at = named
    whole = Scalar(at, PLACEHOLDERS[1], key_at, secret=True)
    _read_secret(folder / path, whole, faults)
    lines = [line.strip() for line in (whole.value or "").splitlines() if line.strip()]
    items: list[Node] = [
        Scalar(at, line, key_at, secret=True, missing=whole.missing, instead=whole.instead) for line in lines
    ]
    table.values[name], table.key_at[name] = Listing(at, items), key_at


def _read_secret(path: Path, value: Scalar, faults: list[Fault]) -> None:
    """Read a secret file into the scalar that stands for its contents."""
    try:
        with path.expanduser().open("rb") as file:
            text = file.read(LARGEST_SECRET).decode().strip()
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "not UTF-8"
        text, reason = "", (why or "cannot be read").lower()
    else:
        reason = "empty"
    if text:
        value.value = text
        return
    value.instead = PLACEHOLDERS[1:]
    _miss(value, value.place.fault(f"secret file {path}: {reason}"), faults)


def read_secret_file(path: Path, named_at: Place, key_at: Place, faults: list[Fault]) -> str:
    """Return the text of a secret file; empty where it cannot be read, which is a fault or a missing secret."""
    value = Scalar(named_at, "", key_at, secret=True)
    _read_secret(path, value, faults)
    return value.value or ""


def override(
    root: Table, sections: Mapping[str, type[Section] | None], environ: Mapping[str, str], faults: list[Fault]
) -> list[Scalar]:
    """Set `WATCHER_<SECTION>__<KEY>` over what the file has, and return the values; `__` again steps in further."""
    filled: list[Scalar] = []
    for name in sorted(environ):
        match = _OVERRIDE.fullmatch(name)
        if match is None:
            continue
        section, path = match[1].lower(), match[2].lower().split("__")
        place = Place(name)
        if section not in sections:
            faults.append(place.fault(f"no section `{section}`{did_you_mean(section, sections)}"))
            continue
        value = Scalar(place, environ[name], place, secret=True, filled=((name, environ[name]),))
        filled.append(value)
        _set(root, [section, *path], value, place, faults)
    return filled


def _set(table: Table, path: list[str], value: Scalar, place: Place, faults: list[Fault]) -> None:
    for depth, step in enumerate(path):
        key = next((known for known in table.values if known.lower().replace("-", "_") == step), step)
        if depth == len(path) - 1:
            table.values[key], table.key_at[key] = value, place
            return
        inner = table.values.get(key)
        if inner is None or (isinstance(inner, Scalar) and inner.value is None):
            inner = Table(place)
            table.values[key], table.key_at[key] = inner, place
        if not isinstance(inner, Table):
            what = "a list" if isinstance(inner, Listing) else "one value"
            faults.append(place.fault(f"`{key}` is {what}: it cannot be set from the environment"))
            return
        table = inner


def hide_values(node: Node) -> None:
    """Mark every scalar below a node as not to be repeated."""
    for scalar in walk_scalars(node):
        scalar.secret = True
