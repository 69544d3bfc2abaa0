"""Summarises a story in two sentences, each with the reports that it stands on. A sentence without one is dropped."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from watcher.errors import TextServiceError
from watcher.inference.chat import request_object
from watcher.inference.json_service import holds_address
from watcher.model.machine_text import SummarySentence, SummarySource, TextServiceOptions
from watcher.text.lines import one_line

MAX_SENTENCES = 2
MAX_SENTENCE_LENGTH = 320
MAX_SOURCES = 12
MAX_SOURCE_LENGTH = 600
_TASK = (
    "`reports` are numbered news reports of one event. Say in the language with the code `to` what happened, in at most"
    " two sentences of at most 30 words, only what the reports say, attributing claims to those who make them. Answer"
    " {\"sentences\": [{\"text\": sentence, \"reports\": [numbers of the reports that say so]}]}."
)  # fmt: skip


def summarise_story(
    options: TextServiceOptions, sources: Sequence[SummarySource], *, deadline: float
) -> tuple[SummarySentence, ...]:
    """Return at most two sentences about a story; raises TextServiceError.

    A sentence is kept only if it names a report that was passed, and holds no address or markup.
    """
    passed = sources[:MAX_SOURCES]
    reports = [
        {
            "number": number,
            "outlet": source.outlet,
            "headline": source.title[:MAX_SOURCE_LENGTH],
            "text": source.text[:MAX_SOURCE_LENGTH],
        }
        for number, source in enumerate(passed, 1)
    ]
    answer = request_object(options, _TASK, {"to": options.to, "reports": reports}, deadline=deadline)
    sentences = answer.get("sentences")
    if not isinstance(sentences, list):
        raise TextServiceError("answered no sentences")
    return tuple(_iter_sentences(sentences, passed))[:MAX_SENTENCES]


def _iter_sentences(sentences: Iterable[Any], sources: Sequence[SummarySource]) -> Iterator[SummarySentence]:
    for sentence in sentences:
        if not isinstance(sentence, dict) or not isinstance(sentence.get("text"), str):
            continue
        text = one_line(sentence["text"])
        entry_ids = _find_entries(sentence.get("reports"), sources)
        if text and entry_ids and len(text) <= MAX_SENTENCE_LENGTH and not holds_address(text):
            yield SummarySentence(text=text, entry_ids=entry_ids)


def _find_entries(numbers: Any, sources: Sequence[SummarySource]) -> tuple[int, ...]:
    """Return the entries of the reports that a sentence names, those alone that were passed."""
    named = [number for number in numbers if type(number) is int] if isinstance(numbers, list) else []
    return tuple(dict.fromkeys(sources[number - 1].entry_id for number in named if 1 <= number <= len(sources)))
