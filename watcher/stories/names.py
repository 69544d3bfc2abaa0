"""Names in a text, and keys by which one name is found in another alphabet: its consonants, in eight classes.

"Pezeshkian", "Пезешкиан" and "Πεζεσκιάν" have one key. Where an alphabet has no capitals (Arabic, Hebrew, Georgian,
the scripts of India), every longer word may be a name; those are compared with what is surely a name elsewhere. Han is
left out: a name in it is written by meaning as much as by sound.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from watcher.model.language import get_primary_language
from watcher.text.stopwords import HEADLINE_STOPWORDS
from watcher.text.tokenizer import tokens

MIN_KEY_LENGTH = 3
"""Names with fewer consonants have no key: too many share it."""
MIN_NAME_LETTERS = 3
TITLE_CASE_SHARE = 0.6
"""A headline in which so many words are capitalised says nothing about which of them are names."""
MAX_READ_CHARACTERS = 2_000


@dataclass(frozen=True, slots=True)
class Name:
    """A name as it is written, and its key: the same for its other spellings."""

    text: str
    key: str


@dataclass(frozen=True, slots=True)
class NameKeys:
    """The keys of a report: of what is surely a name, and of all words that may be one (which includes them)."""

    certain: frozenset[str]
    possible: frozenset[str]


_CLASSES = {
    "f": "βφϥвфѳҧվֆבוףפفڡڢڤڥڦۋۏफवফਫਵફવఫవഫവვผฝพฟภフヴ",
    "k": "γκϙгкхѓќҁґғҕқҝҟҡӂӄӷգխկղքגךכקخغػؼقكڧڨکڪګڬگڲڳڴകखगघकখগঘਕਖਗਘકખગઘகకఖగఘകഖഗഘგკქღყხกขฃคฅฆカガキギクグケゲコゴヵヶ",
    "ks": "ξϧѯӻӽ",
    "l": "λлӆլלلڵڶڷڸऌलळऴঌলਲઌલળலளழఌలళఴഌലളഴლลฦฬ",
    "ls": "љ",
    "m": "μмӎմםמمमমਮમமమമმมマミムメモ",
    "n": "νнңҥӈӊնןנنڃڠڭڱڹںڻڼڽڿۑङञणनऩঙঞণনਙਞਣਨઙઞણનஙஞணநனఙఞణనങഞണനഩნงณนナニヌネノン",
    "ns": "њ",
    "p": "πбпբպփبٻپڀڣपबभপবভਪਬਭપબભபపబభപബഭბპფบปバパビピブプベペボポ",
    "ps": "ψѱ",
    "r": "ρϼрҏրռרرڑڒړڔڕڙऋरऱঋরਰઋરரறఋరఱഋരറრรฤラリルレロ",
    "s": (
        "ζςσχϡϣϫϭжзсцчшщѕћџҋҗҙҫҵҷҹҽҿӌӝӟӡӵզժծձճչջսցזסץצשجزسشصځڂڄڅچڇږژښڛڜڝڞचछजझशषसচছজঝশষসਚਛਜਝਸચછજઝશષસசஜஶஷஸచఛజఝశషసచഛജഝശഷസ"
        "ზჟსშჩცძწჭჯจฉชซฌศษสサザシジスズセゼソゾチヂツヅ"
    ),
    "t": (
        "δθτϯдтѿҭդթտדטתتثدذضطظٹٺټٽٿڈډڊڌڍڎڏڐڗڟटठडढतथदधটঠডঢতথদধਟਠਡਢਤਥਦਧ"
        "ટઠડઢતથદધடతటఠడఢతథదధటഠഡഢതഥദധდთტฎฏฐฑฒดตถทธタダッテデトド"
    ),
    "ts": "ђ",
}
_LATIN = {"b": "p", "p": "p", "f": "f", "v": "f", "w": "f", "k": "k", "g": "k", "q": "k", "c": "k", "x": "ks"} | {
    "s": "s", "z": "s", "j": "s", "d": "t", "t": "t", "l": "l", "r": "r", "m": "m", "n": "n", "ß": "s",
    "ł": "l", "đ": "t", "þ": "t", "ð": "t", "ŋ": "n",
}  # fmt: skip
_OF_LETTER = {letter: group for group, letters in _CLASSES.items() for letter in letters} | _LATIN
_CLUSTERS = tuple(
    (re.compile(pattern), short)
    for pattern, short in (
        ("tsch|tch|sch|shch|dzh|cz|sz|ch|sh|zh|dz|ts|tz", "s"),
        ("c(?=[eiy])", "s"),
        ("ph", "f"),
        ("th|dh", "t"),
        ("kh|gh|ck", "k"),
        ("bh", "p"),
        ("дж", "s"),
        ("тс", "s"),
        ("^μπ", "p"),  # Greek writes a b as mp, a d as nt
        ("^ντ", "t"),
        ("^γκ", "k"),
        ("τσ|τζ", "s"),
    )
)
_WORD = re.compile(r"[^\W\d_]+(?:['’\u02bc-][^\W\d_]+)*")
_SENTENCE_START = re.compile(r"(?:^|[.!?…:\n–—|]|[\"“„«‘(\[])\s*$")
_CAPITAL_NOUNS = ("de", "lb", "gsw")
_HAN = re.compile("[\u3041-\u3096\u3400-\u9fff]")


@lru_cache(maxsize=32_768)
def build_name_key(word: str) -> str:
    """Return the consonants of a word in eight classes, none twice in a row; empty where they are too few."""
    plain = unicodedata.normalize("NFD", word.lower())
    plain = "".join(letter for letter in plain if not unicodedata.combining(letter))
    for cluster, short in _CLUSTERS:
        plain = cluster.sub(short, plain)
    key = re.sub(r"(.)\1+", r"\1", "".join(_OF_LETTER.get(letter, "") for letter in plain))
    return key if len(key) >= MIN_KEY_LENGTH else ""


def extract_name_keys(title: str, text: str, language: str | None = None) -> NameKeys:
    """Return the keys of a report's names; `text` is what follows the headline."""
    certain, possible = set(), set()
    for words in _split_names(title, text, language):
        for word, is_certain in words:
            if key := build_name_key(word):
                possible.add(key)
                if is_certain:
                    certain.add(key)
    return NameKeys(frozenset(certain), frozenset(possible))


