"""Drafts topics from an article: its key terms, combined into queries. A starting point. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from watcher.errors import QueryError
from watcher.match import Query, match_entry, parse_query
from watcher.match.inflections import INFLECTED_LANGUAGES, get_inflections, load_inflections
from watcher.model.entry import Item
from watcher.text.article import Article
from watcher.text.lines import one_line
from watcher.text.normalize import fold
from watcher.text.sentences import find_sentences
from watcher.text.stopwords import STOPWORDS, guess_language
from watcher.text.tokenizer import tokens
from watcher.topics.examples import build_example_entry
from watcher.topics.keyphrases import Term, extract_terms

MAX_DRAFTS = 6
MAX_NAMES_PER_QUERY = 8
"""How many names one query may have."""
MAX_ARCHIVE_SHARE = 0.05
"""A topic that matches more of the archive than this is too wide to read."""
MIN_NAME_WEIGHT = 2.0
"""A name of less weight is mentioned once, in passing."""
_NEAR_WORDS, _NEAR_CHARACTERS = 15, 40
_MIN_SURNAME_LETTERS = 5
"""A surname of fewer letters is too often a word."""
_OPERATORS = {"AND", "OR", "NOT", "NEAR", "ONEAR", "PRE", "ATLEAST", "FIRST"}
_LATIN = str.maketrans(
    dict(zip("абвгґдезиіїйклмнопрстуфхъыь", "abvggdeziiiyklmnoprstufh\x00y\x00", strict=True))
    | {"є": "ie", "ё": "e", "ж": "zh", "ц": "ts", "ч": "ch", "ш": "sh", "щ": "shch", "э": "e", "ю": "yu", "я": "ya"}
)
MAX_SENTENCES = 4
"""How many sentences of the article a draft states."""
MAX_SEARCHED_TEXT = 20_000
"""Characters of an article in which sentences are looked for: what it is about stands early."""
_MIN_SENTENCE, _MAX_SENTENCE = 20, 300
_SLUG = re.compile(r"[a-z0-9]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class TopicDraft:
    """A topic that an article suggests; `why` are the terms it rests on, `about` the article's sentences on them.

    `matched` of `tested` stored entries would be hits, None without an archive.
    """

    id: str
    name: str
    description: str
    query: str
    why: tuple[str, ...]
    about: tuple[str, ...] = ()
    matched: int | None = None
    tested: int | None = None


@dataclass(frozen=True, slots=True)
class QueryIdea:
    """A query that may become a draft: its name, what it rests on, and how much of the article that is."""

    name: str
    query: str
    why: tuple[str, ...]
    weight: float
    slug: str = ""


@dataclass(frozen=True, slots=True)
class Subject:
    """Ways to write one name, the fullest first."""

    terms: tuple[Term, ...]

    @property
    def text(self) -> str:
        return self.terms[0].text

    @property
    def weight(self) -> float:
        return max(term.weight for term in self.terms) + 0.3 * sum(term.weight for term in self.terms[1:])

    @property
    def sentences(self) -> set[int]:
        return {number for term in self.terms for number in term.sentences}


def draft_topics(
    article: Article, *, taken: Collection[str] = (), limit: int = MAX_DRAFTS, source: str = "the article"
) -> tuple[TopicDraft, ...]:
    """Return topics, each of which matches the article, those of most weight first. `taken` are ids that are in use."""
    entry = build_example_entry(Item(title=article.title, content=article.text, language=article.language))
    drafts: list[TopicDraft] = []
    ids = set(taken)
    for idea in _list_ideas(article, limit):
        query = _try_parse(idea.query)
        if query is None or match_entry(query, entry) is None:
            continue
        id_ = _choose_id(idea.slug or idea.why[0], ids)
        ids.add(id_)
        description = f"Drafted from {source}: {', '.join(idea.why[:4])}. Check it before you rely on it."
        name = idea.name[:1].upper() + idea.name[1:]
        about = _choose_sentences(article, idea.why)
        drafts.append(
            TopicDraft(id=id_, name=name, description=description, query=idea.query, why=idea.why, about=about)
        )
    return tuple(drafts)


def _list_ideas(article: Article, limit: int) -> list[QueryIdea]:
    """Return the queries that an article suggests: about single names and phrases, and one about its own story."""
    terms = extract_terms(article.title, article.text)
    names = _group_names([term for term in terms if term.kind in {"name", "acronym"} or _is_name(term)])
    phrases = [term for term in terms if term.kind in {"phrase", "quoted"} and not _is_name(term)]
    if not names:  # a script without capitals
        names, phrases = [Subject((term,)) for term in phrases[:3]], phrases[3:]
    language = _get_language(article)
    load_inflections(
        (word, language) for term in phrases for word in term.words if word not in STOPWORDS and len(word) >= 4
    )
    single = [*_draft_names(names), *_draft_phrases(phrases, names, language)]
    single.sort(key=lambda idea: idea.weight, reverse=True)
    # The last one is about the article's own story: it stays, whatever else there is.
    story = list(_draft_story(phrases, names, language))
    return [*list(_drop_similar(single))[: limit - len(story)], *story]


def _choose_sentences(article: Article, why: Sequence[str]) -> tuple[str, ...]:
    """Return what the article says on some terms: its title, and the sentences that hold most of them, in order."""
    # The title leads whatever it holds; of the sentences, more terms count first and the place in the text second.
    words = [fold(term) for term in why]
    title = " ".join(article.title.split())
    candidates = [" ".join(sentence.text.split()) for sentence in find_sentences(article.text[:MAX_SEARCHED_TEXT])]
    rated = [
        (sum(word in fold(text) for word in words), -number, text)
        for number, text in enumerate(dict.fromkeys(candidates))
        if text != title and _MIN_SENTENCE <= len(text) <= _MAX_SENTENCE
    ]
    best = sorted((sentence for sentence in rated if sentence[0]), reverse=True)[: MAX_SENTENCES - bool(title)]
    chosen = [text for _count, _number, text in sorted(best, key=lambda sentence: -sentence[1])]
    return ((title[:_MAX_SENTENCE],) if title else ()) + tuple(chosen)


def _get_language(article: Article) -> str:
    tag = article.language or guess_language(tokens(f"{article.title} {article.text[:8000]}")) or ""
    return tag.split("-")[0]


def add_match_counts(
    proposals: Iterable[TopicDraft], matched: Mapping[str, int], tested: int
) -> tuple[TopicDraft, ...]:
    """Return the drafts with the number of stored entries that each would match."""
    return tuple(replace(draft, matched=matched.get(draft.id, 0), tested=tested) for draft in proposals)


def format_topics_yaml(proposals: Sequence[TopicDraft], heading: Sequence[str] = ()) -> str:
    """Return drafts as a topics file in YAML; no text of an article can break out of its place in it."""
    lines = [f"# {one_line(text)}" for text in heading] + ["topics:"]
    for draft in proposals:
        if draft.matched is not None and draft.tested is not None:
            much = " - much: narrow it" if draft.matched > max(20, MAX_ARCHIVE_SHARE * draft.tested) else ""
            lines.append(f"  # matches {draft.matched:,} of {draft.tested:,} stored entries{much}")
        lines += [
            f"  - id: {draft.id}",
            f"    name: {_format_scalar(draft.name)}",
            f"    description: {_format_scalar(draft.description)}",
            *(["    about:"] if draft.about else []),
            *(f"      - {_format_scalar(text)}" for text in draft.about),
            "    query: |",
            *(f"      {line}" for line in draft.query.splitlines()),
        ]
    return "\n".join(lines) + "\n"


def _group_names(terms: Sequence[Term]) -> list[Subject]:
    """Return names in groups that mean the same: a short one with the one longer name that contains it."""
    longer = sorted(terms, key=lambda term: (-len(term.words), -term.weight))
    groups: list[list[Term]] = []
    for term in longer:
        holders = [group for group in groups if _contains_term(term, group[0])]
        # A word in several longer names is none of them: it stands by itself.
        if len(holders) == 1 and len(term.words) < len(holders[0][0].words) and term.kind != "acronym":
            holders[0].append(term)
        else:
            groups.append([term])
    subjects = [Subject(tuple(_iter_equivalent(group))) for group in groups]
    return sorted(subjects, key=lambda subject: -subject.weight)


def _iter_equivalent(group: Sequence[Term]) -> Iterator[Term]:
    """Yield the long form, and the short ones that end it, as a surname does, and occur at least as often."""
    lead = group[0]
    yield lead
    for term in group[1:]:
        ends = lead.words[-len(term.words) :] == term.words
        if ends and term.count >= lead.count and len(term.text) >= _MIN_SURNAME_LETTERS:
            yield term


def _draft_names(names: Sequence[Subject]) -> Iterator[QueryIdea]:
    """Yield a topic for each name of several words or in quotes, which by itself says what it is about."""
    for subject in names:
        lead = subject.terms[0]
        if len(lead.words) >= 2 and (lead.count >= 2 or 0 in lead.sentences):
            query = " OR ".join(_format_name(term) for term in subject.terms)
            yield QueryIdea(lead.text, query, tuple(term.text for term in subject.terms), subject.weight)


def _draft_phrases(phrases: Sequence[Term], names: Sequence[Subject], language: str) -> Iterator[QueryIdea]:
    """Yield a topic for each repeated phrase, near the names that occur with it."""
    # A phrase without any name beside it would match too much, and is left to the story's topic.
    for term in phrases:
        if len(term.words) < 2:
            continue
        nearby_names = [name for name in names if name.sentences & term.sentences and not _overlaps(name, term)]
        nearby_names = [name for name in nearby_names if name.weight > MIN_NAME_WEIGHT][
            :MAX_NAMES_PER_QUERY
        ] or nearby_names[:2]
        if not nearby_names:
            continue
        gap = _NEAR_WORDS if " " in term.text else _NEAR_CHARACTERS
        some = _join_or([_format_name(name_term) for name in nearby_names for name_term in name.terms])
        query = f"{_format_phrase(term, language)}\nNEAR/{gap} {some}"
        name = f"{term.text}: {', '.join(subject.text for subject in nearby_names[:2])}"
        yield QueryIdea(name, query, (term.text, *(subject.text for subject in nearby_names)), term.weight)


def _draft_story(phrases: Sequence[Term], names: Sequence[Subject], language: str) -> Iterator[QueryIdea]:
    """Yield a topic for this very story: one of its names and, beside it, several of its phrases."""
    things = [term for term in phrases if len(term.words) > 1][:MAX_NAMES_PER_QUERY]
    who = names[:MAX_NAMES_PER_QUERY]
    if len(things) < 2 or len(who) < 2:
        return
    some = _join_or([_format_name(term) for name in who for term in name.terms])
    about = "\n  OR ".join(_format_phrase(term, language) for term in things)
    yield QueryIdea(
        f"The story of {who[0].text} and {things[0].text}",
        f"{some}\nAND ATLEAST/2 ({about})",
        (*(name.text for name in who[:3]), *(term.text for term in things[:3])),
        0.0,
        f"story {who[0].text} {things[0].text}",
    )


def _drop_similar(ideas: Iterable[QueryIdea]) -> Iterator[QueryIdea]:
    """Yield the ideas without those about the same words as an earlier one."""
    known: set[frozenset[str]] = set()
    for idea in ideas:
        stems = frozenset(word[:6] for word in tokens(idea.why[0]))
        if stems not in known:
            known.add(stems)
            yield idea


def _format_name(term: Term) -> str:
    """Return a name as a query: an acronym in its own case, anything else as a phrase."""
    if term.kind == "acronym":
        return f"={term.text}"
    plain = len(term.words) == 1 and term.text.isalnum() and term.text.upper() not in _OPERATORS
    return term.text if plain else f'"{term.text}"'


def _format_phrase(term: Term, language: str) -> str:
    """Return a phrase as a query that allows inflections, and one or two other words between its own."""
    informative = [word for word in term.words if word not in STOPWORDS]
    if " " not in term.text or len(informative) < 2:
        return _format_name(term)
    last = len(informative) - 1
    # English bends the end of a phrase; in other languages all of its words agree.
    words = [_inflect(w, language) if n == last or language != "en" else w for n, w in enumerate(informative)]
    if not any("~" in word for word in words):
        return _format_name(term)
    gap = 2 + len(term.words) - len(informative)
    text = words[0]
    for number, word in enumerate(words[1:]):
        text = f"({text}) NEAR/{gap} {word}" if number else f"{text} NEAR/{gap} {word}"
    return f"({text})"


def _inflect(word: str, language: str) -> str:
    if (
        language not in INFLECTED_LANGUAGES
        or len(word) < 4
        or not word.isalpha()
        or len(get_inflections(word, language)) < 2
    ):
        return word
    return f"{word}~" if language == "en" else f"{word}~{language}"


def _join_or(written: Sequence[str]) -> str:
    some = list(dict.fromkeys(written))
    return some[0] if len(some) == 1 else f"({' OR '.join(some)})"


def _is_name(term: Term) -> bool:
    """Return whether a quoted term is written as a name: English capitalizes all its words, others the first."""
    return term.kind == "quoted" and term.text[:1].isupper()


def _contains_term(term: Term, other: Term) -> bool:
    length = len(term.words)
    return any(other.words[at : at + length] == term.words for at in range(len(other.words) - length + 1))


def _overlaps(name: Subject, term: Term) -> bool:
    return any(set(name_term.words) & set(term.words) for name_term in name.terms)


def _try_parse(query: str) -> Query | None:
    try:
        return parse_query(query)
    except QueryError:
        return None


def _choose_id(name: str, taken: Collection[str]) -> str:
    words = [word for part in tokens(name) for word in _SLUG.findall(fold(part).translate(_LATIN).replace("\x00", ""))]
    base = "-".join(words)[:48].strip("-")
    base = base if len(base) > 1 and base != "story" else f"draft-{base}".strip("-")
    number = 1
    while (id_ := base if number == 1 else f"{base}-{number}") in taken:
        number += 1
    return id_


def _format_scalar(text: str) -> str:
    """Return a text as a YAML scalar in double quotes, which JSON's strings are."""
    return json.dumps(one_line(text), ensure_ascii=False)
