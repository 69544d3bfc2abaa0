"""init, check: a configuration to start from, and what is wrong with the one there is."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from watcher.cli import output
from watcher.cli.state import Json, state

if TYPE_CHECKING:
    from watcher.pipeline.feed_check import FeedCheck
    from watcher.settings import Settings

app = typer.Typer(rich_markup_mode=None)

FILES = ("watcher.yaml", "feeds.yaml", "topics.yaml")


@app.command(
    epilog="Examples:\n\n  watcher init                    where `watcher` looks for it by itself\n\n"
    "  watcher init ~/desk && watcher --config ~/desk check"
)
def init(
    folder: Annotated[
        Path | None, typer.Argument(metavar="[DIR]", help="Where to; by default where the watcher looks.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Write a commented starter configuration: feeds, topics and digests that work as they are.

    Nothing that exists is overwritten.
    """
    from watcher.errors import UsageError
    from watcher.settings.folders import shipped_folder

    target = (folder or state.folder).expanduser()
    if there := [name for name in FILES if (target / name).exists()]:
        raise UsageError(f"{target / there[0]} exists: `watcher init DIR` writes into another folder")
    try:
        target.mkdir(parents=True, exist_ok=True)
        for name in FILES:
            with (target / name).open("x", encoding="utf-8") as file:
                file.write((shipped_folder() / name).read_text(encoding="utf-8"))
    except OSError as error:
        raise UsageError(f"{target}: {(error.strerror or 'cannot be written').lower()}") from error
    if as_json:
        output.put_json({"folder": str(target), "files": [str(target / name) for name in FILES]})
        return
    for name in FILES:
        output.put(str(target / name))
    found = target.absolute() == state.folder.absolute()
    with_config = "" if found else f" --config {target}"
    output.note(f"Next: watcher{with_config} check, then watcher{with_config} run")


@app.command(epilog="Examples:\n\n  watcher check\n\n  watcher check --live --json")
def check(
    live: Annotated[bool, typer.Option("--live", help="Also fetch every feed once; nothing is stored.")] = False,
    as_json: Json = False,
) -> None:
    """Check all configuration; every fault is one line FILE:LINE:COLUMN: message, all of them at once.

    Exit code 2 where there are faults, 1 where --live finds a feed that cannot be read.
    """
    from watcher.errors import ConfigError
    from watcher.settings import load

    try:
        settings = load(state.folder, state.environ)
        if settings.exposed:
            raise ConfigError(settings.exposed)
    except ConfigError as error:
        if as_json:
            faults = [{"file": f.file, "line": f.line, "column": f.column, "message": f.message} for f in error.faults]
            output.put_json({"ok": False, "faults": faults})
        else:
            for fault in error.faults:
                output.put(str(fault))
            output.note(output.counted(len(error.faults), "fault"))
        raise typer.Exit(2) from None
    counts = _counts(settings)
    notes = _notes(settings)
    trials = _tried(settings) if live else ()
    if as_json:
        said = {"ok": all(trial.ok for trial in trials), "faults": [], "notes": notes, **counts}
        output.put_json(said | ({"tried": [_as_json(trial) for trial in trials]} if live else {}))
    else:
        for trial in trials:
            _show_trial(trial)
        for note in notes:
            output.note(note)
        shown = ", ".join(output.counted(number, what.removesuffix("s")) for what, number in counts.items())
        output.put(f"{settings.folder}: good: {shown}")
    raise typer.Exit(0 if all(trial.ok for trial in trials) else 1)


def _notes(settings: Settings) -> list[str]:
    """Say what works, and would work better."""
    from importlib.util import find_spec

    full = sum(source.fulltext for source in settings.sources)
    places = [str(note) for note in settings.notes]
    if not full or find_spec("trafilatura") is not None:
        return places
    asked = output.counted(full, "feed")
    return [
        *places,
        f"fulltext of {asked}: trafilatura is not installed, so articles are cut out of their pages by a plainer rule; "
        "pip install 'newsdesk-watcher[fulltext]'",
    ]


def _tried(settings: Settings) -> tuple[FeedCheck, ...]:
    import asyncio

    from watcher.app.bootstrap import fetch_policy
    from watcher.fetch import Fetcher
    from watcher.pipeline.feed_check import check_feeds

    async def fetch_all() -> tuple[FeedCheck, ...]:
        async with Fetcher(fetch_policy(settings)) as fetcher:
            return await check_feeds(fetcher, settings.sources, lambda _trial: advance())

    with output.progress("Trying feeds", len(settings.sources)) as advance:
        return asyncio.run(fetch_all())


def _as_json(trial: FeedCheck) -> dict[str, Any]:
    from watcher.app.views import moment
    from watcher.text.redact import redact_text, redact_url

    return {
        "feed": trial.source.url,
        "ok": trial.ok,
        "kind": trial.kind,
        "message": redact_text(trial.message),
        "title": trial.title,
        "items": trial.items,
        "newest_at": moment(trial.newest_at),
        "moved_to": redact_url(trial.moved_to) if trial.moved_to else None,
    }


def _show_trial(trial: FeedCheck) -> None:
    from watcher.text.redact import redact_text

    word = output.style(trial.kind, output.GREEN if trial.ok else output.RED)
    said = [output.clean(trial.source.url)]
    said += [output.counted(trial.items, "item")] if trial.ok else []
    said += [output.clean(redact_text(trial.message))] if trial.message else []
    output.put(f"{word}  {': '.join(said)}")


def _counts(settings: Settings) -> dict[str, int]:
    return {
        "feeds": len(settings.sources),
        "topics": len(settings.topics),
        "digests": len(settings.subscriptions),
        "channels": len(settings.channels),
    }
