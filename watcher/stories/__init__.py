"""What is one event: signs by which like reports find each other, and how like they have to be. Pure."""

from watcher.stories.likeness import (
    COMPARED,
    COPY,
    SAME_STORY,
    WINDOW,
    Candidate,
    Joined,
    join,
    marks,
    similarity,
    story_text,
    story_words,
)

__all__ = [
    "COMPARED",
    "COPY",
    "SAME_STORY",
    "WINDOW",
    "Candidate",
    "Joined",
    "join",
    "marks",
    "similarity",
    "story_text",
    "story_words",
]
