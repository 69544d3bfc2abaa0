"""Translates headlines: through LibreTranslate, or any OpenAI-compatible chat endpoint. Answers are not believed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from watcher.errors import TextServiceError
from watcher.inference.chat import request_object
from watcher.inference.json_service import holds_address, post_json
from watcher.model.language import get_primary_language
from watcher.model.machine_text import TextServiceOptions
from watcher.text.lines import one_line

BATCH_HEADLINES = 20
MAX_HEADLINE_LENGTH = 500
MAX_GROWTH = 4
"""How many times as long as its original a translation may be, beside EXTRA_LENGTH characters."""
EXTRA_LENGTH = 80
_TASK = (
    "Translate each value of the object `headlines` into the language with the code `to`. Keep names, numbers and"
    " tone; add nothing. Answer {\"headlines\": {key: translation}} with the same keys."
)  # fmt: skip


def translate_headlines(options: TextServiceOptions, headlines: Sequence[str], *, deadline: float) -> Mapping[str, str]:
    """Return translations by headline, those alone that look like translations; raises TextServiceError.

    `deadline` is a moment of time.monotonic().
    """
    translated: dict[str, str] = {}
    for start in range(0, len(headlines), BATCH_HEADLINES):
        batch = [headline[:MAX_HEADLINE_LENGTH] for headline in headlines[start : start + BATCH_HEADLINES]]
        request = _request_chat if options.model else _request_libretranslate
        try:
            answers = request(options, batch, deadline)
        except TextServiceError:
            if translated:
                # What was translated before the deadline is of use.
                return translated
            raise
        for headline, short, answer in zip(headlines[start:], batch, answers, strict=False):
            if (text := _check_translation(short, answer)) is not None:
                translated[headline] = text
    return translated


def _request_libretranslate(options: TextServiceOptions, batch: Sequence[str], deadline: float) -> list[Any]:
    url = options.url.rstrip("/")
    body = {"q": list(batch), "source": "auto", "target": get_primary_language(options.to), "format": "text"}
    if options.api_key:
        body["api_key"] = options.api_key
    answer = post_json(url if url.endswith("/translate") else f"{url}/translate", body, api_key=None, deadline=deadline)
    texts = answer.get("translatedText") if isinstance(answer, dict) else None
    if not isinstance(texts, list) or len(texts) != len(batch):
        raise TextServiceError("answered another number of translations than it was asked for")
    return texts


def _request_chat(options: TextServiceOptions, batch: Sequence[str], deadline: float) -> list[Any]:
    data = {"to": options.to, "headlines": {str(number): text for number, text in enumerate(batch)}}
    answer = request_object(options, _TASK, data, deadline=deadline).get("headlines")
    if not isinstance(answer, dict):
        raise TextServiceError("answered no translations")
    return [answer.get(str(number)) for number in range(len(batch))]


def _check_translation(original: str, answer: Any) -> str | None:
    """Return a translation on one line; None for what is none: empty, unchanged, far too long, with an address."""
    if not isinstance(answer, str):
        return None
    text = one_line(answer)
    is_new = bool(text) and text.casefold() != one_line(original).casefold()
    is_short = len(text) <= MAX_GROWTH * len(original) + EXTRA_LENGTH
    has_new_address = holds_address(text) and not holds_address(original)
    return text if is_new and is_short and not has_new_address else None
