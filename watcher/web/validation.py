"""Types of request values that the API and the pages share: storable text, ids within the database's range."""

from __future__ import annotations

import re
from typing import Annotated

from fastapi import Path
from pydantic import AfterValidator, Field

MAX_ID = 2**63 - 1
"""The largest integer that the database stores."""
MAX_JSON_INTEGER = 2**53 - 1
"""Beyond it, readers of JSON may take two numbers for one."""
MAX_JSON_ID = 2**53 - 1
"""The greatest number that every reader of JSON holds exactly (RFC 8259, section 6)."""
_SURROGATE = re.compile("[\ud800-\udfff]")


def validate_text(text: str) -> str:
    """Return the text; raises ValueError where it holds NUL or a lone surrogate, which no database stores."""
    if "\x00" in text or _SURROGATE.search(text):
        raise ValueError("contains a character that cannot be stored")
    return text


Text = Annotated[str, AfterValidator(validate_text), Field(json_schema_extra={"pattern": r"^[^\u0000]*$"})]
HitId = Annotated[int, Path(ge=1, le=MAX_ID)]
EntryId = Annotated[int, Path(ge=1, le=MAX_ID)]
ProposalId = Annotated[int, Path(ge=1, le=MAX_ID)]
StoryId = Annotated[int, Path(ge=1, le=MAX_ID)]
DigestId = Annotated[int, Path(ge=1, le=MAX_ID)]
DeliveryId = Annotated[int, Path(ge=1, le=MAX_ID)]
NoteId = Annotated[int, Path(ge=1, le=MAX_ID)]
ViewId = Annotated[int, Path(ge=1, le=MAX_ID)]