def extract_names(title: str, text: str, language: str | None = None) -> tuple[Name, ...]:
    """Return the names of a report in order, each once: runs of capitalised words inside sentences.

    None where the writing does not mark names: in German every noun has a capital, in Arabic no word has one.
    """
    names: dict[str, Name] = {}
    for words in _split_names(title, text, language):
        certain = [word for word, is_certain in words if is_certain]
        if len(certain) == len(words):
            key = " ".join(build_name_key(word) or word.casefold() for word in certain)
            names.setdefault(key, Name(" ".join(certain), key))
    return tuple(names.values())


def _split_names(title: str, text: str, language: str | None) -> Iterator[tuple[tuple[str, bool], ...]]:
    """Yield runs of words that may be names, each word with whether it surely is one."""
    has_capital_nouns = get_primary_language(language) in _CAPITAL_NOUNS
    yield from _read_runs(title, has_capital_nouns or is_title_case(title))
    yield from _read_runs(text[:MAX_READ_CHARACTERS], has_capital_nouns)


def is_title_case(title: str) -> bool:
    """Return whether a headline capitalises its words, as English ones do."""
    words = [word for word in _WORD.findall(title) if len(word) > MIN_NAME_LETTERS and word.lower() != word.upper()]
    return len(words) > 3 and sum(word[0].isupper() for word in words) >= TITLE_CASE_SHARE * len(words)


def _read_runs(text: str, all_capitals: bool) -> Iterator[tuple[tuple[str, bool], ...]]:
    run: list[tuple[str, bool]] = []
    end = 0
    for match in _WORD.finditer(text):
        word = match.group()
        between = text[end : match.start()]
        if run and between.strip(" \u00a0"):
            yield tuple(run)
            run = []
        end = match.end()
        candidate = _judge_word(text, match, all_capitals)
        if candidate is None or (run and candidate != run[-1][1]):
            if run:
                yield tuple(run)
            run = []
        if candidate is not None:
            run.append((word, candidate))
    if run:
        yield tuple(run)


def _judge_word(text: str, match: re.Match[str], all_capitals: bool) -> bool | None:
    """Return whether a word is surely a name, may be one, or (None) is none."""
    word = match.group()
    if len(word) < MIN_NAME_LETTERS or _HAN.search(word) or tokens(word)[0] in HEADLINE_STOPWORDS:
        return None
    if word.lower() == word.upper():
        return False
    if not word[0].isupper():
        return None
    is_start = _SENTENCE_START.search(text, max(0, match.start() - 4), match.start()) is not None
    return not (all_capitals or is_start)
