"""What is one event: signs by which like reports find each other, and how like they have to be. Pure."""

from watcher.stories.similarity import (
    COPY_SIMILARITY,
    MAX_COMPARED_CHARACTERS,
    STORY_SIMILARITY,
    STORY_WINDOW,
    StoryCandidate,
    StoryMatch,
    build_story_text,
    choose_story,
    compute_blocking_keys,
    compute_similarity,
    extract_story_text,
)

__all__ = [
    "COPY_SIMILARITY",
    "MAX_COMPARED_CHARACTERS",
    "STORY_SIMILARITY",
    "STORY_WINDOW",
    "StoryCandidate",
    "StoryMatch",
    "build_story_text",
    "choose_story",
    "compute_blocking_keys",
    "compute_similarity",
    "extract_story_text",
]
