"""Checks the earlier names of channels and digests, under which the database may hold their past."""

from __future__ import annotations

from collections.abc import Sequence

from watcher.errors import Fault
from watcher.settings.yaml_nodes import Node, Table
from watcher.text.written_values import shorten_text


def check_former_names(noun: str, sections: Sequence[tuple[str, tuple[str, ...], Node]], faults: list[Fault]) -> None:
    """Add a fault for each former name that is in use, or that two sections claim: the past has one heir.

    `sections` are names with their former names and nodes; `noun` names what they are.
    """
    heirs = {name: name for name, _former_names, _node in sections}
    for name, former_names, node in sections:
        for former in former_names:
            heir = heirs.setdefault(former, name)
            if heir != name or former == name:
                place = node.values["formerly"].place if isinstance(node, Table) else node.place
                reason = f"{noun} `{heir}` has this name" if heir == former else f"{noun} `{heir}` had this name, too"
                faults.append(place.fault(f"`formerly`: {shorten_text(former)}: {reason}"))
