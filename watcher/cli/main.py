"""The root command: global options, the module of each command, exit codes, and errors as lines on stderr."""

from __future__ import annotations

import os
import sys
from importlib import import_module
from pathlib import Path
from typing import Annotated

import typer
from typer._click.core import Command, Context
from typer._click.exceptions import NoArgsIsHelpError, UsageError
from typer._click.formatting import HelpFormatter

from watcher import __version__
from watcher.cli.help import Commands, PlainGroup
from watcher.cli.on_demand import build_command
from watcher.cli.state import state

# Which module defines which commands; a module is imported when one of its commands is run.
COMMANDS: dict[str, tuple[str, str]] = {
    "setup": ("guided_setup", "Set up what is watched and where digests go, and send a first digest."),
    "init": ("setup", "Write a commented starter configuration."),
    "token": ("setup", "Create a random token for programs that use the API."),
    "check": ("setup", "Check all configuration; with --live, fetch every feed once."),
    "run": ("daemon", "Run the daemon: polling, digests, alerts, the page."),
    "worker": ("worker", "Share the work with other processes, over PostgreSQL."),
    "poll": ("daemon", "Poll the feeds that are due, once."),
    "serve": ("daemon", "Serve the page and the API alone."),
    "status": ("daemon", "Show the state of feeds, digests and messages."),
    "mcp": ("assistants", "Serve assistants (Model Context Protocol)."),
    "demo": ("demo", "Run the watcher on invented news; needs no network."),
    "feeds": ("feeds", "List, add, remove, find, import and export feeds."),
    "topics": ("topics", "List, show, test, explain and measure topics."),
    "hits": ("queries", "List stored hits."),
    "search": ("queries", "Search every stored entry in the topic language."),
    "stories": ("stories", "List stories with their outlets; split, merge and export them."),
    "proposals": ("proposals", "List items found by meaning, and judge them."),
    "label": ("queries", "Judge a hit: relevant or irrelevant."),
    "digest": ("digests", "List, preview and send digests."),
    "channels": ("channels", "List channels, and send a test message."),
    "deliveries": ("digests", "List messages: sent, waiting, failed, in doubt."),
    "users": ("people", "List and add people, their roles and passwords."),
    "audit": ("people", "List who changed what."),
    "db": ("database", "Upgrade, check, back up, restore, prune the database."),
}

EPILOG = """\
Examples:

  watcher setup                        a first digest in three minutes
  watcher run                          the daemon, and its page on 127.0.0.1:8080
  watcher search '"five eyes" NOT title:huawei' --since 7d
  watcher hits --topic five-eyes --json

Exit codes: 0 done, 1 something in the work failed, 2 wrong usage or configuration, 130 interrupted.
"""


class LazyGroup(PlainGroup):
    """A group that knows the names and one-line helps of its commands without importing them."""

    def list_commands(self, ctx: Context) -> list[str]:
        """Return the names of the commands in the order of the help."""
        return list(COMMANDS)

    def get_command(self, ctx: Context, name: str) -> Command | None:
        """Import and return a command; None for an unknown name."""
        if name not in COMMANDS:
            return None
        return build_command(import_module(f"watcher.cli.{COMMANDS[name][0]}").app, name)

    def format_commands(self, ctx: Context, formatter: HelpFormatter) -> None:
        """Write the commands with their one-line helps."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, help_text) for name, (_module, help_text) in COMMANDS.items()])

    def resolve_command(self, ctx: Context, args: list[str]) -> tuple[str | None, Command | None, list[str]]:
        """Return the command of the arguments; an unknown name fails with the nearest one."""
        name = args[0] if args else ""
        if name and not name.startswith("-") and name not in COMMANDS:
            from watcher.text.suggest import find_nearest

            nearest = find_nearest(name, COMMANDS)
            ctx.fail(f"no command {name!r}" + (f"; did you mean {nearest!r}?" if nearest else ""))
        return super().resolve_command(ctx, args)


app = Commands(
    cls=LazyGroup,
    name="watcher",
    add_completion=True,
    no_args_is_help=True,
    epilog=EPILOG,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110},
)


def _print_version(is_requested: bool) -> None:
    if is_requested:
        sys.stdout.write(f"news-watcher {__version__}\n")
        raise typer.Exit


@app.callback()
def set_global_options(
    config: Annotated[
        Path | None,
        typer.Option("--config", metavar="DIR", help="Configuration folder (also WATCHER_CONFIG)."),
    ] = None,
    database_url: Annotated[
        str | None, typer.Option("--database-url", metavar="URL", help="Database (also WATCHER_DATABASE_URL).")
    ] = None,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Print results and errors only.")] = False,
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="Log every event.")] = False,
    no_color: Annotated[bool, typer.Option("--no-color", help="No colours (also NO_COLOR).")] = False,
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Watch the news for people who must not miss a development.

    Polls RSS, Atom and JSON feeds, matches every item against topics, keeps the hits with the words that show why, and
    sends digests by e-mail, Slack and other channels.
    """
    state.config, state.database_url = config, database_url
    state.quiet, state.verbose, state.color = quiet, verbose, not no_color


def run(arguments: list[str]) -> int:
    """Run a command line and return its exit code; an error is lines on stderr, never a traceback for bad input."""
    try:
        root = typer.main.get_command(app)
        code = root.main(_move_globals_first(arguments), prog_name="watcher", standalone_mode=False)
        return code if isinstance(code, int) else 0
    except NoArgsIsHelpError as error:
        sys.stdout.write(error.format_message() + "\n")
        return 2
    except UsageError as error:
        sys.stderr.write(f"watcher: {error.format_message()}\n")
        if error.ctx is not None:
            sys.stderr.write(f"Try `{error.ctx.command_path} --help`.\n")
        return 2
    except (typer.Abort, KeyboardInterrupt):
        return 130
    except typer.Exit as error:
        return error.exit_code
    except BrokenPipeError:
        # The reader has gone (`| head`): nothing more is written, not even at the interpreter's end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except Exception as error:
        from watcher.errors import ConfigError, WatcherError  # imported for a fault: most command lines have none

        if not isinstance(error, WatcherError):
            raise
        # Errors of files begin with their place, so that an editor can jump there.
        lead = "" if isinstance(error, ConfigError) else "watcher: "
        sys.stderr.write("".join(f"{lead}{line}\n" for line in _list_lines(error)))
        return get_exit_code(error)


def get_exit_code(error: Exception) -> int:
    """Return the exit code of an error: 2 for wrong usage or configuration, 1 for anything else."""
    from watcher.errors import ConfigError, NotFoundError, QueryError, UsageError

    return 2 if isinstance(error, ConfigError | NotFoundError | QueryError | UsageError) else 1


def _list_lines(error: Exception) -> list[str]:
    from watcher.text.redact import redact_text

    return redact_text(str(error)).splitlines() or [type(error).__name__]


_VALUED = {"--config", "--database-url"}
_BARE = {"--quiet", "-q", "--verbose", "-v", "--no-color"}


def _move_globals_first(arguments: list[str]) -> list[str]:
    """Return the arguments with the global options first: people write them last."""
    front: list[str] = []
    rest: list[str] = []
    index = 0
    while index < len(arguments):
        word = arguments[index]
        if word == "--":
            return [*front, *rest, *arguments[index:]]
        if word in _VALUED and index + 1 < len(arguments):
            front += arguments[index : index + 2]
            index += 1
        elif word.split("=", 1)[0] in _VALUED or (word in _BARE and not (word == "-q" and "topics" in rest)):
            front.append(word)
        else:
            rest.append(word)
        index += 1
    return [*front, *rest]
