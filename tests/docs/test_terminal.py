"""Every command reads well on a terminal of 80 columns, and every example of its help can be pasted."""

from __future__ import annotations

import contextlib
import io
import json
import os
import re
import shlex
import sys
from pathlib import Path

import pytest
import typer
from typer._click.core import Command, Context
from typer.core import TyperGroup

from tests.docs.desk import Desk, copy_desk, inside
from tools.manual.commands import list_commands
from watcher.cli.help import Example, break_command, parse_epilog
from watcher.cli.main import _move_globals_first, app, run
from watcher.cli.output import count_columns, print_table, wrap_line

WIDTH = 80
COMMANDS = {path: command for path, command, _context in list_commands()}
EXAMPLES = [
    pytest.param(part.command, id=f"{path}-{number}")
    for path, command in COMMANDS.items()
    for number, part in enumerate(parse_epilog(command.epilog or ""))
    if isinstance(part, Example)
]
LINES = (
    "feeds list", "feeds show {feed}", "topics list", "topics show five-eyes", "topics test five-eyes",
    "topics explain five-eyes hit:1", "topics explain five-eyes 2", "topics diff five-eyes --query five",
    "topics probe five-eyes --sample 3", "topics cost five-eyes", "topics replay",
    "topics eval --labels labels.jsonl", "hits", "hits --order score", "search five", "stories", "stories merge 1 2",
    "stories undo 1", "proposals", "label 2 relevant", "digest list", "channels list", "channels test files",
    "deliveries", "deliveries --state dead", "status", "db stats", "db check", "db prune", "check", "poll --all",
)  # fmt: skip


class Terminal(io.StringIO):
    """What is printed, as on a terminal."""

    def isatty(self) -> bool:
        return True


def print_on_terminal(line: str) -> str:
    printed = Terminal()
    with contextlib.redirect_stdout(printed), contextlib.redirect_stderr(printed):
        run(shlex.split(line))
    return printed.getvalue()


def list_wide_lines(text: str) -> list[str]:
    """Return the lines that do not fit; an address is never broken, so that it can be followed."""
    lines = [re.sub(r"\r.*|\x1b\[[0-9;?]*[A-Za-z]", "", line) for line in text.split("\n")]
    return [line for line in lines if count_columns(line) > WIDTH and not re.fullmatch(r"\s*\S*://\S+", line)]


@pytest.mark.parametrize("path", COMMANDS)
def test_help_fits_the_terminal(path: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", str(WIDTH))

    text = print_on_terminal(f"{path.removeprefix('watcher')} --help")

    assert text.startswith(f"Usage: {path}")
    assert list_wide_lines(text) == []
    assert re.search(r"\[\[|\{|\.\.\.\.", text.partition("\n")[0]) is None
    assert re.search(r"list\[|<str>|\[\[", text) is None
    assert "..." not in text.partition("Commands:")[2]


@pytest.mark.parametrize("example", EXAMPLES)
def test_an_example_of_the_help_is_understood(example: str) -> None:
    pasted = "\n".join(break_command(example, WIDTH - 2))
    calls = split_calls(pasted)

    assert shlex.split(pasted.replace("\\\n", " ")) == shlex.split(example)
    assert calls, "an example calls the command"
    for arguments in calls:
        assert parse_arguments(arguments) is not None


def split_calls(line: str) -> list[list[str]]:
    """Return the arguments of each call of `watcher` in a line for a shell."""
    calls: list[list[str]] = []
    words = shlex.shlex(line.replace("\\\n", " "), posix=True, punctuation_chars="|&;<>()")
    words.whitespace_split = True
    is_inside = False
    for word in words:
        if re.fullmatch(r"[|&;<>()]+", word):
            is_inside = False
        elif word == "watcher":
            is_inside = True
            calls.append([])
        elif is_inside:
            calls[-1].append(word)
    return calls


def parse_arguments(arguments: list[str]) -> Context | None:
    """Parse a command line as the program does, without running it; raises UsageError."""
    command: Command | None = typer.main.get_command(app)
    context, rest, name = None, _move_globals_first(arguments), "watcher"
    while command is not None:
        context = command.make_context(name, list(rest), parent=context)
        rest = [*context._protected_args, *context.args]
        if not isinstance(command, TyperGroup) or not rest:
            return context
        found_name, command, rest = command.resolve_command(context, rest)
        name = found_name or ""
    return None


def test_what_commands_print_fits_the_terminal(desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    own = copy_desk(desk, tmp_path)
    feed = json.loads(own.run("watcher feeds list --json")[1])["feeds"][0]["url"]
    wide, empty = {}, []

    with inside(own.folder, {**own.environ, "COLUMNS": str(WIDTH), "TERM": "xterm"}):
        for line in LINES:
            text = print_on_terminal(line.format(feed=feed))
            if lines := list_wide_lines(text):
                wide[line] = lines
            if len(text.strip()) < 10:
                empty.append(line)

    assert wide == {}
    assert empty == []


@pytest.mark.parametrize(
    ("text", "width"),
    [
        ("  a plain sentence of several words", 16),
        ("wordwithoutanyspacethatislongerthanaline and more", 20),
        ("  五眼联盟成员考虑减少与美国共享情报的消息人士", 20),
        ("\x1b[1mbold words\x1b[0m and \x1b[33mmore of them\x1b[0m", 12),
        ("      deep", 8),
    ],
)
def test_a_wrapped_line_keeps_every_letter_and_fits(text: str, width: int) -> None:
    pieces = wrap_line(text, width)

    assert all(count_columns(piece) <= width for piece in pieces)
    assert len(pieces) > 1
    assert re.sub(r"\s", "", "".join(pieces)) == re.sub(r"\s", "", text)


def test_an_address_is_not_broken() -> None:
    address = "https://outlet.example/a/very/long/address/of/an/article/that/goes/on"

    assert address in [piece.strip() for piece in wrap_line(f"  read {address} now", 40)]


@pytest.mark.parametrize("width", [40, 60, 80, 120])
def test_a_table_fits_and_loses_the_least_first(width: int, monkeypatch: pytest.MonkeyPatch) -> None:
    printed = Terminal()
    monkeypatch.setattr(sys, "stdout", printed)
    monkeypatch.setitem(os.environ, "COLUMNS", str(width))

    print_table(("id", "name", "address"), [("1", "A name of some length", "a" * 60)], flexible=1, optional=2)

    lines = printed.getvalue().splitlines()
    assert all(count_columns(line) <= width for line in lines)
    assert ("address" in lines[0]) == (width >= 60)
