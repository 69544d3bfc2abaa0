"""Reads the section `channels`: its kinds, and what each of them needs, come from the registry of channel types."""

from __future__ import annotations

from pathlib import Path

from watcher.channels import CHANNELS
from watcher.errors import Fault
from watcher.model.subscription import Channel
from watcher.settings import secrets
from watcher.settings.former_names import check_former_names
from watcher.settings.validation import build_section
from watcher.settings.yaml_nodes import Node, Scalar, Table
from watcher.text.suggest import did_you_mean
from watcher.text.written_values import NAME, shorten_text


def read_channels(
    node: Node | None, folder: Path, state_folder: Path, faults: list[Fault]
) -> tuple[tuple[Channel, ...], frozenset[str]]:
    """Return the channels, and the names of all that the file holds, faulty or not."""
    if node is None or (isinstance(node, Scalar) and node.value is None):
        return (), frozenset()
    if not isinstance(node, Table):
        faults.append(node.place.fault("`channels`: expected `name:` with its `kind:` below it"))
        return (), frozenset()
    read = [_read_channel(name, section, node, folder, state_folder, faults) for name, section in node.values.items()]
    channels = tuple(channel for channel in read if channel is not None)
    check_former_names(
        "channel", [(channel.name, channel.formerly, node.values[channel.name]) for channel in channels], faults
    )
    return channels, frozenset(node.values)


def _read_channel(
    name: str, node: Node, table: Table, folder: Path, state_folder: Path, faults: list[Fault]
) -> Channel | None:
    if not NAME.fullmatch(name):
        faults.append(
            table.key_at[name].fault(f"channel {shorten_text(name)!r}: letters, digits, `-`, `_` and `.` only")
        )
        return None
    if not isinstance(node, Table):
        faults.append(node.place.fault(f"channel `{name}`: expected `kind:` and what it needs"))
        return None
    kind = _read_kind(name, node, faults)
    if kind is None:
        return None
    model = CHANNELS[kind].options_model
    section = Table(
        node.place,
        {key: value for key, value in node.values.items() if key != "kind"},
        {key: place for key, place in node.key_at.items() if key != "kind"},
    )
    secrets.read_files(section, model, folder, faults)
    # Addresses of Apprise hold keys; what is wrong with one must not repeat it.
    for key in secrets.list_secret_lists(model):
        if key in section.values:
            secrets.hide_values(section.values[key])
    options = build_section(model, section, faults)
    if options is None:
        return None
    return Channel(
        name=name,
        kind=kind,
        recipients=options.recipients,
        formerly=options.formerly,
        options=options.resolve_paths(state_folder),
    )


def _read_kind(name: str, node: Table, faults: list[Fault]) -> str | None:
    kind = node.values.get("kind")
    known = list(CHANNELS)
    if isinstance(kind, Scalar) and kind.value in known:
        return kind.value
    if isinstance(kind, Scalar):
        reason, hint = f"{shorten_text(str(kind.value))!r} is none of ", did_you_mean(str(kind.value), known)
    else:
        reason, hint = "`kind` is missing: ", ""
    faults.append((kind or node).place.fault(f"channel `{name}`: {reason}{', '.join(known)}{hint}"))
    return None
