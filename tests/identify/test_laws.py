"""Whatever is served, in whatever order, is held; and what is held is no news."""

from __future__ import annotations

from datetime import timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.identify.shelf import HOUR, NOON, Shelf, item
from watcher.model.entry import Item

_PAGES = ["a", "b", "a#v1", "a#v2", "a#1", "a#2", "a?oc=1", "a?oc=2", "a/", "?p=1#comment-1", "?p=1#comment-2"]
_ADDRESSES = st.sampled_from([None, *(f"https://post.example/{page}" for page in _PAGES), "http://www.post.example/a"])


def _item(number: int, guid: str | None, url: str | None, title: str, text: str, dated: bool) -> Item:
    return item(
        number,
        guid=guid,
        url=url,
        title=title,
        summary=text,
        published_at=NOON - timedelta(hours=number) if dated else None,
        published_raw=str(number) if dated else "",
    )


ITEMS = st.builds(
    _item,
    st.integers(0, 3),
    st.one_of(st.sampled_from(["g1", "g2", "g3"]), _ADDRESSES),
    _ADDRESSES,
    st.sampled_from(["Ferry runs aground", "Ministers resign", "Fog", "FOG"]),
    st.sampled_from(["", "One ship.", "Two ships."]),
    st.booleans(),
)
DOCUMENTS = st.lists(ITEMS, max_size=9)
POLLS = st.lists(DOCUMENTS, min_size=1, max_size=4)
RUNS = settings(max_examples=300, deadline=None)


def polled(documents: list[list[Item]]) -> Shelf:
    shelf = Shelf()
    for number, document in enumerate(documents):
        shelf.poll(*document, now=NOON + number * HOUR)
    return shelf


@given(POLLS)
@RUNS
def test_every_headline_and_text_that_was_served_is_held(documents: list[list[Item]]) -> None:
    served = {(item.title, item.summary) for document in documents for item in document}

    assert polled(documents).texts >= served


@given(DOCUMENTS)
@RUNS
def test_items_of_the_first_document_are_entries_each(document: list[Item]) -> None:
    shelf = polled([document])

    held = {(entry.item.title, entry.item.summary) for entry in shelf.entries.values()}
    assert held == {(item.title, item.summary) for item in document}


@given(POLLS, st.randoms(use_true_random=False))
@RUNS
def test_the_same_document_again_in_any_order_and_any_part_of_it_is_no_news(
    documents: list[list[Item]], chance: object
) -> None:
    shelf = polled(documents)
    last = list(documents[-1])
    kept = len(shelf.entries)
    for turn in range(4):
        part = last if turn % 2 == 0 else [item for item in last if chance.random() < 0.5]  # type: ignore[attr-defined]
        chance.shuffle(part)  # type: ignore[attr-defined]

        diff = shelf.poll(*part, now=NOON + (9 + turn) * HOUR)

        assert (diff.new, diff.quarantined, diff.edited, diff.gap) == ((), (), (), None)
        assert diff.same + diff.merged == len(part)
    assert len(shelf.entries) == kept


@given(DOCUMENTS, DOCUMENTS)
@RUNS
def test_keys_do_not_depend_on_the_order_of_the_document(first: list[Item], second: list[Item]) -> None:
    forward, backward = polled([first, second]), polled([first[::-1], second[::-1]])

    assert forward.texts == backward.texts
