"""Adds what machines write to a digest: translated headlines and summaries, from the cache or from a server.

A server that is slow, away or answers nonsense costs a digest at most its deadline, and nothing else.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import structlog

from watcher.errors import TextServiceError
from watcher.inference.summary import summarise_story
from watcher.inference.translation import translate_headlines
from watcher.model.digest import Digest
from watcher.model.digest_story import DigestStory
from watcher.model.language import get_primary_language
from watcher.model.machine_text import SummarySentence, SummarySource, TextServiceOptions, Translation
from watcher.store.database import Database
from watcher.store.machine_texts.cache import add_machine_texts, hash_request, load_machine_texts

log = structlog.get_logger()

MAX_TRANSLATED = 60
"""Headlines that are translated for one digest, the most important stories first."""
MAX_SUMMARISED = 5
MIN_SUMMARISED_REPORTS = 2
"""A story with one report is its own summary."""
MIN_SECONDS = 0.5
"""A request that would have less time is not made."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TextServices:
    """The servers that write texts, where they are configured."""

    translate: TextServiceOptions | None = None
    summarise: TextServiceOptions | None = None


def add_texts(
    database: Database,
    digest: Digest,
    services: TextServices,
    now: datetime,
    *,
    monotonic: Callable[[], float] = time.monotonic,
) -> Digest:
    """Return a digest with translated headlines and summaries, as many as came before the deadlines."""
    if services.translate is not None:
        digest = _add_translations(database, digest, services.translate, now, monotonic)
    if services.summarise is not None:
        digest = _add_summaries(database, digest, services.summarise, now, monotonic)
    return digest


def _add_translations(
    database: Database,
    digest: Digest,
    options: TextServiceOptions,
    now: datetime,
    monotonic: Callable[[], float],
) -> Digest:
    titles = _list_foreign_titles(digest, options.to)
    keys = {title: hash_request("translation", options.name, options.to, title) for title in titles}
    with database.read() as db:
        kept = load_machine_texts(db, keys.values())
    translated = {title: kept[key] for title, key in keys.items() if key in kept}
    missing = [title for title in titles if title not in translated]
    new = _request_translations(digest.name, missing, options, monotonic())
    if new:
        with database.write() as db:
            add_machine_texts(db, "translation", {keys[title]: text for title, text in new.items()}, now)
    translated |= new
    return replace(digest, stories=tuple(_translate(story, translated, options) for story in digest.stories))


def _list_foreign_titles(digest: Digest, language: str) -> list[str]:
    """Return the headlines to translate, each once, the most important first."""
    foreign = [story.headline.title for story in digest.stories if _is_foreign(story, language)]
    return list(dict.fromkeys(foreign))[:MAX_TRANSLATED]


def _request_translations(
    digest: str, titles: Sequence[str], options: TextServiceOptions, started: float
) -> Mapping[str, str]:
    """Return translations by headline; none where the server gives none."""
    if not titles:
        return {}
    try:
        return translate_headlines(options, titles, deadline=started + options.timeout.total_seconds())
    except TextServiceError as error:
        log.warning("headlines not translated", digest=digest, reason=error.reason)
        return {}


def _is_foreign(story: DigestStory, language: str) -> bool:
    """Return whether a story's headline is known to be in another language than the reader's."""
    own = get_primary_language(story.headline.language)
    return bool(own) and own != get_primary_language(language)


def _translate(story: DigestStory, translated: Mapping[str, str], options: TextServiceOptions) -> DigestStory:
    text = translated.get(story.headline.title) if _is_foreign(story, options.to) else None
    if text is None:
        return story
    return replace(story, translation=Translation(text=text, language=options.to, model=options.name))


def _add_summaries(
    database: Database,
    digest: Digest,
    options: TextServiceOptions,
    now: datetime,
    monotonic: Callable[[], float],
) -> Digest:
    """Return the digest with summaries of the most important stories that have several reports."""
    deadline = monotonic() + options.timeout.total_seconds()
    summaries: dict[int, tuple[SummarySentence, ...]] = {}
    for story in digest.brief[:MAX_SUMMARISED]:
        sources = _list_sources(story)
        if len(sources) < MIN_SUMMARISED_REPORTS:
            continue
        try:
            if sentences := _summarise(database, sources, options, now, deadline, monotonic):
                summaries[story.lead.hit_id] = sentences
        except TextServiceError as error:
            log.warning("story not summarised", digest=digest.name, story=story.id, reason=error.reason)
            break
    stories = (
        replace(s, summary=summaries[s.lead.hit_id]) if s.lead.hit_id in summaries else s for s in digest.stories
    )
    return replace(digest, stories=tuple(stories))


def _list_sources(story: DigestStory) -> tuple[SummarySource, ...]:
    """Return the own reports of a story, in order of publication; a copy says nothing that its original does not."""
    reports = (fact.report for fact in story.facts.reports if fact.copy_of is None)
    return tuple(SummarySource(entry_id=r.entry_id, outlet=r.outlet, title=r.title, text=r.text) for r in reports)


def _summarise(
    database: Database,
    sources: Sequence[SummarySource],
    options: TextServiceOptions,
    now: datetime,
    deadline: float,
    monotonic: Callable[[], float],
) -> tuple[SummarySentence, ...]:
    """Return a summary from the cache or from the server; raises TextServiceError."""
    request_text = json.dumps([[s.entry_id, s.title, s.text] for s in sources])
    key = hash_request("summary", options.name, options.to, request_text)
    with database.read() as db:
        kept = load_machine_texts(db, [key]).get(key)
    if kept is not None:
        return tuple(SummarySentence(text=text, entry_ids=tuple(ids)) for text, ids in json.loads(kept))
    if deadline - monotonic() < MIN_SECONDS:
        raise TextServiceError("did not answer in time")
    sentences = summarise_story(options, sources, deadline=deadline)
    written = json.dumps([[sentence.text, sentence.entry_ids] for sentence in sentences], ensure_ascii=False)
    with database.write() as db:
        add_machine_texts(db, "summary", {key: written}, now)
    return sentences
