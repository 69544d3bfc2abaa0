"""How the help of commands is printed: whole sentences, and examples that can be pasted, at any width."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import typer
from typer._click.core import Command, Context
from typer._click.formatting import HelpFormatter
from typer.core import TyperCommand, TyperGroup
from typer.models import CommandFunctionType

_WORD = re.compile(r"""(?:[^\s'"]|'[^']*'|"[^"]*")+""")
_TYPE = re.compile(r" ?<(?:list\[)?([^<>\]]*)\]?>")
_TYPE_NAMES = {"str": "TEXT", "path": "FILE", "int": "N", "int range": "N", "float": "N", "float range": "N"}


@dataclass(frozen=True, slots=True)
class Example:
    """A command as it can be pasted, and what it does; empty where it needs no word."""

    command: str
    meaning: str = ""


def parse_epilog(epilog: str) -> Iterator[str | Example]:
    """Yield the paragraphs and the examples below a help. An example is a line that begins with two spaces."""
    for paragraph in epilog.strip("\n").split("\n\n"):
        if not paragraph.startswith("  "):
            yield " ".join(paragraph.split())
            continue
        for line in filter(None, paragraph.splitlines()):
            command, _gap, meaning = line.strip().partition("   ")
            yield Example(command, meaning.strip())


def break_command(command: str, width: int) -> list[str]:
    """Return a command in lines of at most so many columns, which a shell reads as one."""
    lines: list[str] = []
    for word in _WORD.findall(command):
        if lines and len(lines[-1]) + len(word) + 1 <= width - 2:
            lines[-1] += f" {word}"
        else:
            lines.append(f"    {word}" if lines else word)
    return [f"{line} \\" for line in lines[:-1]] + lines[-1:]


def _collect_usage(pieces: list[str]) -> list[str]:
    """Return the words of the usage line; what is needed stands without braces, as in most manuals."""
    return [re.sub(r"^\{(.*)\}(\.\.\.)?$", r"\1\2", piece) for piece in pieces]


def _write_options(command: Command, ctx: Context, formatter: HelpFormatter) -> None:
    """Write arguments and options with the types that a person knows."""
    sections: dict[str, list[tuple[str, str]]] = {"Arguments": [], "Options": []}
    for param in command.get_params(ctx):
        record = param.get_help_record(ctx)
        if record is None:
            continue
        section, convert = ("Arguments", _drop_type) if param.param_type_name == "argument" else ("Options", _name_type)
        sections[section].append((_TYPE.sub(convert, record[0]), record[1]))
    for title, records in sections.items():
        if records:
            with formatter.section(title):
                formatter.write_dl(records)


def _drop_type(match: re.Match[str]) -> str:
    """Return the choices of an argument; its name tells any other type."""
    return f" <{match[1]}>" if "|" in match[1] else ""


def _name_type(match: re.Match[str]) -> str:
    return _drop_type(match) or f" {_TYPE_NAMES.get(match[1], match[1].upper())}"


def _write_epilog(epilog: str | None, formatter: HelpFormatter) -> None:
    is_first = True
    for part in parse_epilog(epilog or ""):
        if isinstance(part, Example):
            if is_first:
                formatter.write("\n")
            for line in break_command(part.command, formatter.width - 2):
                formatter.write(f"  {line}\n")
            if part.meaning:
                formatter.write(f"      {part.meaning}\n")
        elif part:
            formatter.write("\n")
            formatter.write_text(part)
        is_first = not isinstance(part, Example)


class PlainCommand(TyperCommand):
    """A command with plain help."""

    def collect_usage_pieces(self, ctx: Context) -> list[str]:
        """Return the words of the usage line."""
        return _collect_usage(super().collect_usage_pieces(ctx))

    def format_options(self, ctx: Context, formatter: HelpFormatter) -> None:
        """Write arguments and options."""
        _write_options(self, ctx, formatter)

    def format_epilog(self, ctx: Context, formatter: HelpFormatter) -> None:
        """Write examples and what else stands below."""
        _write_epilog(self.epilog, formatter)


class PlainGroup(TyperGroup):
    """A group with plain help: the summaries of its commands are not cut."""

    def list_commands(self, ctx: Context) -> list[str]:
        """Return the names of the commands, without building any."""
        return list(self.commands)

    def collect_usage_pieces(self, ctx: Context) -> list[str]:
        """Return the words of the usage line."""
        return _collect_usage(super().collect_usage_pieces(ctx))

    def format_options(self, ctx: Context, formatter: HelpFormatter) -> None:
        """Write options and commands."""
        _write_options(self, ctx, formatter)
        self.format_commands(ctx, formatter)

    def format_commands(self, ctx: Context, formatter: HelpFormatter) -> None:
        """Write the commands with the whole first sentence of each."""
        commands = [(name, self.get_command(ctx, name)) for name in self.list_commands(ctx)]
        rows = [(name, get_summary(command)) for name, command in commands if command is not None]
        with formatter.section("Commands"):
            formatter.write_dl(rows)

    def format_epilog(self, ctx: Context, formatter: HelpFormatter) -> None:
        """Write examples and what else stands below."""
        _write_epilog(self.epilog, formatter)


def get_summary(command: Command) -> str:
    """Return the first sentence of a command's help, up to a semicolon or colon where it is long."""
    first = " ".join((command.help or "").partition("\n\n")[0].split()).partition(". ")[0]
    if len(first) > 70:
        first = re.split(r"[;:] ", first)[0]
    return first.rstrip(".") + "."


class Commands(typer.Typer):
    """A part of the command line with plain help; the root alone installs completion."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**{"cls": PlainGroup, "rich_markup_mode": None, "add_completion": False, **options})

    def command(
        self, name: str | None = None, *, cls: type[TyperCommand] | None = None, **options: Any
    ) -> Callable[[CommandFunctionType], CommandFunctionType]:
        """Return the decorator of a command, whose help is plain, too."""
        return super().command(name, cls=cls or PlainCommand, **options)
