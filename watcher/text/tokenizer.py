"""Splits text into the tokens that are compared, and knows where each stands in the text as stored.

One canonicaliser for texts, queries and the archive's index: apart from it nothing splits words. Rules: letters, digits
and their marks make a word; hyphens, slashes and punctuation part words; Han, Kana and Thai count by character; a
possessive 's is dropped; dotted acronyms are one word (U.S. is US); soft hyphens and zero-width marks are nothing; an
apostrophe inside a Cyrillic word and a gershayim inside a Hebrew one belong to it; left-over HTML entities are read.
"""

from __future__ import annotations

import re
from functools import lru_cache

from watcher.text.normalize import ENTITY, MAX_CACHED_LENGTH, fold, replace_usual_marks

_ASCII_DOT = re.compile(r"\.[A-Za-z](?![A-Za-z0-9])")
_ASCII_DOTTED = re.compile(r"(?<![A-Za-z0-9.])(?:[A-Za-z]\.)+[A-Za-z](?![A-Za-z0-9])")
_ASCII_POSSESSIVE = re.compile(r"'(?<=[A-Za-z0-9.]')[sS](?![A-Za-z0-9])")
_NOT_BLANK = re.compile("[^ ]+")
_ASCII_FOLDED = str.maketrans({chr(code): chr(code).lower() if chr(code).isalnum() else " " for code in range(128)})
_ASCII_PARTED = str.maketrans({chr(code): chr(code) if chr(code).isalnum() else " " for code in range(128)})
_ASCII_MARKED = {**_ASCII_PARTED, 0: "."}
_BLANKS = re.compile("  +")
_SHIFT = re.compile("  +|[.+]")


def tokens(text: str) -> list[str]:
    """Split a text into folded tokens, in order."""
    text = replace_usual_marks(text)
    if _has_entity(text):
        return [fold(word) for word in _split_any(text)]
    if text.isascii():
        return _join_ascii(text).translate(_ASCII_FOLDED).split()
    from watcher.text.latin import join_latin_words, part_latin_words

    if (parted := part_latin_words(text)) is not None:
        return join_latin_words(parted)[1].split()
    return [fold(word) for word in _split_any(text)]


def split_written_words(text: str) -> list[str]:
    """Return each of `tokens(text)` as it is written, for exact comparison: without acronym dots, invisible marks and
    read entities, apostrophes in one spelling."""
    return join_words(text)[0].split()


def join_words(text: str) -> tuple[str, str]:
    """Return `split_written_words(text)` and `tokens(text)`, each in one string with a blank between.

    Where the text is plain, words stand at the same places in both.
    """
    text = replace_usual_marks(text)
    if not _has_entity(text):
        if text.isascii():
            written = " ".join(_join_ascii(text).translate(_ASCII_PARTED).split())
            return written, written.lower()
        from watcher.text.latin import join_latin_words, part_latin_words

        if (parted := part_latin_words(text)) is not None:
            return join_latin_words(parted)
    words = _split_any(text)
    return " ".join(words), " ".join([fold(word) for word in words])


def list_word_spans(text: str) -> list[tuple[int, int]]:
    """Return where each of `tokens(text)` stands: [start, end) in code points of the text as it is."""
    parted = part_words(text)
    if parted is not None:
        return list(map(re.Match.span, _NOT_BLANK.finditer(parted)))
    from watcher.text.any_script import list_any_words

    return [(start, end) for _word, start, end in list_any_words(replace_usual_marks(text))]


def part_words(text: str) -> str | None:
    """Return a text with a blank for all that is no word, as long as before, for `find_word_span` and `list_offsets`.

    The dots of an acronym are dots, and a letter that is folded to two is a plus. None where single characters do not
    show where words end: `list_word_spans` lists them then.
    """
    text = replace_usual_marks(text)
    if _has_entity(text):
        return None
    if text.isascii():
        text = _ASCII_POSSESSIVE.sub("  ", text)
        if _ASCII_DOT.search(text) is None:
            return text.translate(_ASCII_PARTED)
        return _ASCII_DOTTED.sub(_mark_dots, text.replace("\0", " ")).translate(_ASCII_MARKED)
    from watcher.text.latin import mark_latin_words, part_latin_words

    parted = part_latin_words(text)
    return None if parted is None else mark_latin_words(parted)


