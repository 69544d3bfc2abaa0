"""Builds a command when it is asked for: Typer would build all of its group, reading the type hints of each."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, MutableMapping
from copy import copy
from typing import cast

import typer
from typer._click.core import Command
from typer.core import TyperGroup
from typer.main import get_command_from_info, get_command_name, get_group_from_info
from typer.models import CommandInfo, TyperInfo


def build_command(app: typer.Typer, name: str) -> Command:
    """Return what has a name among the groups and commands of a module's app, else the app as a whole."""
    for group in app.registered_groups:
        if group.name == name:
            return _build_group(app, group)
    commands = _map_commands(app)
    if len(commands) == 1 and app.registered_callback is None and not app.registered_groups:
        return typer.main.get_command(app)  # with its options for completion, where it has them
    if name in commands:
        return _build_command(app, commands[name])
    return _build_group(app, TyperInfo(app))


class _CommandsOnDemand(Mapping[str, Command]):
    """The commands of a group by their names, in the order of its module."""

    def __init__(self, app: typer.Typer) -> None:
        self._app = app
        self._infos = _map_commands(app)
        self._built: dict[str, Command] = {}

    def __getitem__(self, name: str) -> Command:
        if name not in self._built:
            self._built[name] = _build_command(self._app, self._infos[name])
        return self._built[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._infos)

    def __len__(self) -> int:
        return len(self._infos)


def _map_commands(app: typer.Typer) -> dict[str, CommandInfo]:
    return {_get_name(info): info for info in app.registered_commands}


def _get_name(info: CommandInfo) -> str:
    return info.name or get_command_name(getattr(info.callback, "__name__", ""))


def _build_command(app: typer.Typer, info: CommandInfo) -> Command:
    return get_command_from_info(
        info, pretty_exceptions_short=app.pretty_exceptions_short, rich_markup_mode=app.rich_markup_mode
    )


def _build_group(app: typer.Typer, info: TyperInfo) -> Command:
    """Return a group of which Typer has built everything but the commands."""
    assert info.typer_instance is not None
    emptied, emptied_info = copy(info.typer_instance), copy(info)
    emptied.registered_commands, emptied_info.typer_instance = [], emptied
    if info.typer_instance is app and app.registered_callback is not None:
        group = typer.main.get_command(emptied)
    else:
        group = get_group_from_info(
            emptied_info,
            pretty_exceptions_short=app.pretty_exceptions_short,
            suggest_commands=app.suggest_commands,
            rich_markup_mode=app.rich_markup_mode,
        )
    assert isinstance(group, TyperGroup)
    # Nothing is added to a group that is built.
    group.commands = cast("MutableMapping[str, Command]", _CommandsOnDemand(info.typer_instance))
    return group
