"""The invented outlets of the demonstration, from its bundled file, and what each shows at which poll."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from importlib.resources import files
from typing import Any

import yaml

SPACING = timedelta(minutes=14)
"""How far apart, in the dates they state, the pieces of two polls lie."""


class Format(StrEnum):
    """The kind of document an outlet serves."""

    RSS2 = "rss2"
    RSS1 = "rss1"
    ATOM = "atom"
    JSON = "json"


class Answer(StrEnum):
    """What the server sends for an outlet's feed."""

    FEED = "feed"
    HTML = "html"
    UNAVAILABLE = "503"


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """One article as its outlet words it; `number` counts from 1 within the outlet, `at` is the poll it appears at."""

    number: int
    at: int
    title: str
    summary: str
    edited_at: int | None = None
    edited_title: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outlet:
    """A feed of the demonstration; `answers` holds from poll `answers_from` on, before that the feed is well."""

    slug: str
    title: str
    format: Format
    language: str
    pieces: tuple[Piece, ...]
    encoding: str = "utf-8"
    keep: int = 20
    answers: Answer = Answer.FEED
    answers_from: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """A piece as a feed shows it at some poll: under the headline and dates of that moment."""

    number: int
    title: str
    summary: str
    published_at: datetime
    updated_at: datetime


def read_outlets() -> tuple[Outlet, ...]:
    """Read the bundled outlets."""
    text = files("watcher.demo").joinpath("outlets.yaml").read_text(encoding="utf-8")
    return tuple(_outlet(row) for row in yaml.safe_load(text)["outlets"])


def get_last_poll(outlets: tuple[Outlet, ...]) -> int:
    """Return the number of the poll after which nothing new appears."""
    return max(piece.at for outlet in outlets for piece in outlet.pieces)


def list_shown(outlet: Outlet, poll: int, started_at: datetime) -> tuple[Shown, ...]:
    """List what an outlet's feed holds at a poll, newest first; every date lies before `started_at`."""
    first = started_at - SPACING * 8
    rows = [
        Shown(
            number=piece.number,
            title=piece.edited_title if edited else piece.title,
            summary=piece.summary,
            published_at=(published := first + SPACING * piece.at + timedelta(minutes=piece.number)),
            updated_at=published + SPACING if edited else published,
        )
        for piece in outlet.pieces
        if piece.at <= poll
        for edited in [piece.edited_at is not None and piece.edited_at <= poll]
    ]
    return tuple(reversed(rows))[: outlet.keep]


def get_answer(outlet: Outlet, poll: int) -> Answer:
    """Return what the server sends for an outlet's feed at a poll."""
    return outlet.answers if poll >= outlet.answers_from else Answer.FEED


def _outlet(row: Mapping[str, Any]) -> Outlet:
    return Outlet(
        slug=row["slug"],
        title=row["title"],
        format=Format(row["format"]),
        language=row["language"],
        pieces=tuple(_piece(number, piece) for number, piece in enumerate(row["pieces"], start=1)),
        encoding=row.get("encoding", "utf-8"),
        keep=row.get("keep", 20),
        answers=Answer(row.get("answers", "feed")),
        answers_from=row.get("answers_from", 0),
    )


def _piece(number: int, row: Mapping[str, Any]) -> Piece:
    edit = row.get("edit")
    return Piece(
        number=number,
        at=row["at"],
        title=row["title"],
        summary=row["summary"],
        edited_at=edit["at"] if edit else None,
        edited_title=edit["title"] if edit else "",
    )