def fold_in_place(text: str) -> str | None:
    """Return a text as long as before, with its words folded and a blank for all that is no word.

    None where words do not stay where they are: where there are acronyms with dots, letters that are folded to two, or
    other scripts than Latin.
    """
    text = replace_usual_marks(text)
    if _has_entity(text):
        return None
    if not text.isascii():
        from watcher.text.latin import fold_latin_in_place, part_latin_words

        return None if (parted := part_latin_words(text)) is None else fold_latin_in_place(parted)
    if "'" in text:
        text = _ASCII_POSSESSIVE.sub("  ", text)
    return text.translate(_ASCII_FOLDED) if _ASCII_DOT.search(text) is None else None


def find_word_span(parted: str, first: int, last: int) -> tuple[int, int]:
    """Return where the words `first` to `last` of a parted text begin and end, in a fraction of the time of all words.

    Raises IndexError where there are not so many words.
    """
    # What is left after a number of words shows where the next one begins.
    rest = parted.split(None, first)[first]
    ending = rest.split(None, last - first)[last - first]
    return len(parted) - len(rest), len(parted) - len(ending) + len(ending.partition(" ")[0])


def list_offsets(parted: str) -> tuple[list[int], list[int]]:
    """Return how far the words of a parted text stand after where they are in `join_words`: from which place in the
    joined words on, in order, and by how many characters."""
    offset = len(parted) - len(parted.lstrip(" "))
    places, offsets = [0], [offset]
    if "." not in parted and "+" not in parted:
        for match in _BLANKS.finditer(parted, offset):
            start, end = match.span()
            places.append(start - offset + 1)
            offset += end - start - 1
            offsets.append(offset)
        return places, offsets
    for match in _SHIFT.finditer(parted, offset):
        start, end = match.span()
        letter = parted[start]
        # Of several blanks one is left; an inner dot is dropped; a letter that is folded to two is longer there.
        places.append(start - offset + (0 if letter == "." else 1 if letter == " " else 2))
        offset += end - start - 1 if letter == " " else 1 if letter == "." else -1
        offsets.append(offset)
    return places, offsets


def encode(token: str) -> str:
    """Encode a token in ASCII for the databases' index; a prefix of a token becomes a prefix of its code."""
    if token.isascii():
        return token
    return _known(token) if len(token) <= MAX_CACHED_LENGTH else _encoded(token)


def _encoded(token: str) -> str:
    return "".join(c if c.isascii() else f"q{ord(c):05x}" for c in token)


_known = lru_cache(maxsize=16_384)(_encoded)


def index_text(*fields: str) -> str:
    """Return the index tokens of some fields: ASCII words, one space between."""
    return encode_folded(*(" ".join(tokens(field)) for field in fields if field))


def encode_folded(*folded: str) -> str:
    """Return the index tokens of fields whose folded tokens are joined already, as those of `joined` are."""
    text = " ".join(filter(None, folded))
    return text if text.isascii() else " ".join(encode(token) for token in text.split(" "))


def _has_entity(text: str) -> bool:
    return "&" in text and ENTITY.search(text) is not None


def _split_any(text: str) -> list[str]:
    from watcher.text.any_script import split_any_words

    return split_any_words(text)


def _join_ascii(text: str) -> str:
    """Return a text with acronyms without their dots, and without possessives."""
    if "'" in text:
        text = _ASCII_POSSESSIVE.sub(" ", text)
    return text if _ASCII_DOT.search(text) is None else _ASCII_DOTTED.sub(_undotted, text)


def _undotted(match: re.Match[str]) -> str:
    return match[0].replace(".", "")


def _mark_dots(match: re.Match[str]) -> str:
    return match[0].replace(".", "\0")
