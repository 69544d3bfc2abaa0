"""The questions of `watcher setup` in the terminal; each channel is tested before the next question."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import typer

from watcher.cli import output
from watcher.cli.state import state

if TYPE_CHECKING:
    from watcher.app.bootstrap import App
    from watcher.contract.configuration import ChannelEdit
    from watcher.contract.setup import SetupAnswers, Watch
    from watcher.fetch import Fetcher

QUESTIONS: dict[str, tuple[tuple[str, str, str | int | None], ...]] = {
    "email": (
        ("to", "Send to (addresses, separated by commas)", None),
        ("host", "Mail server", None),
        ("port", "Port", 587),
        ("security", "Encryption (starttls, tls, none)", "starttls"),
        ("username", "User name (empty for none)", ""),
        ("password", "Password", ""),
        ("sender", "From", None),
    ),
    "slack": (("webhook_url", "Webhook address", None),),
    "webhook": (("url", "Address", None), ("secret", "Signing secret (empty for none)", "")),
    "file": (("folder", "Folder", "digests"),),
}
"""What is asked for each kind of channel: the option, the question, and what is meant where nothing is typed."""
SECRETS = ("password", "secret", "webhook_url")


async def ask_answers(application: App, fetcher: Fetcher) -> SetupAnswers:
    """Ask for everything that a set-up needs, and return the answers; channels are tested on the way."""
    from watcher.app.setup.preparation import DEFAULT_SCHEDULE
    from watcher.settings.local_zone import find_local_timezone

    output.print_line("Four steps, about three minutes. Everything can be changed later.")
    answers: SetupAnswers = {
        "language": _ask("Language of the digest (en, de, fr, …)", "en"),
        "timezone": _ask("Time zone", find_local_timezone(state.environ)),
    }
    answers["packs"] = _ask_packs()
    watch = _ask_watch(is_needed=not _have_topics(answers["packs"]))
    answers["watch"] = [watch] if watch else []
    sites = _ask("Addresses of sites or feeds, separated by commas (empty for none)", "")
    answers["feeds"] = _split(sites)
    answers["channels"] = await _ask_channels(application, fetcher)
    answers["test"] = False  # each was tested when it was typed
    if answers["channels"]:
        answers["digest"] = {"schedule": _ask_schedule(DEFAULT_SCHEDULE, answers["timezone"])}
        answers["first_digest_days"] = int(_ask("First digest now, from the last days (0 for none)", 3, kind=int))
    return answers


def _ask_packs() -> list[str]:
    from watcher.settings.packs import list_packs

    packs = list_packs()
    output.print_line("\nWhere to look. Packs of feeds:")
    for number, pack in enumerate(packs, 1):
        checked = f", addresses listed {pack.checked}" if pack.checked else ""
        topics = f", {output.format_count(len(pack.topics), 'topic')}" if pack.topics else ""
        output.print_line(
            f"  {number}  {pack.title}: {output.format_count(len(pack.feeds), 'feed')}{topics}{checked}\n"
            f"     {pack.description}"
        )
    while True:
        chosen = _split(_ask("Packs, by number (empty for none)", ""))
        if all(text.isdigit() and 1 <= int(text) <= len(packs) for text in chosen):
            return [packs[int(text) - 1].name for text in chosen]
        output.print_line(f"Write numbers from 1 to {len(packs)}, separated by commas.")


def _have_topics(names: list[str]) -> bool:
    from watcher.settings.packs import find_pack

    return any(find_pack(name).topics for name in names)


def _ask_watch(*, is_needed: bool) -> Watch | None:
    while True:
        text = _ask("What to watch: a sentence, or the address of an article about it", None if is_needed else "")
        if not text and not is_needed:
            return None
        if text.lower().startswith(("http://", "https://")):
            return {"article": text}
        words = _split(_ask("Words of which one must occur (empty: those of the sentence)", ""))
        return {"sentence": text, "words": words}


async def _ask_channels(application: App, fetcher: Fetcher) -> list[ChannelEdit]:
    channels: list[ChannelEdit] = []
    output.print_line("\nWhere digests go: email, slack, webhook, file; empty to go on.")
    while True:
        kind = _ask("Send by", "email" if not channels else "").lower()
        if not kind:
            return channels
        if kind not in QUESTIONS:
            output.print_line(f"Write one of {', '.join(QUESTIONS)}, or nothing.")
            continue
        taken = {edit["name"] for edit in channels}
        name = kind if kind not in taken else f"{kind}-{len(channels) + 1}"
        edit: ChannelEdit = {"name": name, "kind": kind, "options": _ask_options(kind)}
        if await _test(application, fetcher, edit) or _confirm("Use it all the same?"):
            channels.append(edit)


def _ask_options(kind: str) -> dict[str, Any]:
    options: dict[str, Any] = {}
    for name, question, default in QUESTIONS[kind]:
        if name == "password" and not options.get("username"):
            continue
        text = _ask(question, default, hide=name in SECRETS)
        options[name] = _split(text) if name == "to" else int(text) if name == "port" and text.isdigit() else text
    return {name: value for name, value in options.items() if value not in ("", [])}


async def _test(application: App, fetcher: Fetcher, edit: ChannelEdit) -> bool:
    """Send a test message and print its outcome; return whether every recipient's server accepted it."""
    from watcher import clock
    from watcher.app.configuration.channels import build_channel, send_test_message
    from watcher.errors import UsageError

    try:
        test = await send_test_message(application, build_channel(application, edit), fetcher, clock.now())
    except UsageError as error:
        output.print_line(output.style_text(output.clean_text(str(error)), output.RED))
        return False
    for result in test["results"]:
        if result["fault"]:
            reason = output.clean_text(f"{result['advice'] or 'The message was not accepted.'} ({result['fault']})")
            output.print_line(output.style_text(f"{result['recipient']}: {reason}", output.RED))
        else:
            output.print_line(f"{result['recipient']}: the test message was accepted.")
    return all(not result["fault"] for result in test["results"])


def _ask_schedule(default: str, timezone: str) -> str:
    from watcher import clock
    from watcher.digest.slots import list_next_slots, validate_schedule
    from watcher.model.subscription import Subscription

    while True:
        schedule = _ask("When (weekdays at 7:00, every day at 8:00, immediate)", default)
        try:
            validate_schedule(schedule, timezone)
        except ValueError as error:
            output.print_line(output.style_text(f"{error}", output.RED))
            continue
        slots = list_next_slots(
            Subscription(name="draft", schedule=schedule, channels=(), timezone=timezone), clock.now()
        )
        output.print_line("Next: " + ", ".join(f"{slot:%a %d %b %H:%M} UTC" for slot in slots) if slots else "At once.")
        return schedule


def _ask(question: str, default: str | int | None, *, hide: bool = False, kind: type = str) -> str:
    show = default not in ("", None)
    with _interrupted_at_once():
        text = typer.prompt(question, default=default, hide_input=hide, show_default=show, type=kind, err=True)
    return str(text).strip()


def _confirm(question: str) -> bool:
    with _interrupted_at_once():
        return typer.confirm(question, default=False, err=True)


@contextmanager
def _interrupted_at_once() -> Iterator[None]:
    """End a question with Ctrl-C: asyncio would only cancel its task, which waits for the answer."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def _split(text: str) -> list[str]:
    return [part.strip() for part in text.replace(";", ",").split(",") if part.strip()]
