"""The guided set-up as one use case, for the page, the command and the API."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from pydantic import TypeAdapter, ValidationError

from watcher.app.bootstrap import App
from watcher.app.configuration.digests import find_digest
from watcher.app.setup.first_digest import DEFAULT_DAYS, MAX_DAYS, FirstDigest, encode_first_digest
from watcher.app.setup.first_start import is_setup_needed
from watcher.app.setup.preparation import SetupPlan, prepare_setup
from watcher.contract.setup import PackSummary, SetupAnswers, SetupResult
from watcher.contract.timestamps import format_timestamp
from watcher.digest.slots import list_next_slots
from watcher.errors import UsageError
from watcher.fetch import Fetcher
from watcher.settings.packs import list_packs

_ANSWERS: TypeAdapter[SetupAnswers] = TypeAdapter(SetupAnswers)


def parse_answers(values: object) -> SetupAnswers:
    """Return answers from bare values; raises UsageError that names what is not expected."""
    try:
        return _ANSWERS.validate_python(values)
    except ValidationError as error:
        faults = [f"`{'.'.join(map(str, fault['loc']))}`: {fault['msg'].lower()}" for fault in error.errors()]
        raise UsageError("; ".join(faults)) from error


async def prepare_first_setup(app: App, fetcher: Fetcher, answers: SetupAnswers, now: datetime) -> SetupPlan:
    """Return what the answers come to; raises as `prepare_setup`, and UsageError where there is one already."""
    if not is_setup_needed(app.settings):
        raise UsageError("something is watched here already: change it on the pages Topics, Feeds and Digests")
    if not 0 <= answers.get("first_digest_days", DEFAULT_DAYS) <= MAX_DAYS:
        raise UsageError(f"`first_digest_days`: 0 to {MAX_DAYS}")
    return await prepare_setup(app, fetcher, answers, now)


def encode_setup_result(app: App, plan: SetupPlan, progress: FirstDigest, now: datetime) -> SetupResult:
    """Return what the set-up wrote, once it is in force."""
    settings = app.settings
    name = plan.digest["name"] if plan.digest else None
    slots = list_next_slots(find_digest(settings.subscriptions, name), now) if name else ()
    return {
        "topics": [topic.id for topic in settings.topics],
        "feeds": len(settings.sources),
        "channels": [channel.name for channel in settings.channels],
        "digest": name,
        "next": [format_timestamp(slot) for slot in slots],
        "tests": list(plan.tests),
        "notes": list(plan.notes),
        "first_digest": encode_first_digest(progress),
    }


def encode_packs() -> list[PackSummary]:
    """Return the packs that ship."""
    return [
        {
            "name": pack.name,
            "title": pack.title,
            "description": pack.description,
            "region": pack.region,
            "languages": list(pack.languages),
            "feeds": len(pack.feeds),
            "topics": [str(topic.get("name") or topic["id"]) for topic in pack.topics],
            "checked": pack.checked.isoformat() if pack.checked else "",
        }
        for pack in list_packs()
    ]


def expand_answers(value: Any, environ: Mapping[str, str]) -> Any:
    """Return answers in which `${NAME}` is the environment's value: of a file of the person who runs the command.

    Raises UsageError for a name that is not set.
    """
    match value:
        case str():

            def replace(match: re.Match[str]) -> str:
                """Return the value of a name."""
                if match[1] not in environ:
                    raise UsageError(f"${{{match[1]}}} is not set in the environment")
                return environ[match[1]]

            return re.sub(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}", replace, value)
        case Mapping():
            return {key: expand_answers(inner, environ) for key, inner in value.items()}
        case list():
            return [expand_answers(inner, environ) for inner in value]
        case _:
            return value
