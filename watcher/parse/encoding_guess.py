"""Guesses the encoding of bytes that are no UTF-8 and that nothing declares: the last resort.

Each candidate is tried on a sample; the one wins whose text reads most like some language. charset-normalizer alone
confuses those of Latin letters (windows-1250 with ISO 8859-2 and windows-1254); its guess of others counts as a vote.
"""

from __future__ import annotations

import re
import unicodedata

from watcher.parse.encodings import find_codec
from watcher.text.language_detection import detect_language

SAMPLE_BYTES = 3_000
"""Bytes that are looked at: a few milliseconds."""
MIN_FOREIGN_BYTES = 3
"""Of fewer foreign bytes nothing can be learnt."""
# In this order where several read as well: windows-1252 is what most writers have.
_CANDIDATES = (
    "cp1252", "cp1251", "cp1250", "iso8859-2", "cp1254", "cp1253", "cp1255", "cp1256", "cp1257", "cp874", "cp932",
    "euc_jp", "gb18030", "big5hkscs", "cp949", "koi8-r", "koi8-u", "iso8859-5", "cp866", "mac-roman", "mac-cyrillic",
)  # fmt: skip
_LATIN = frozenset({"cp1252", "cp1250", "iso8859-2", "cp1254", "cp1257", "mac-roman"})
_SAME_AS = {"euc_jis_2004": "euc_jp", "euc_jisx0213": "euc_jp", "shift_jis_2004": "cp932", "shift_jisx0213": "cp932"}
_VOTE = 0.15
_USUAL = 0.015
_RARE = {"mac-roman": 0.1, "mac-cyrillic": 0.1, "cp866": 0.1, "iso8859-5": 0.1}
_FAULT = 3.0
_TEXT = re.compile(rb"(?:^|>)([^<]+)")
_REFERENCE = re.compile(rb"&[#\w]{1,10};")
_FOREIGN = re.compile(rb"[\x80-\xff]")
# Capitals inside words and signs between letters: no language has many of them.
_ODD = re.compile(
    r"[a-z][À-ÖØ-ÞА-ЯΑ-Ω]|[à-ÿа-яα-ω][A-ZÀ-ÖØ-ÞА-ЯΑ-Ω]|(?<=[^\W\d_])[^\w\s\x00-\x7f\u2010-\u2027´](?=[^\W\d_])"
)
# Letters of two scripts side by side: a few names and brands in a text, but not every other letter.
_MIXED = re.compile(
    r"[A-Za-z][\u0370-\u1fff\u2e80-\ud7a3\uff61-\uffdc]|[\u0370-\u1fff\u2e80-\ud7a3\uff61-\uffdc][A-Za-z]"
)
_NO_LETTERS = {"Cc", "Co", "Cn", "So", "Sm", "Sk", "Lm"}


def guess_encoding(body: bytes) -> str:
    """Return the codec under which the text of a document reads most like a language; windows-1252 where none does."""
    sample = _sample(body)
    if len(_FOREIGN.findall(sample)) < MIN_FOREIGN_BYTES:
        return "cp1252"
    # Imported where an encoding is guessed, which few feeds need: its tables take three megabytes.
    from charset_normalizer import from_bytes

    best = from_bytes(sample).best()
    voted = _SAME_AS.get(best.encoding) or find_codec(best.encoding) if best is not None else None
    scores = {codec: _score(sample, codec) + _VOTE * (codec == voted and codec not in _LATIN) for codec in _CANDIDATES}
    return max(_CANDIDATES, key=lambda codec: scores[codec])


def _sample(body: bytes) -> bytes:
    """Return the first pieces of text between tags that hold foreign bytes."""
    pieces: list[bytes] = []
    length = 0
    for match in _TEXT.finditer(body[: 200 * SAMPLE_BYTES]):
        if _FOREIGN.search(match[1]) is not None:
            pieces.append(_REFERENCE.sub(b" ", match[1][:SAMPLE_BYTES]))
            length += len(pieces[-1])
            if length >= SAMPLE_BYTES:
                break
    return b"\n".join(pieces)[: 2 * SAMPLE_BYTES]


def _score(sample: bytes, codec: str) -> float:
    """Return how much a sample reads like a language (at most 1), less for each sign that no text has."""
    text = sample.decode(codec, "replace")
    foreign = [character for character in text if character > "\x7f"]
    detected = detect_language(text[:400])
    faults = sum(unicodedata.category(character) in _NO_LETTERS for character in foreign) + len(_ODD.findall(text))
    doubt = (_FAULT * faults + len(_MIXED.findall(text))) / max(len(foreign), 1) + _RARE.get(codec, 0.0)
    return (detected.probability if detected is not None else 0.0) + _USUAL * (codec == "cp1252") - doubt
