"""Texts that a machine wrote: translated headlines and short summaries, each named as such where it stands."""

from __future__ import annotations

from dataclasses import dataclass

from watcher.model.text_service import TextServiceOptions

__all__ = [
    "SummarySentence",
    "SummarySource",
    "TextServiceOptions",
    "Translation",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Translation:
    """A headline as a machine translated it; `model` names the machine."""

    text: str
    language: str
    model: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SummarySentence:
    """A sentence of a summary, and the entries that it stands on, at least one."""

    text: str
    entry_ids: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SummarySource:
    """A report that a summary may stand on."""

    entry_id: int
    outlet: str
    title: str
    text: str
