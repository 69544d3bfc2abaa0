"""What stands out in a text: names, acronyms, quoted terms and phrases that come again. Plain statistics. Pure."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from watcher.text.stopwords import CHARACTERS, STOPWORDS
from watcher.text.tokenizer import places, tokens

MAX_TEXT_CHARACTERS = 60_000
"""Characters of a text that are looked at."""
# A dot after a letter by itself is an acronym's or an initial's.
_SENTENCE = re.compile(r"(?:(?<![\s.]\w)\.|[!?…])+[\"'”’»)\]]*\s+|[。！？]+[」』”]*|\n+")
_JOINED = re.compile(r"[\s\u00a0]*[-\u2010-\u2014/&]?[\s\u00a0]*|['’ʼ]")
_QUOTED = re.compile(r"[“„«「『《\"]([^“”„«»「」『』《》\"\n]{2,60})[”“»」』》\"]")
_LINK_WORDS = "of de la le les du des da do dos di del della van von der den zu al el bin ibn"
_LINKS = frozenset(_LINK_WORDS.split())
_ADDRESSES = frozenset({"the", "a", "an", "mr", "mrs", "ms", "dr"})
_SPACELESS = re.compile("[\u0e00-\u0eff\u3040-\u30ff\u3400-\u9fff]")
_TITLE_CASE = 0.7


@dataclass(frozen=True, slots=True)
class Word:
    """A word of a sentence: as written, as compared, whether it begins large, whether it follows on without a break."""

    said: str
    folded: str
    large: bool
    follows: bool

    @property
    def acronym(self) -> bool:
        letters = self.said.replace(".", "")
        return 2 <= len(letters) <= 6 and letters.isalpha() and letters.isupper()

    @property
    def common(self) -> bool:
        return self.folded in STOPWORDS or (len(self.folded) == 1 and not _SPACELESS.match(self.folded))


_END = Word("", "", False, False)


@dataclass(slots=True)
class Term:
    """Something that stands out: its words as compared, how it is mostly written, and in which sentences it stands.

    `kind` is name, acronym, quoted or phrase; sentence 0 is the headline.
    """

    words: tuple[str, ...]
    said: str
    kind: str
    sentences: set[int] = field(default_factory=set)
    count: int = 0

    @property
    def weight(self) -> float:
        """Weigh how much the text is about it: how often and how early, names and quoted terms before phrases."""
        kinds = {"quoted": 1.6 if self.said[:1].isupper() else 1.0, "name": 1.3, "acronym": 1.1, "phrase": 1.0}
        early = 2.0 * (0 in self.sentences) + 0.5 * (1 in self.sentences)
        length = 1 + 0.35 * (min(len(self.words), 3) - 1)
        return (self.count + early) * kinds[self.kind] * length


def extract_terms(title: str, text: str) -> tuple[Term, ...]:
    """List what stands out in a text, the weightiest first."""
    sentences = list(_sentences(title, text[:MAX_TEXT_CHARACTERS]))
    terms: dict[tuple[str, ...], Term] = {}
    seen_small = {word.folded for sentence in sentences for word in sentence if not word.large}
    inside = _large_inside(sentences)
    names_everywhere = _nouns_are_large(sentences)
    for number, sentence in enumerate(sentences):
        if not _title_case(sentence, number == 0):
            for run in _names(sentence, seen_small, inside):
                kind = "acronym" if len(run) == 1 and run[0].acronym else "name"
                _add(terms, run, kind, number)
        for run in _repeatable(sentence):
            _add(terms, run, "phrase", number)
    _part(terms)
    _quote(terms, f"{title}\n{text[:MAX_TEXT_CHARACTERS]}", sentences)
    _headline(terms, sentences)
    kept = [term for term in terms.values() if _worth(term, names_everywhere)]
    ranked = sorted(_maximal(kept), key=lambda term: (-term.weight, min(term.sentences, default=0), term.said))
    return tuple(_distinct(ranked))


def _sentences(title: str, text: str) -> Iterator[list[Word]]:
    yield _words(title)
    for part in _SENTENCE.split(text):
        if part and (words := _words(part)):
            yield words


def _words(text: str) -> list[Word]:
    found: list[Word] = []
    end = 0
    for folded, (start, stop) in zip(tokens(text), places(text), strict=True):
        said = text[start:stop]
        follows = bool(found) and _JOINED.fullmatch(text[end:start]) is not None
        found.append(Word(said=said, folded=folded, large=said[:1].isupper(), follows=follows))
        end = stop
    return found


def _runs(sentence: Sequence[Word]) -> Iterator[list[Word]]:
    run: list[Word] = []
    for word in sentence:
        if run and not word.follows:
            yield run
            run = []
        run.append(word)
    if run:
        yield run


def _names(sentence: Sequence[Word], seen_small: set[str], inside: set[str]) -> Iterator[tuple[Word, ...]]:
    """Give the runs of large words; one that only begins a sentence is not large for its own sake."""
    first = sentence[0] if sentence else None
    for run in _runs(sentence):
        name: list[Word] = []
        for word in [*run, _END]:
            if (word.large and _large_for_itself(word, word is first, seen_small, inside)) or (
                name and word.folded in _LINKS
            ):
                name.append(word)
                continue
            while name and (not name[-1].large):
                name.pop()
            while name and name[0].folded in _ADDRESSES:
                name.pop(0)
            if len(name) > 1 or (name and _stands_alone(name[0], name[0] is first, inside)):
                yield tuple(name[:5])
            name = []


def _large_for_itself(word: Word, begins: bool, seen_small: set[str], inside: set[str]) -> bool:
    """Tell whether a large word is so for its own sake and not for where it stands."""
    if word.acronym or not begins:
        return True
    return not word.common and (word.folded in inside or word.folded not in seen_small)


def _stands_alone(word: Word, begins: bool, inside: set[str]) -> bool:
    """Tell whether one large word is a name by itself."""
    return word.acronym or (not word.common and (not begins or word.folded in inside))


def _large_inside(sentences: Sequence[Sequence[Word]]) -> set[str]:
    """Name the words that are large in the middle of a sentence: those are so for their own sake."""
    some = [sentence for n, sentence in enumerate(sentences) if not _title_case(sentence, n == 0)]
    return {word.folded for sentence in some for word in sentence[1:] if word.large}


def _nouns_are_large(sentences: Sequence[Sequence[Word]]) -> bool:
    """Tell a language that writes all its nouns large: there one large word is no name."""
    words = [word for sentence in sentences[1:] for word in sentence[1:] if len(word.folded) > 3 and not word.common]
    return len(words) >= 15 and sum(word.large for word in words) / len(words) > 0.45


def _title_case(sentence: Sequence[Word], headline: bool) -> bool:
    """Tell a line that writes most of its words large, where that says nothing: a headline, or one inside the text."""
    if not headline:
        telling = [word for word in sentence if not word.common]
        return len(telling) >= 6 and all(word.large for word in telling)
    longer = [word for word in sentence if len(word.folded) > 3]
    return len(longer) >= 4 and sum(word.large for word in longer) / len(longer) > _TITLE_CASE


def _repeatable(sentence: Sequence[Word]) -> Iterator[tuple[Word, ...]]:
    """Give the phrases that may come again: two or three telling words side by side, or up to six characters."""
    for run in _runs(sentence):
        spaceless = [bool(_SPACELESS.match(word.folded)) for word in run]
        for begin in range(len(run)):
            longest = 6 if spaceless[begin] else 3
            for length in range(2, longest + 1):
                some = run[begin : begin + length]
                if len(some) < length or any(spaceless[begin + n] != spaceless[begin] for n in range(length)):
                    break
                if spaceless[begin]:
                    if not any(word.folded in CHARACTERS for word in some):
                        yield tuple(some)
                elif _telling(some):
                    yield tuple(some)


def _telling(some: Sequence[Word]) -> bool:
    """Tell whether words make a phrase: common ones may only link."""
    if some[0].common or some[-1].common or any(word.folded.isdecimal() for word in some):
        return False
    return all(not word.common or word.folded in _LINKS for word in some[1:-1])


def _add(terms: dict[tuple[str, ...], Term], run: Sequence[Word], kind: str, sentence: int) -> None:
    words = tuple(word.folded for word in run)
    term = terms.get(words)
    if term is None:
        term = terms[words] = Term(words=words, said=_spelt(run), kind=kind)
    if kind != "phrase" and term.kind == "phrase":
        # The same words were counted as a phrase as well, here or before.
        term.kind, term.said = kind, _spelt(run)
        return
    if kind == "phrase" and term.kind != "phrase":
        return
    term.count += 1
    term.sentences.add(sentence)


def _part(terms: dict[tuple[str, ...], Term]) -> None:
    """Part two names that a link joins where the second is a name by itself: Anna Sample of Harbour Watch."""
    for words, term in list(terms.items()):
        at = max((n for n, word in enumerate(words) if word in _LINKS), default=0)
        first, second = terms.get(words[:at]), terms.get(words[at + 1 :])
        if term.kind != "name" or at < 2 or second is None or second.kind == "phrase":
            continue
        del terms[words]
        if first is None or first.kind == "phrase":
            first = terms[words[:at]] = Term(words=words[:at], said=" ".join(term.said.split(" ")[:at]), kind="name")
        for part in (first, second):
            part.count += term.count
            part.sentences |= term.sentences


def _spelt(run: Sequence[Word]) -> str:
    """Write words as they are written, and nothing that stands between them but blanks."""
    blank = "" if all(_SPACELESS.match(word.folded) for word in run) else " "
    return blank.join(word.said.replace(".", "") if word.acronym else word.said for word in run)


def _quote(terms: dict[tuple[str, ...], Term], whole: str, sentences: Sequence[Sequence[Word]]) -> None:
    """Mark what stands in quotes and is short enough to be a term; speech is longer or ends like a sentence."""
    for found in _QUOTED.finditer(whole):
        said = found[1].strip()
        run = _words(said)
        words = tuple(word.folded for word in run)
        spaceless = bool(words) and all(_SPACELESS.match(word) for word in words)
        most = 8 if spaceless else 4
        if not 1 <= len(words) <= most or said[-1:] in ".,!?…" or all(word in STOPWORDS for word in words):
            continue
        if len(words) == 1 and len(words[0]) < 4:
            continue
        term = terms.setdefault(words, Term(words=words, said=_spelt(run), kind="quoted"))
        term.kind = "quoted"
        where = [number for number, sentence in enumerate(sentences) if _holds(sentence, words)]
        term.sentences.update(where)
        term.count = max(term.count, len(where), 1)


def _headline(terms: dict[tuple[str, ...], Term], sentences: Sequence[Sequence[Word]]) -> None:
    """Note which terms the headline holds, however it is written."""
    for term in terms.values():
        if sentences and term.kind != "phrase" and 0 not in term.sentences and _holds(sentences[0], term.words):
            term.sentences.add(0)
            term.count += 1


def _holds(sentence: Sequence[Word], words: tuple[str, ...]) -> bool:
    folded = [word.folded for word in sentence]
    return any(tuple(folded[at : at + len(words)]) == words for at in range(len(folded) - len(words) + 1))


def _worth(term: Term, names_everywhere: bool) -> bool:
    if term.kind == "phrase":
        return term.count >= 2 or (0 in term.sentences and len(term.words) > 1 and term.count >= 2)
    if term.kind == "name" and len(term.words) == 1:
        return len(term.words[0]) >= 3 and term.count >= (3 if names_everywhere else 1)
    return True


def _maximal(terms: Sequence[Term]) -> list[Term]:
    """Leave out phrases that are part of a longer term as often as they are there at all."""
    longer: defaultdict[tuple[str, ...], int] = defaultdict(int)
    for term in terms:
        for begin in range(len(term.words)):
            for end in range(begin + 1, len(term.words) + 1):
                part = term.words[begin:end]
                if part != term.words:
                    longer[part] = max(longer[part], term.count)
    return [term for term in terms if term.kind != "phrase" or longer[term.words] < term.count]


def _distinct(ranked: Sequence[Term]) -> Iterator[Term]:
    """Leave out phrases that say little more than a weightier one: part of it, or most of its words."""
    told: list[Term] = []
    for term in ranked:
        if term.kind == "phrase":
            words = set(term.words)
            others = [set(other.words) for other in told if other.kind in {"phrase", "quoted"}]
            if any(words <= other or len(words & other) > max(1, len(words) / 2) for other in others):
                continue
        told.append(term)
        yield term
