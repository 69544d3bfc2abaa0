"""What the reports of one event say together: first publisher, outlets, copies, growth, and what each report adds."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from watcher.model.event import Additions, EventFacts, EventReport, ReportFacts
from watcher.model.language import get_primary_language
from watcher.stories.names import extract_names
from watcher.stories.numbers import extract_numbers
from watcher.stories.similarity import build_story_text, compute_similarity
from watcher.text.sentences import find_sentences
from watcher.text.stopwords import HEADLINE_STOPWORDS
from watcher.text.tokenizer import tokens

MAX_COMPARED_REPORTS = 200
"""Of an event with more reports, what the later ones add is not determined."""
MAX_ADDED_SENTENCES = 3
MAX_ADDED_FACTS = 6
MIN_SENTENCE_WORDS = 4
REPEATED_SHARE = 0.6
"""A sentence of which so many words stand in one that was read before adds nothing."""


def summarise_event(reports: Sequence[EventReport], *, languages: Sequence[str] = ()) -> EventFacts:
    """Return the facts of an event from its reports, at least one, in any order.

    `languages` are those of the reader, the most welcome first ("en", "pt-BR"); the title is in one of them where a
    report is. Reports with the same time are ordered by entry.
    """
    ordered = sorted(reports, key=lambda report: (report.reported_at, report.entry_id))
    titled = _choose_titled(ordered, languages)
    facts = tuple(_compare_reports(ordered))
    return EventFacts(
        title=titled.title,
        title_language=titled.language,
        title_entry_id=titled.entry_id,
        reports=facts,
        outlets=_distinct(report.outlet for report in ordered),
        independent_outlets=_distinct(fact.report.outlet for fact in facts if fact.copy_of is None),
        languages=tuple(name for name, _count in Counter(filter(None, (r.language for r in ordered))).most_common()),
        topics=_distinct(topic for report in ordered for topic in report.topics),
        first_at=ordered[0].reported_at,
        last_at=ordered[-1].reported_at,
    )


def list_sentences(text: str) -> tuple[str, ...]:
    """Return the sentences of a text, in order, without blanks around them."""
    return tuple(sentence.text for sentence in find_sentences(text))


def _choose_titled(ordered: Sequence[EventReport], languages: Sequence[str]) -> EventReport:
    titled = [report for report in ordered if report.title] or ordered
    for language in languages:
        primary = get_primary_language(language)
        for report in titled:
            if get_primary_language(report.language) == primary:
                return report
    return titled[0]


def _distinct(values: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(values))


def _compare_reports(ordered: Sequence[EventReport]) -> Iterator[ReportFacts]:
    """Compare each report with those before it, in order."""
    sentences: dict[str, list[frozenset[str]]] = {}
    numbers: set[str] = set()
    names: set[str] = set()
    for number, report in enumerate(ordered):
        if number >= MAX_COMPARED_REPORTS:
            yield ReportFacts(report=report, copy_of=ordered[0].entry_id if report.copy else None)
            continue
        additions = _find_additions(report, sentences, numbers, names)
        copy_of = _find_original(report, ordered[:number]) if report.copy else None
        if copy_of is not None:
            # A copy with another sentence below adds it; the names and numbers of small rewordings say nothing.
            additions = Additions(sentences=additions.sentences)
        yield ReportFacts(report=report, copy_of=copy_of, additions=additions if number else Additions())


def _find_additions(
    report: EventReport, sentences: dict[str, list[frozenset[str]]], numbers: set[str], names: set[str]
) -> Additions:
    """Return what is new in a report, and add it to what was read."""
    whole = f"{report.title}\n{report.text}"
    language = get_primary_language(report.language)
    is_first_of_language = language not in sentences
    read = sentences.setdefault(language, [])
    added_sentences = []
    for sentence in list_sentences(whole):
        words = frozenset(word for word in tokens(sentence) if word not in HEADLINE_STOPWORDS)
        if len(words) < MIN_SENTENCE_WORDS:
            continue
        # The headline is compared as well, and never reported as an addition: everybody sees it.
        is_repeated = any(len(words & other) >= REPEATED_SHARE * len(words) for other in read)
        if not is_repeated and sentence != report.title.strip() and not is_first_of_language:
            added_sentences.append(sentence)
        read.append(words)
    added_numbers = {number.key: number.text for number in extract_numbers(whole) if number.key not in numbers}
    read_names = extract_names(report.title, report.text, report.language)
    added_names = {name.key: name.text for name in read_names if name.key not in names}
    numbers.update(added_numbers)
    names.update(added_names)
    return Additions(
        sentences=tuple(added_sentences[:MAX_ADDED_SENTENCES]),
        numbers=tuple(added_numbers.values())[:MAX_ADDED_FACTS],
        names=tuple(added_names.values())[:MAX_ADDED_FACTS],
    )


def _find_original(report: EventReport, earlier: Sequence[EventReport]) -> int | None:
    """Return the entry that a copy repeats: the most similar one before it, the earliest of several.

    None for a copy that was published before what it was found to repeat: it is the original then.
    """
    text = build_story_text(report.title, report.text, "")
    scored = [(compute_similarity(text, build_story_text(other.title, other.text, "")), other) for other in earlier]
    return max(scored, key=lambda pair: pair[0])[1].entry_id if scored else None
