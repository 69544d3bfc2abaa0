"""init, check: a configuration to start from, and the errors of the present one."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from watcher.cli import output
from watcher.cli.completion import complete_packs
from watcher.cli.help import Commands
from watcher.cli.state import Json, state

if TYPE_CHECKING:
    from watcher.contract.administration import ConfigurationCheck, NewToken, StarterFiles, TriedFeed
    from watcher.errors import ConfigError
    from watcher.pipeline.feed_check import FeedCheck
    from watcher.settings import Settings

app = Commands()


@app.command(
    epilog="Examples:\n\n  watcher init                    in the default folder\n\n"
    "  watcher init ~/desk && watcher --config ~/desk check\n\n"
    "  watcher init --pack europe --pack world-news ~/desk"
)
def init(
    folder: Annotated[
        Path | None, typer.Argument(metavar="DIR", help="The folder; by default the one that `watcher` reads.")
    ] = None,
    pack: Annotated[
        list[str] | None,
        typer.Option(
            "--pack",
            metavar="NAME",
            help="Start with this pack of feeds and topics; may be repeated.",
            autocompletion=complete_packs,
        ),
    ] = None,
    as_json: Json = False,
) -> None:
    """Write a commented starter configuration that watches nothing yet, or the feeds and topics of packs.

    Nothing that exists is overwritten. `watcher setup` asks instead, and sends a first digest.
    """
    from watcher.app.setup.starter import write_starter_configuration
    from watcher.settings.packs import find_pack

    target = (folder or state.folder).expanduser()
    packs = tuple(find_pack(name) for name in dict.fromkeys(pack or ()))
    written = [str(path) for path in write_starter_configuration(target, state.environ, packs)]
    if as_json:
        document: StarterFiles = {"folder": str(target), "files": written}
        output.print_json(document)
        return
    for path in written:
        output.print_line(path)
    with_config = "" if target.absolute() == state.folder.absolute() else f" --config {target}"
    first = "check" if packs else "setup"
    output.print_note(f"Next: watcher{with_config} {first}, then watcher{with_config} run")


@app.command(
    epilog="Examples:\n\n  export WATCHER_TOKEN=$(watcher token)         for web.token: ${WATCHER_TOKEN}\n\n"
    "  watcher token /etc/watcher/web.token          for web.token_file"
)
def token(
    file: Annotated[
        Path | None,
        typer.Argument(metavar="FILE", help="The file to write it to, mode 0600; by default it is printed."),
    ] = None,
    replace: Annotated[bool, typer.Option("--replace", help="Replace a file that exists.")] = False,
    as_json: Json = False,
) -> None:
    """Create a random token for programs that use the API: 192 bits, printed or written to a file."""
    from watcher.settings.schema import make_token

    made = make_token()
    if file is not None:
        _write_token(file.expanduser(), made, replace=replace)
    if as_json:
        document: NewToken = {
            "token": made if file is None else None,
            "file": None if file is None else str(file.expanduser().absolute()),
        }
        output.print_json(document)
    elif file is None:
        output.print_line(made)
        output.print_note("Next: set it as WATCHER_TOKEN, and in watcher.yaml write web: {token: ${WATCHER_TOKEN}}")
    else:
        path = file.expanduser().absolute()
        output.print_line(str(path))
        output.print_note(f"Next: in watcher.yaml write web: {{token_file: {path}}}")


def _write_token(path: Path, made: str, *, replace: bool) -> None:
    from watcher import private
    from watcher.errors import UsageError

    if path.exists() and not path.is_file():
        raise UsageError(f"{path}: not a regular file")
    if path.exists() and not replace:
        raise UsageError(f"{path} exists: --replace writes a new token into it")
    try:
        private.write_file(path, made + "\n")
    except OSError as error:
        raise UsageError(f"{path}: {(error.strerror or 'cannot be written').lower()}") from error


@app.command(epilog="Examples:\n\n  watcher check\n\n  watcher check --live --json")
def check(
    live: Annotated[
        bool, typer.Option("--live", help="Also fetch every feed and compare topics' sentences; nothing is stored.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Check all configuration; every error is one line FILE:LINE:COLUMN: message.

    Exit code 2 where there are errors, 1 where --live finds a feed that cannot be read.
    """
    from watcher.errors import ConfigError
    from watcher.settings import load

    try:
        settings = load(state.folder, state.environ)
        if settings.exposed:
            raise ConfigError(settings.exposed)
    except ConfigError as error:
        _print_faults(error, as_json=as_json)
        raise typer.Exit(2) from None
    # An encoder takes seconds to start: a plain check stays fast.
    notes = _list_notes(settings) + (_list_meaning_notes(settings) if live else [])
    trials = _try_feeds(settings) if live else ()
    if as_json:
        output.print_json(_encode_check(settings, notes, trials if live else None))
    else:
        for trial in trials:
            _print_trial(trial)
        for note in notes:
            output.print_note(note)
        counts = (
            output.format_count(len(settings.sources), "feed"),
            output.format_count(len(settings.topics), "topic"),
            output.format_count(len(settings.subscriptions), "digest"),
            output.format_count(len(settings.channels), "channel"),
        )
        output.print_line(f"{settings.folder}: no errors: {', '.join(counts)}")
    raise typer.Exit(0 if all(trial.ok for trial in trials) else 1)


