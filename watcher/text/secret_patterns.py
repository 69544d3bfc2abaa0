"""Finds a secret in other people's text, in whatever form a server repeats it."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from html.entities import codepoint2name

MASK = "***"
MIN_PREFIX = 5
"""Characters of a secret that are masked where the text was cut in the middle of it."""
MIN_ENCODED = 6
"""Characters of an encoded secret; what is shorter stands in any text by chance."""
_GAP = r"(?:=?\s{1,3})?"
"""What a line break in the middle, of a mail's coding or of a layout, leaves between two characters."""
_END = re.compile(r"(?:[%=&\\][%=&\\#;\w]{0,12})?\W{0,8}\Z")


_BASE64 = {"+": "[+-]", "/": "[/_]"}
"""The characters that addresses have others for."""
MAX_CUT = 4_000
"""Characters before the end of a text in which a secret is looked for that is cut there."""


def mask_secrets(text: str, secrets: Iterable[str]) -> str:
    """Return a text with `***` in place of secrets, the longest first.

    A secret is found as it is, in another case, escaped as in addresses, HTML, JSON or quoted-printable, once or twice,
    broken across lines, in Base64 (at any place of what was encoded) and in hexadecimal, and cut off at the text's end.
    """
    for secret in sorted(set(secrets), key=len, reverse=True):
        if secret.strip():
            for form in _compile(secret):
                text = _mask_cut(form.whole.sub(MASK, text), form)
    return text


@dataclass(frozen=True, slots=True)
class _Form:
    """One form of a secret: a pattern for all of it, and one for each of its characters."""

    whole: re.Pattern[str]
    characters: tuple[re.Pattern[str], ...]


@lru_cache(maxsize=256)
def _compile(secret: str) -> tuple[_Form, ...]:
    forms = [_make_form([_list_forms(character) for character in secret], re.IGNORECASE)]
    forms += [_make_form(list(code), re.IGNORECASE) for code in _list_hexadecimal(secret)]
    forms += [_make_form([_BASE64.get(character, character) for character in code], 0) for code in _list_base64(secret)]
    return tuple(forms)


def _make_form(characters: Sequence[str], flags: int) -> _Form:
    return _Form(
        re.compile(_GAP.join(characters), flags), tuple(_compile_next(character, flags) for character in characters)
    )


@lru_cache(maxsize=1024)
def _compile_next(character: str, flags: int) -> re.Pattern[str]:
    return re.compile(_GAP + character, flags)


def _mask_cut(text: str, form: _Form) -> str:
    """Mask the beginning of a secret where the text was cut in the middle of it."""
    for begin in range(max(0, len(text) - MAX_CUT), len(text)):
        matched, before, at = 0, begin, begin
        for pattern in form.characters:
            step = pattern.match(text, at)
            if step is None:
                break
            matched, before, at = matched + 1, at, step.end()
        # An escape may be cut as well (`%2`, `&am`, which begins with the character itself), and dots may follow.
        if matched >= MIN_PREFIX and (_END.match(text, at) or _END.match(text, before)):
            return text[:begin] + MASK
    return text


def _list_forms(character: str) -> str:
    """Return a pattern for a character as it is, escaped, or encoded."""
    point = ord(character)
    encoded = character.encode("utf-8", "surrogatepass")
    entity = r"&(?:amp;)*"
    forms = [rf"\\{{0,2}}{re.escape(character)}"]
    forms += ["".join(f"%(?:25)*{byte:02x}" for byte in encoded), _GAP.join(f"={byte:02x}" for byte in encoded)]
    forms += [rf"\\{{1,2}}u{point:04x}", rf"\\{{1,2}}x{point:02x}"]
    if point > 0xFFFF:
        pair = character.encode("utf-16-be", "surrogatepass").hex()
        forms.append(rf"\\{{1,2}}u{pair[:4]}\\{{1,2}}u{pair[4:]}")
    forms += [rf"{entity}#0*{point};", rf"{entity}#x0*{point:x};"]
    if name := codepoint2name.get(point):
        forms.append(f"{entity}{name};")
    if character == "'":
        forms.append(f"{entity}apos;")
    if character == " ":
        forms.append(r"\+")
    # The escaped forms first: `&` alone is the beginning of its own entity.
    return f"(?:{'|'.join(reversed(forms))})"


def _list_hexadecimal(secret: str) -> Iterator[str]:
    code = secret.encode("utf-8", "surrogatepass").hex()
    if len(code) >= MIN_ENCODED:
        yield code


def _list_base64(secret: str) -> Iterator[str]:
    """Return patterns for the part of Base64 that depends on the secret alone, for each place among three bytes."""
    raw = secret.encode("utf-8", "surrogatepass")
    for before in range(3):
        code = base64.b64encode(b"\0" * before + raw).decode()
        own = code[-(-before * 8 // 6) : (before + len(raw)) * 8 // 6]
        if len(own) >= MIN_ENCODED:
            yield own
