"""Words of texts in Latin letters with accents, in one byte a character; `any_script` is for all others.

Most news has an accent, a curly quote, a dash or a currency sign somewhere. Some two hundred characters cover the
languages of Europe that are written in Latin letters: in one byte each, tables split and fold them, in a tenth of the
time that patterns over all of Unicode take.
"""

from __future__ import annotations

import codecs
import re

from watcher.text.normalize import USUAL_MARKS, fold

LETTERS = (
    "ÀÁÂÃÄÅÆÇÈÉÊËÌÍÎÏÐÑÒÓÔÕÖØÙÚÛÜÝÞßàáâãäåæçèéêëìíîïðñòóôõöøùúûüýþÿ"  # western, northern
    "ĄąĆćĘęŁłŃńŚśŹźŻżČčĎďĚěŇňŘřŠšŤťŮůŽžĐđŐőŰű"  # Polish, Czech, Slovak, Croatian, Hungarian
    "ĞğİıŞşĂăȘșȚțŢţŒœĀāĒēĪīŪūªº"  # Turkish, Romanian, French, Latvian, Spanish
)
"""Letters beside those of ASCII, none of which needs to see its neighbours to be folded."""
_SIGNS = "€£©®™°§¿¡"  # what other characters part words is found one by one

# ASCII stands at its own codes. Control characters that no text needs leave theirs; NUL does not: the encoder wants it
# there.
_FREE = [*range(0x01, 0x09), *range(0x0E, 0x20), 0x7F, *range(0x80, 0x100)]
_UNUSED = "\ufffe"
_MARKS = "".join(mark for mark, _plain in USUAL_MARKS if not mark.isascii())
_INNER_DOT, *_CODES = _FREE
"""Stands for the dots of an acronym, which belong to its word in the text and not in the word."""


def _list_characters() -> str:
    """Return which character each code stands for."""
    characters = [chr(code) if code < 0x80 and code not in _FREE else _UNUSED for code in range(0x100)]
    for code, character in zip(_CODES, LETTERS + _MARKS + _SIGNS, strict=True):
        characters[code] = character
    return "".join(characters)


_CHARACTERS = _list_characters()
_ENCODING = codecs.charmap_build(_CHARACTERS)
_WORD_CODES = frozenset(
    code
    for code, character in enumerate(_CHARACTERS)
    if character in LETTERS or (character.isascii() and character.isalnum())
)
_APOSTROPHES = {mark for mark, plain in USUAL_MARKS if plain == "'"} | {"'"}

_PARTED = bytes(code if code in _WORD_CODES or code == _INNER_DOT else 0x20 for code in range(0x100))
_FOLDS = {code: fold(_CHARACTERS[code]) for code in _WORD_CODES}
_FOLDED = bytes(ord(_FOLDS[code]) if len(_FOLDS.get(code, "")) == 1 else code for code in range(0x100))
# `fold` makes two letters of some: those are replaced one by one, where they occur.
_FOLDED_TO_SEVERAL = [(bytes([code]), folded.encode()) for code, folded in sorted(_FOLDS.items()) if len(folded) != 1]
_MARKED = bytes(
    ord(" " if code == 0x20 else "." if code == _INNER_DOT else "+" if len(_FOLDS.get(code, "")) > 1 else "x")
    for code in range(0x100)
)
_FIRST_SPELLING = bytes(0x27 if character in _APOSTROPHES else code for code, character in enumerate(_CHARACTERS))

_WORD = b"[%s]" % re.escape(bytes(sorted(_WORD_CODES)))
_LETTER = b"[%s]" % re.escape(bytes(code for code in sorted(_WORD_CODES) if not _CHARACTERS[code].isdigit()))
_POSSESSIVE = re.compile(b"'(?<=[.%s]')[sS](?!%s)" % (_WORD[1:-1], _WORD))
_DOT = re.compile(rb"\.%s(?!%s)" % (_LETTER, _WORD))
_DOTTED = re.compile(rb"(?<!%s)(?<!\.)(?:%s\.)+%s(?!%s)" % (_WORD, _LETTER, _LETTER, _WORD))


def part_latin_words(text: str) -> bytes | None:
    """Return a text without entities in one byte a character, with a blank for all that is no word.

    None where a character is no Latin letter and yet may belong to a word.
    """
    try:
        encoded, _length = codecs.charmap_encode(text, _BLANK_SIGNS, _ENCODING)
    except UnicodeEncodeError:
        return None
    encoded = encoded.translate(_FIRST_SPELLING)
    # As many blanks as letters: places stay what they are.
    if b"'" in encoded:
        encoded = _POSSESSIVE.sub(b"  ", encoded)
    if _DOT.search(encoded) is not None:
        encoded = _DOTTED.sub(_mark_dots, encoded)
    return encoded.translate(_PARTED)


def mark_latin_words(parted: bytes) -> str:
    """Return a parted text as `tokenizer.part_words` does."""
    return parted.translate(_MARKED).decode("ascii")


def fold_latin_in_place(parted: bytes) -> str | None:
    """Return a parted text as `tokenizer.fold_in_place` does."""
    is_shifted = _INNER_DOT_BYTE in parted or any(letter in parted for letter, _letters in _FOLDED_TO_SEVERAL)
    return None if is_shifted else parted.translate(_FOLDED).decode("ascii")


def join_latin_words(parted: bytes) -> tuple[str, str]:
    """Return the words of a parted text as written, and folded, each in one string with a blank between."""
    joined = b" ".join(parted.split())
    folded = joined.translate(_FOLDED, _INNER_DOT_BYTE)
    for letter, letters in _FOLDED_TO_SEVERAL:
        if letter in folded:
            folded = folded.replace(letter, letters)
    written, _length = codecs.charmap_decode(joined.translate(None, _INNER_DOT_BYTE), "strict", _CHARACTERS)
    return written, folded.decode("ascii")


def _mark_dots(match: re.Match[bytes]) -> bytes:
    return match[0].replace(b".", _INNER_DOT_BYTE)


_INNER_DOT_BYTE = bytes([_INNER_DOT])
_BLANK_SIGNS = "watcher.blank_signs"


def _blank_signs(error: UnicodeError) -> tuple[str, int]:
    """Return as many blanks as there are characters that the table has not, where all of them only part words."""
    from watcher.text.any_script import may_belong_to_word

    if not isinstance(error, UnicodeEncodeError) or may_belong_to_word(error.object[error.start : error.end]):
        raise error
    return " " * (error.end - error.start), error.end


codecs.register_error(_BLANK_SIGNS, _blank_signs)
