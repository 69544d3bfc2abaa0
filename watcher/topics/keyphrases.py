"""The key terms of a text: names, acronyms, quoted terms and repeated phrases. Plain statistics. Pure."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from watcher.text.stopwords import CHARACTERS, STOPWORDS
from watcher.text.tokenizer import list_word_spans, tokens

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
    """A word of a sentence: as written, as compared, whether it is capitalized, whether it follows without a break."""

    text: str
    folded: str
    capitalized: bool
    follows: bool

    @property
    def acronym(self) -> bool:
        letters = self.text.replace(".", "")
        return 2 <= len(letters) <= 6 and letters.isalpha() and letters.isupper()

    @property
    def common(self) -> bool:
        return self.folded in STOPWORDS or (len(self.folded) == 1 and not _SPACELESS.match(self.folded))


_END = Word("", "", False, False)


@dataclass(slots=True)
class Term:
    """A key term: its words as compared, how it is mostly written, and in which sentences it occurs.

    `kind` is name, acronym, quoted or phrase; sentence 0 is the headline.
    """

    words: tuple[str, ...]
    text: str
    kind: str
    sentences: set[int] = field(default_factory=set)
    count: int = 0

    @property
    def weight(self) -> float:
        """How much the text is about it: how often and how early it occurs, names and quoted terms before phrases."""
        kinds = {"quoted": 1.6 if self.text[:1].isupper() else 1.0, "name": 1.3, "acronym": 1.1, "phrase": 1.0}
        early = 2.0 * (0 in self.sentences) + 0.5 * (1 in self.sentences)
        length = 1 + 0.35 * (min(len(self.words), 3) - 1)
        return (self.count + early) * kinds[self.kind] * length


def extract_terms(title: str, text: str) -> tuple[Term, ...]:
    """Return the key terms of a text, those of most weight first."""
    # Names first, since what is a name is no phrase as well; quotes and the headline only add to what is known by then.
    sentences = list(_split_sentences(title, text[:MAX_TEXT_CHARACTERS]))
    terms: dict[tuple[str, ...], Term] = {}
    lower_case = {word.folded for sentence in sentences for word in sentence if not word.capitalized}
    inside = _find_capitalized_inside(sentences)
    nouns_capitalized = _capitalizes_nouns(sentences)
    for number, sentence in enumerate(sentences):
        if not _is_title_case(sentence, number == 0):
            for run in _iter_names(sentence, lower_case, inside):
                kind = "acronym" if len(run) == 1 and run[0].acronym else "name"
                _add_term(terms, run, kind, number)
        for run in _iter_phrases(sentence):
            _add_term(terms, run, "phrase", number)
    _split_joined_names(terms)
    _mark_quoted(terms, f"{title}\n{text[:MAX_TEXT_CHARACTERS]}", sentences)
    _mark_headline(terms, sentences)
    kept = [term for term in terms.values() if _is_significant(term, nouns_capitalized)]
    ranked = sorted(_drop_contained(kept), key=lambda term: (-term.weight, min(term.sentences, default=0), term.text))
    return tuple(_drop_similar(ranked))


def _split_sentences(title: str, text: str) -> Iterator[list[Word]]:
    yield _split_words(title)
    for part in _SENTENCE.split(text):
        if part and (words := _split_words(part)):
            yield words


def _split_words(text: str) -> list[Word]:
    words: list[Word] = []
    end = 0
    for folded, (start, stop) in zip(tokens(text), list_word_spans(text), strict=True):
        written = text[start:stop]
        follows = bool(words) and _JOINED.fullmatch(text[end:start]) is not None
        words.append(Word(text=written, folded=folded, capitalized=written[:1].isupper(), follows=follows))
        end = stop
    return words


def _iter_runs(sentence: Sequence[Word]) -> Iterator[list[Word]]:
    run: list[Word] = []
    for word in sentence:
        if run and not word.follows:
            yield run
            run = []
        run.append(word)
    if run:
        yield run


def _iter_names(sentence: Sequence[Word], lower_case: set[str], inside: set[str]) -> Iterator[tuple[Word, ...]]:
    """Yield the runs of capitalized words; one that only begins a sentence is not capitalized for its own sake."""
    first = sentence[0] if sentence else None
    for run in _iter_runs(sentence):
        name: list[Word] = []
        for word in [*run, _END]:
            if (word.capitalized and _is_capitalized_for_itself(word, word is first, lower_case, inside)) or (
                name and word.folded in _LINKS
            ):
                name.append(word)
                continue
            # A run ends: links at its end ("Bank of"), and a title before it ("Mr"), are no part of the name.
            while name and (not name[-1].capitalized):
                name.pop()
            while name and name[0].folded in _ADDRESSES:
                name.pop(0)
            if len(name) > 1 or (name and _is_single_name(name[0], name[0] is first, inside)):
                yield tuple(name[:5])
            name = []


def _is_capitalized_for_itself(word: Word, begins: bool, lower_case: set[str], inside: set[str]) -> bool:
    """Return whether a capitalized word is so for its own sake and not for its place."""
    if word.acronym or not begins:
        return True
    return not word.common and (word.folded in inside or word.folded not in lower_case)


def _is_single_name(word: Word, begins: bool, inside: set[str]) -> bool:
    """Return whether one capitalized word is a name by itself."""
    return word.acronym or (not word.common and (not begins or word.folded in inside))


def _find_capitalized_inside(sentences: Sequence[Sequence[Word]]) -> set[str]:
    """Return the words that are capitalized inside a sentence: those are so for their own sake."""
    some = [sentence for n, sentence in enumerate(sentences) if not _is_title_case(sentence, n == 0)]
    return {word.folded for sentence in some for word in sentence[1:] if word.capitalized}


def _capitalizes_nouns(sentences: Sequence[Sequence[Word]]) -> bool:
    """Return whether the language capitalizes all its nouns, as German does: there one such word is no name."""
    words = [word for sentence in sentences[1:] for word in sentence[1:] if len(word.folded) > 3 and not word.common]
    return len(words) >= 15 and sum(word.capitalized for word in words) / len(words) > 0.45


def _is_title_case(sentence: Sequence[Word], headline: bool) -> bool:
    """Return whether a line capitalizes most of its words, which says nothing: a headline, or one inside the text."""
    if not headline:
        informative = [word for word in sentence if not word.common]
        return len(informative) >= 6 and all(word.capitalized for word in informative)
    longer = [word for word in sentence if len(word.folded) > 3]
    return len(longer) >= 4 and sum(word.capitalized for word in longer) / len(longer) > _TITLE_CASE


def _iter_phrases(sentence: Sequence[Word]) -> Iterator[tuple[Word, ...]]:
    """Yield the phrases that may be repeated: two or three informative words side by side, or up to six characters."""
    for run in _iter_runs(sentence):
        spaceless = [bool(_SPACELESS.match(word.folded)) for word in run]
        # Scripts without spaces have a word for each character: there a phrase is longer, and of one script.
        for begin in range(len(run)):
            longest = 6 if spaceless[begin] else 3
            for length in range(2, longest + 1):
                some = run[begin : begin + length]
                if len(some) < length or any(spaceless[begin + n] != spaceless[begin] for n in range(length)):
                    break
                if spaceless[begin]:
                    if not any(word.folded in CHARACTERS for word in some):
                        yield tuple(some)
                elif _is_phrase(some):
                    yield tuple(some)


def _is_phrase(some: Sequence[Word]) -> bool:
    """Return whether words make a phrase: common ones may only link."""
    if some[0].common or some[-1].common or any(word.folded.isdecimal() for word in some):
        return False
    return all(not word.common or word.folded in _LINKS for word in some[1:-1])


def _add_term(terms: dict[tuple[str, ...], Term], run: Sequence[Word], kind: str, sentence: int) -> None:
    words = tuple(word.folded for word in run)
    term = terms.get(words)
    if term is None:
        term = terms[words] = Term(words=words, text=_join_words(run), kind=kind)
    if kind != "phrase" and term.kind == "phrase":
        # The same words were counted as a phrase as well, here or before.
        term.kind, term.text = kind, _join_words(run)
        return
    if kind == "phrase" and term.kind != "phrase":
        return
    term.count += 1
    term.sentences.add(sentence)


def _split_joined_names(terms: dict[tuple[str, ...], Term]) -> None:
    """Split two names that a link joins where the second is a name by itself: Anna Sample of Harbour Watch."""
    for words, term in list(terms.items()):
        at = max((n for n, word in enumerate(words) if word in _LINKS), default=0)
        first, second = terms.get(words[:at]), terms.get(words[at + 1 :])
        if term.kind != "name" or at < 2 or second is None or second.kind == "phrase":
            continue
        # Both take over the occurrences of the whole.
        del terms[words]
        if first is None or first.kind == "phrase":
            first = terms[words[:at]] = Term(words=words[:at], text=" ".join(term.text.split(" ")[:at]), kind="name")
        for part in (first, second):
            part.count += term.count
            part.sentences |= term.sentences


def _join_words(run: Sequence[Word]) -> str:
    """Return words as they are written, with nothing but blanks between them."""
    blank = "" if all(_SPACELESS.match(word.folded) for word in run) else " "
    return blank.join(word.text.replace(".", "") if word.acronym else word.text for word in run)


def _mark_quoted(terms: dict[tuple[str, ...], Term], whole: str, sentences: Sequence[Sequence[Word]]) -> None:
    """Mark what is in quotes and short enough to be a term."""
    for match in _QUOTED.finditer(whole):
        quoted = match[1].strip()
        run = _split_words(quoted)
        words = tuple(word.folded for word in run)
        spaceless = bool(words) and all(_SPACELESS.match(word) for word in words)
        most = 8 if spaceless else 4
        # Speech is longer, or ends like a sentence.
        if not 1 <= len(words) <= most or quoted[-1:] in ".,!?…" or all(word in STOPWORDS for word in words):
            continue
        if len(words) == 1 and len(words[0]) < 4:
            continue
        term = terms.setdefault(words, Term(words=words, text=_join_words(run), kind="quoted"))
        term.kind = "quoted"
        where = [number for number, sentence in enumerate(sentences) if _contains(sentence, words)]
        term.sentences.update(where)
        term.count = max(term.count, len(where), 1)


def _mark_headline(terms: dict[tuple[str, ...], Term], sentences: Sequence[Sequence[Word]]) -> None:
    """Note which terms are in the headline, however it is written."""
    for term in terms.values():
        if sentences and term.kind != "phrase" and 0 not in term.sentences and _contains(sentences[0], term.words):
            term.sentences.add(0)
            term.count += 1


def _contains(sentence: Sequence[Word], words: tuple[str, ...]) -> bool:
    folded = [word.folded for word in sentence]
    return any(tuple(folded[at : at + len(words)]) == words for at in range(len(folded) - len(words) + 1))


def _is_significant(term: Term, nouns_capitalized: bool) -> bool:
    if term.kind == "phrase":
        return term.count >= 2 or (0 in term.sentences and len(term.words) > 1 and term.count >= 2)
    if term.kind == "name" and len(term.words) == 1:
        return len(term.words[0]) >= 3 and term.count >= (3 if nouns_capitalized else 1)
    return True


def _drop_contained(terms: Sequence[Term]) -> list[Term]:
    """Return the terms without phrases that are part of a longer term as often as they occur at all."""
    longer: defaultdict[tuple[str, ...], int] = defaultdict(int)
    for term in terms:
        for begin in range(len(term.words)):
            for end in range(begin + 1, len(term.words) + 1):
                part = term.words[begin:end]
                if part != term.words:
                    longer[part] = max(longer[part], term.count)
    return [term for term in terms if term.kind != "phrase" or longer[term.words] < term.count]


def _drop_similar(ranked: Sequence[Term]) -> Iterator[Term]:
    """Yield the terms without phrases that add little to one of more weight: part of it, or most of its words."""
    kept: list[Term] = []
    for term in ranked:
        if term.kind == "phrase":
            words = set(term.words)
            others = [set(other.words) for other in kept if other.kind in {"phrase", "quoted"}]
            if any(words <= other or len(words & other) > max(1, len(words) / 2) for other in others):
                continue
        kept.append(term)
        yield term
