"""The hash of a text is stored with each entry: however quickly it is made, it stays the same number."""

from __future__ import annotations

import hashlib

from hypothesis import given
from hypothesis import strategies as st

from watcher.identify.keys import hash_content
from watcher.model.entry import Item

texts = st.text(st.one_of(st.sampled_from(" \n\t\r\u00a0\u2028\u0a20\u200b"), st.characters()), max_size=60)


def hash_slowly(item: Item) -> bytes:
    """Hash a text as it was defined: without blanks and line feeds, and with all other space."""
    joined = "\x1f".join((item.title, item.summary, item.content))
    kept = "".join(character for character in joined if character not in " \n")
    return hashlib.blake2b(kept.encode("utf-8", "surrogatepass"), digest_size=16).digest()


@given(title=texts, summary=texts, content=texts)
def test_the_quick_hash_of_a_text_is_that_of_its_definition(title: str, summary: str, content: str) -> None:
    item = Item(guid="a", url=None, title=title, summary=summary, content=content)
    assert hash_content(item) == hash_slowly(item)


def test_a_lone_surrogate_is_hashed() -> None:
    item = Item(guid="a", url=None, title="\ud800 x", summary="", content="")
    assert hash_content(item) == hash_slowly(item)
