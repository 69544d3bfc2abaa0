"""Which reports are of one event: the keys by which similar ones are found, and how similar they have to be. Pure."""

from watcher.stories.facts import summarise_event
from watcher.stories.similarity import (
    COPY_SIMILARITY,
    MAX_COMPARED_CHARACTERS,
    STORY_SIMILARITY,
    STORY_WINDOW,
    ReportWords,
    StoryCandidate,
    StoryMatch,
    are_words_unlike,
    build_story_text,
    choose_story,
    compute_blocking_keys,
    compute_similarity,
    extract_story_text,
    split_words,
)

__all__ = [
    "COPY_SIMILARITY",
    "MAX_COMPARED_CHARACTERS",
    "STORY_SIMILARITY",
    "STORY_WINDOW",
    "ReportWords",
    "StoryCandidate",
    "StoryMatch",
    "are_words_unlike",
    "build_story_text",
    "choose_story",
    "compute_blocking_keys",
    "compute_similarity",
    "extract_story_text",
    "split_words",
    "summarise_event",
]
