"""The page of all commands, from the tree of commands that the program itself builds."""

from __future__ import annotations

import inspect
import re
import textwrap
from collections.abc import Iterator

import typer
from typer._click.core import Command, Context
from typer.core import TyperGroup

from tools.manual.markup import block, code, escape, page, table
from watcher.cli.help import Example, get_summary, parse_epilog
from watcher.cli.main import EPILOG, app


def list_commands() -> Iterator[tuple[str, Command, Context]]:
    """Yield every command with the words that call it, groups before what is in them."""
    yield from _walk(typer.main.get_command(app), Context(typer.main.get_command(app), info_name="watcher"))


def _walk(command: Command, context: Context) -> Iterator[tuple[str, Command, Context]]:
    yield context.command_path, command, context
    if isinstance(command, TyperGroup):
        for name in command.list_commands(context):
            child = command.get_command(context, name)
            if child is not None and not child.hidden:
                yield from _walk(child, Context(child, info_name=name, parent=context))


def write_commands() -> str:
    """Return the page: usage, help, arguments, options and examples of every command."""
    sections = [_write_command(path, command, context) for path, command, context in list_commands()]
    introduction = (
        "Every command, from the program itself. Global options may stand before or after a command. "
        "What a command prints with `--json` is in [JSON documents](json-documents.md), how it ends in "
        "[exit codes](exit-codes.md)."
    )
    return page("Commands", introduction, *sections)


def _write_command(path: str, command: Command, context: Context) -> str:
    parts = [f"## {path}\n", block(" ".join([path, *command.collect_usage_pieces(context)]))]
    help_text = inspect.cleandoc(command.help or "")
    parts += [escape(paragraph) + "\n" for paragraph in help_text.split("\n\n") if paragraph]
    arguments: list[tuple[str, str]] = []
    options: list[tuple[str, str]] = []
    for param in command.get_params(context):
        record = param.get_help_record(context)
        if record is None or record[0].endswith("--help"):
            continue
        (arguments if param.param_type_name == "argument" else options).append((code(record[0]), escape(record[1])))
    if isinstance(command, TyperGroup):
        rows = []
        for name in command.list_commands(context):
            child = command.get_command(context, name)
            if child is not None:
                anchor = f"{path} {name}".replace(" ", "-")
                rows.append((f"[{path} {name}](#{anchor})", escape(get_summary(child))))
        parts.append(table(("command", "does"), rows))
    parts.append(table(("argument", "meaning"), arguments))
    parts.append(table(("option", "meaning"), options))
    if path != "watcher" and (examples := list_examples(command)):
        parts.append(block("\n".join(examples), "sh"))
    return "\n".join(part for part in parts if part)


def list_examples(command: Command) -> list[str]:
    """Return the lines of a command's examples, as its help prints them."""
    return [
        f"{part.command}  # {part.meaning}" if part.meaning else part.command
        for part in parse_epilog(command.epilog or "")
        if isinstance(part, Example)
    ]


def write_exit_codes() -> str:
    """Return the page of exit codes: what the help says, and which faults end with which."""
    from watcher import errors
    from watcher.cli.main import get_exit_code

    match = re.search(r"Exit codes: (.*)\.", EPILOG)
    assert match is not None, "the help of `watcher` lists the exit codes"
    rows = [
        (code(number), escape(meaning)) for number, meaning in re.findall(r"(\d+) ([^,]+(?:, or [^,]+)?)", match[1])
    ]
    faults = []
    for name, fault in sorted(vars(errors).items()):
        if isinstance(fault, type) and issubclass(fault, errors.WatcherError) and fault is not errors.WatcherError:
            shown = get_exit_code(fault.__new__(fault))
            first = (inspect.getdoc(fault) or "").partition("\n\n")[0]
            faults.append((code(name), str(shown), escape(first)))
    introduction = textwrap.dedent("""\
        How a command ends. `topics test --exit-code`, `topics eval --min-recall` and similar options end with 1 where
        what they check does not hold.""")
    return page(
        "Exit codes",
        introduction,
        table(("code", "meaning"), rows),
        "## Faults and their codes\n",
        table(("fault", "code", "meaning"), faults),
    )