def _print_faults(error: ConfigError, *, as_json: bool) -> None:
    if as_json:
        document: ConfigurationCheck = {
            "ok": False,
            "faults": [
                {"file": fault.file, "line": fault.line, "column": fault.column, "message": fault.message}
                for fault in error.faults
            ],
        }
        output.print_json(document)
        return
    for fault in error.faults:
        output.print_line(str(fault))
    output.print_note(output.format_count(len(error.faults), "error"))


def _encode_check(settings: Settings, notes: list[str], trials: tuple[FeedCheck, ...] | None) -> ConfigurationCheck:
    document: ConfigurationCheck = {
        "ok": all(trial.ok for trial in trials or ()),
        "faults": [],
        "notes": notes,
        "feeds": len(settings.sources),
        "topics": len(settings.topics),
        "digests": len(settings.subscriptions),
        "channels": len(settings.channels),
    }
    if trials is not None:
        document["tried"] = [_encode_trial(trial) for trial in trials]
    return document


def _list_notes(settings: Settings) -> list[str]:
    """Return what works, and would work better."""
    from importlib.util import find_spec

    count = sum(source.fulltext for source in settings.sources)
    notes = [str(note) for note in settings.notes]
    if not count or find_spec("trafilatura") is not None:
        return notes
    feeds = output.format_count(count, "feed")
    return [
        *notes,
        f"fulltext of {feeds}: trafilatura is not installed, so articles are extracted by a simpler rule; "
        "pip install 'newsdesk-watcher[fulltext]'",
    ]


def _list_meaning_notes(settings: Settings) -> list[str]:
    """Return what the encoder, where there is one, shows of the topics' sentences: it takes a few seconds."""
    from watcher.app.sentence_check import note_sentences_by_meaning

    return [str(note) for note in note_sentences_by_meaning(settings.topics, settings.meaning)]


def _try_feeds(settings: Settings) -> tuple[FeedCheck, ...]:
    import asyncio

    from watcher.app.bootstrap import fetch_policy
    from watcher.fetch import Fetcher
    from watcher.pipeline.feed_check import check_feeds

    async def fetch_all() -> tuple[FeedCheck, ...]:
        """Fetch every feed once."""
        async with Fetcher(fetch_policy(settings)) as fetcher:
            return await check_feeds(fetcher, settings.sources, lambda _trial: advance())

    with output.show_steps("Trying feeds", len(settings.sources)) as advance:
        return asyncio.run(fetch_all())


def _encode_trial(trial: FeedCheck) -> TriedFeed:
    from watcher.contract.timestamps import format_timestamp
    from watcher.text.redact import redact_text, redact_url

    return {
        "feed": trial.source.url,
        "ok": trial.ok,
        "kind": trial.kind,
        "message": redact_text(trial.message),
        "title": trial.title,
        "items": trial.items,
        "newest_at": format_timestamp(trial.newest_at),
        "moved_to": redact_url(trial.moved_to) if trial.moved_to else None,
    }


def _print_trial(trial: FeedCheck) -> None:
    from watcher.text.redact import redact_text

    word = output.style_text(trial.kind, output.GREEN if trial.ok else output.RED)
    facts = [output.clean_text(trial.source.url)]
    facts += [output.format_count(trial.items, "item")] if trial.ok else []
    facts += [output.clean_text(redact_text(trial.message))] if trial.message else []
    output.print_line(f"{word}  {': '.join(facts)}")
