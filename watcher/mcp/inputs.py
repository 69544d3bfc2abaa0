"""Types of what tools are asked with: bounded, so that no call costs more than it may. Empty means no restriction."""

from __future__ import annotations

import re
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

MAX_ID = 2**53 - 1
"""The greatest number that every reader of JSON holds exactly (RFC 8259, section 6)."""
MAX_LISTED = 50
MAX_DRAFT_CHARACTERS = 200_000
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
TIMES = "7d, 36h, yesterday, monday, 2026-11-01 or 2026-11-01T08:00Z; days begin at 00:00 UTC"


def _refuse_unstorable(text: str) -> str:
    if _UNSTORABLE.search(text):
        raise ValueError("contains a character that no database stores")
    return text


STORABLE = AfterValidator(_refuse_unstorable)
"""Stands behind a text's bounds: what follows a validator is checked and explained as if it were a list."""
# Texts are empty and not null where nothing is asked: the SDK reads a text that may be null as JSON first.
Id = Annotated[int, Field(ge=1, le=MAX_ID)]
TopicId = Annotated[str, Field(max_length=64, description="A topic's id, as list_topics names it"), STORABLE]
Query = Annotated[
    str,
    Field(max_length=20_000, description='A query in the topic language, such as "five eyes" AND title:huawei'),
    STORABLE,
]
Topics = Annotated[
    list[Annotated[str, Field(max_length=64), STORABLE]], Field(max_length=20, description="Only these topics (ids)")
]
Sources = Annotated[
    list[Annotated[str, Field(max_length=2_000), STORABLE]],
    Field(max_length=20, description="Only these feeds: an address, a name or a host"),
]
Languages = Annotated[
    list[Annotated[str, Field(max_length=35), STORABLE]],
    Field(max_length=20, description="Only these languages: en, uk, ..."),
]
Since = Annotated[str, Field(max_length=100, description=f"From this time on: {TIMES}"), STORABLE]
Until = Annotated[str, Field(max_length=100, description=f"Before this time: {TIMES}"), STORABLE]
Limit = Annotated[int, Field(ge=1, le=MAX_LISTED, description="The most to list")]
Cursor = Annotated[
    str, Field(max_length=500, description="`next_cursor` of the answer before, to continue its list"), STORABLE
]
Judgement = Annotated[
    Literal["relevant", "irrelevant", "none"], Field(description="The person's judgement; `none` takes it back")
]
