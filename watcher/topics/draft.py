"""Proposes topics from an article: names and phrases that stand out, combined into queries. A starting point. Pure."""

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
from watcher.text.stopwords import STOPWORDS, guess_language
from watcher.text.tokenizer import tokens
from watcher.topics.examples import build_example_entry
from watcher.topics.keyphrases import Term, extract_terms

MAX_DRAFTS = 6
MAX_NAMES_PER_QUERY = 8
"""So many names stand in one query at most."""
MAX_ARCHIVE_SHARE = 0.05
"""A topic that matches more of the archive than this is too wide to read."""
MIN_NAME_WEIGHT = 2.0
"""A name of less weight is mentioned once and in passing."""
_NEAR_WORDS, _NEAR_CHARACTERS = 15, 40
_LONG_ENOUGH = 5
"""A surname of fewer letters is too often a word."""
_OPERATORS = {"AND", "OR", "NOT", "NEAR", "ONEAR", "PRE", "ATLEAST", "FIRST"}
_LATIN = str.maketrans(
    dict(zip("абвгґдезиіїйклмнопрстуфхъыь", "abvggdeziiiyklmnoprstufh\x00y\x00", strict=True))
    | {"є": "ie", "ё": "e", "ж": "zh", "ц": "ts", "ч": "ch", "ш": "sh", "щ": "shch", "э": "e", "ю": "yu", "я": "ya"}
)
_SLUG = re.compile(r"[a-z0-9]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class TopicDraft:
    """A topic that an article suggests; `why` names what it rests on. `matched` of `tested` stored entries would be
    hits, None where there is no archive to ask."""

    id: str
    name: str
    description: str
    query: str
    why: tuple[str, ...]
    matched: int | None = None
    tested: int | None = None


@dataclass(frozen=True, slots=True)
class QueryIdea:
    """A query on its way to be proposed: what to call it, what it rests on, and how much of the article that is."""

    name: str
    query: str
    why: tuple[str, ...]
    weight: float
    slug: str = ""


@dataclass(frozen=True, slots=True)
class Subject:
    """Ways to write one name, the fullest first, and where it stands."""

    terms: tuple[Term, ...]

    @property
    def said(self) -> str:
        return self.terms[0].said

    @property
    def weight(self) -> float:
        return max(term.weight for term in self.terms) + 0.3 * sum(term.weight for term in self.terms[1:])

    @property
    def sentences(self) -> set[int]:
        return {number for term in self.terms for number in term.sentences}


def draft_topics(
    article: Article, *, taken: Collection[str] = (), most: int = MAX_DRAFTS, source: str = "the article"
) -> tuple[TopicDraft, ...]:
    """Propose topics, each of which matches the article, the weightiest first. `taken` are ids that are in use."""
    terms = extract_terms(article.title, article.text)
    names = _subjects([term for term in terms if term.kind in {"name", "acronym"} or _is_name(term)])
    matters = [term for term in terms if term.kind in {"phrase", "quoted"} and not _is_name(term)]
    if not names:  # a script without capitals
        names, matters = [Subject((term,)) for term in matters[:3]], matters[3:]
    language = (article.language or guess_language(tokens(f"{article.title} {article.text[:8000]}")) or "").split("-")[
        0
    ]
    load_inflections(
        (word, language) for term in matters for word in term.words if word not in STOPWORDS and len(word) >= 4
    )
    single = sorted(
        [*_of_names(names), *_of_matters(matters, names, language)], key=lambda idea: idea.weight, reverse=True
    )
    # The last one is about the article's own story: it stays, whatever else stands out.
    story = list(_of_all(matters, names, language))
    found = [*list(_unlike(single))[: most - len(story)], *story]
    entry = build_example_entry(Item(title=article.title, content=article.text, language=article.language))
    kept: list[TopicDraft] = []
    ids = set(taken)
    for idea in found:
        read = _read(idea.query)
        if read is None or match_entry(read, entry) is None:
            continue
        id_ = _id(idea.slug or idea.why[0], ids)
        ids.add(id_)
        said = f"Drafted from {source}: {', '.join(idea.why[:4])}. Check it before you rely on it."
        name = idea.name[:1].upper() + idea.name[1:]
        kept.append(TopicDraft(id=id_, name=name, description=said, query=idea.query, why=idea.why))
    return tuple(kept)


def add_match_counts(
    proposals: Iterable[TopicDraft], matched: Mapping[str, int], tested: int
) -> tuple[TopicDraft, ...]:
    """Note how many stored entries each proposal would match."""
    return tuple(replace(each, matched=matched.get(each.id, 0), tested=tested) for each in proposals)


def format_topics_yaml(proposals: Sequence[TopicDraft], heading: Sequence[str] = ()) -> str:
    """Write proposals as a topics file; what an article says cannot break out of its place in it."""
    lines = [f"# {one_line(said)}" for said in heading] + ["topics:"]
    for each in proposals:
        if each.matched is not None and each.tested is not None:
            much = " - much: narrow it" if each.matched > max(20, MAX_ARCHIVE_SHARE * each.tested) else ""
            lines.append(f"  # matches {each.matched:,} of {each.tested:,} stored entries{much}")
        lines += [
            f"  - id: {each.id}",
            f"    name: {_scalar(each.name)}",
            f"    description: {_scalar(each.description)}",
            "    query: |",
            *(f"      {line}" for line in each.query.splitlines()),
        ]
    return "\n".join(lines) + "\n"


def _subjects(terms: Sequence[Term]) -> list[Subject]:
    """Put names together that stand for one another: a short one with the one longer name that holds it."""
    longer = sorted(terms, key=lambda term: (-len(term.words), -term.weight))
    groups: list[list[Term]] = []
    for term in longer:
        homes = [group for group in groups if _inside(term, group[0])]
        # A word in several longer names is none of them: it stands by itself.
        if len(homes) == 1 and len(term.words) < len(homes[0][0].words) and term.kind != "acronym":
            homes[0].append(term)
        else:
            groups.append([term])
    subjects = [Subject(tuple(_fitting(group))) for group in groups]
    return sorted(subjects, key=lambda subject: -subject.weight)


def _fitting(group: Sequence[Term]) -> Iterator[Term]:
    """Let a short form stand for the long one where it ends it, as a surname does, and is used at least as often."""
    lead = group[0]
    yield lead
    for term in group[1:]:
        ends = lead.words[-len(term.words) :] == term.words
        if ends and term.count >= lead.count and len(term.said) >= _LONG_ENOUGH:
            yield term


def _of_names(names: Sequence[Subject]) -> Iterator[QueryIdea]:
    """A topic for a name of several words or in quotes, which by itself says what it is about."""
    for subject in names:
        lead = subject.terms[0]
        if len(lead.words) >= 2 and (lead.count >= 2 or 0 in lead.sentences):
            query = " OR ".join(_written(term) for term in subject.terms)
            yield QueryIdea(lead.said, query, tuple(term.said for term in subject.terms), subject.weight)


def _of_matters(matters: Sequence[Term], names: Sequence[Subject], language: str) -> Iterator[QueryIdea]:
    """A topic for a phrase that comes again, near the names it stands with."""
    for term in matters:
        if len(term.words) < 2:
            continue
        beside = [name for name in names if name.sentences & term.sentences and not _overlap(name, term)]
        beside = [name for name in beside if name.weight > MIN_NAME_WEIGHT][:MAX_NAMES_PER_QUERY] or beside[:2]
        if not beside:
            continue
        gap = _NEAR_WORDS if " " in term.said else _NEAR_CHARACTERS
        some = _any([_written(each) for name in beside for each in name.terms])
        query = f"{_loosely(term, language)}\nNEAR/{gap} {some}"
        name = f"{term.said}: {', '.join(each.said for each in beside[:2])}"
        yield QueryIdea(name, query, (term.said, *(each.said for each in beside)), term.weight)


def _of_all(matters: Sequence[Term], names: Sequence[Subject], language: str) -> Iterator[QueryIdea]:
    """A topic for this very story: one of its names and, beside it, several mentions of what it is about."""
    things = [term for term in matters if len(term.words) > 1][:MAX_NAMES_PER_QUERY]
    who = names[:MAX_NAMES_PER_QUERY]
    if len(things) < 2 or len(who) < 2:
        return
    some = _any([_written(term) for name in who for term in name.terms])
    phrases = "\n  OR ".join(_loosely(term, language) for term in things)
    yield QueryIdea(
        f"The story of {who[0].said} and {things[0].said}",
        f"{some}\nAND ATLEAST/2 ({phrases})",
        (*(name.said for name in who[:3]), *(term.said for term in things[:3])),
        0.0,
        f"story {who[0].said} {things[0].said}",
    )


def _unlike(found: Iterable[QueryIdea]) -> Iterator[QueryIdea]:
    """Leave out proposals about the same words as an earlier one."""
    told: set[frozenset[str]] = set()
    for idea in found:
        stems = frozenset(word[:6] for word in tokens(idea.why[0]))
        if stems not in told:
            told.add(stems)
            yield idea


def _written(term: Term) -> str:
    """Write a name: an acronym in its own case, anything else as a phrase."""
    if term.kind == "acronym":
        return f"={term.said}"
    plain = len(term.words) == 1 and term.said.isalnum() and term.said.upper() not in _OPERATORS
    return term.said if plain else f'"{term.said}"'


def _loosely(term: Term, language: str) -> str:
    """Write a phrase so that its words may bend, and one or two others stand between."""
    telling = [word for word in term.words if word not in STOPWORDS]
    if " " not in term.said or len(telling) < 2:
        return _written(term)
    last = len(telling) - 1
    # English bends the end of a phrase; in other languages all of its words agree.
    words = [_bent(w, language) if n == last or language != "en" else w for n, w in enumerate(telling)]
    if not any("~" in word for word in words):
        return _written(term)
    gap = 2 + len(term.words) - len(telling)
    said = words[0]
    for number, word in enumerate(words[1:]):
        said = f"({said}) NEAR/{gap} {word}" if number else f"{said} NEAR/{gap} {word}"
    return f"({said})"


def _bent(word: str, language: str) -> str:
    if (
        language not in INFLECTED_LANGUAGES
        or len(word) < 4
        or not word.isalpha()
        or len(get_inflections(word, language)) < 2
    ):
        return word
    return f"{word}~" if language == "en" else f"{word}~{language}"


def _any(written: Sequence[str]) -> str:
    some = list(dict.fromkeys(written))
    return some[0] if len(some) == 1 else f"({' OR '.join(some)})"


def _is_name(term: Term) -> bool:
    """Tell whether a quoted term is written as a name: English writes all its words large, others the first."""
    return term.kind == "quoted" and term.said[:1].isupper()


def _inside(term: Term, other: Term) -> bool:
    length = len(term.words)
    return any(other.words[at : at + length] == term.words for at in range(len(other.words) - length + 1))


def _overlap(name: Subject, term: Term) -> bool:
    return any(set(each.words) & set(term.words) for each in name.terms)


def _read(query: str) -> Query | None:
    try:
        return parse_query(query)
    except QueryError:
        return None


def _id(name: str, taken: Collection[str]) -> str:
    words = [word for part in tokens(name) for word in _SLUG.findall(fold(part).translate(_LATIN).replace("\x00", ""))]
    base = "-".join(words)[:48].strip("-")
    base = base if len(base) > 1 and base != "story" else f"draft-{base}".strip("-")
    number = 1
    while (id_ := base if number == 1 else f"{base}-{number}") in taken:
        number += 1
    return id_


def _scalar(said: str) -> str:
    """Write a text as a YAML scalar in double quotes, which JSON's strings are."""
    return json.dumps(one_line(said), ensure_ascii=False)
