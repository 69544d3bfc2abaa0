"""Reads many rows of feeds: a claim takes hundreds, and each has some eighty fields in eight frozen dataclasses.

`mapping.read_feed_row` is the plain way to do the same; a test holds the two against each other.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, fields, make_dataclass
from functools import cache
from operator import itemgetter
from typing import Any, TypeVar

from watcher.model.feed import (
    BudgetUse,
    DocumentState,
    Feed,
    FeedConfig,
    FeedState,
    FeedStats,
    LegacyKeyRule,
    Move,
    PollState,
    PushState,
    Validators,
)
from watcher.store.feeds.mapping import parse_config_values, parse_item_marks
from watcher.store.tables import feeds

T = TypeVar("T")

_COLUMNS = tuple(feeds.c.keys())
_COLUMN_OF_FIELD = {
    (PollState, "empty_polls"): "barren",
    (FeedStats, "publish_interval"): "rhythm",
    (Validators, "url"): "validators_url",
    (DocumentState, "keys"): "document_keys",
    (DocumentState, "legacy_key_rule"): "key_rule",
    (BudgetUse, "day"): "budget_day",
    (BudgetUse, "entries"): "budget_entries",
    (BudgetUse, "versions"): "budget_versions",
}
"""The fields whose columns have other names."""
_STATES = {state.value: state for state in FeedState}
_KEY_RULES = {rule.value: rule for rule in LegacyKeyRule}
_NO_KEYS: frozenset[str] = frozenset()


def read_feed_rows(rows: Iterable[Any]) -> tuple[Feed, ...]:
    """Return the Feeds of rows that have all columns of `feeds`, in their order."""
    reader = _get_reader()
    return tuple(reader.read(row) for row in rows)


@dataclass(frozen=True, slots=True)
class _Reader:
    """Builds the parts of a feed, each of what a getter takes out of a row."""

    feed: Callable[..., Feed]
    config: Callable[..., FeedConfig]
    poll: Callable[..., PollState]
    stats: Callable[..., FeedStats]
    validators: Callable[..., Validators]
    document: Callable[..., DocumentState]
    budget_use: Callable[..., BudgetUse]
    push: Callable[..., PushState]
    config_defaults: dict[str, Any]

    def read(self, row: Any) -> Feed:
        """Return the Feed of a row."""
        id_, url, fetch_url, source, title, language, site_url, state, lease, host, shard = _OWN(row)
        return self.feed(
            id=id_,
            config=self._read_config(url, source),
            fetch_url=fetch_url,
            title=title,
            language=language,
            site_url=site_url,
            state=_STATES[state],
            poll=self._read_poll(row),
            stats=self.stats(*_STATS(row)),
            document=self._read_document(row),
            budget_use=self.budget_use(*_BUDGET_USE(row)),
            push=self.push(*_PUSH(row)),
            lease=lease,
            host=host,
            shard=shard,
        )

    def _read_config(self, url: str, source: str) -> FeedConfig:
        if source == "{}":
            return self.config(**self.config_defaults, url=url)
        return self.config(**(self.config_defaults | parse_config_values(source)), url=url)

    def _read_poll(self, row: Any) -> PollState:
        move_url, first_seen_at, sightings = _MOVE(row)
        return self.poll(
            *_POLL(row),
            validators=self.validators(*_VALIDATORS(row)),
            move=Move(url=move_url, first_seen_at=first_seen_at, sightings=sightings) if move_url else None,
        )

    def _read_document(self, row: Any) -> DocumentState:
        keys, item_marks, left_marks, left_unmarked, baseline_marks, version, key_rule, id_changes = _DOCUMENT(row)
        return self.document(
            keys=frozenset(keys.split()) if keys else _NO_KEYS,
            item_marks=parse_item_marks(item_marks or b""),
            left_marks=parse_item_marks(left_marks or b""),
            left_unmarked=left_unmarked,
            baseline_marks=parse_item_marks(baseline_marks or b""),
            identity_version=version,
            legacy_key_rule=_KEY_RULES[key_rule],
            id_changes=id_changes,
        )


def _get_columns(*names: str) -> Callable[[Any], tuple[Any, ...]]:
    """Return a function that takes columns out of a row."""
    return itemgetter(*(_COLUMNS.index(name) for name in names))


def _get_fields(kind: type[Any], *without: str) -> Callable[[Any], tuple[Any, ...]]:
    """Return a function that takes the fields of a dataclass, in their order, out of a row."""
    names = [field.name for field in fields(kind) if field.name not in without]
    return _get_columns(*(_COLUMN_OF_FIELD.get((kind, name), name) for name in names))


_OWN = _get_columns(
    "id", "url", "fetch_url", "source", "title", "language", "site_url", "state", "lease", "host", "shard"
)  # fmt: skip
_MOVE = _get_columns("move_url", "move_first_seen_at", "move_sightings")
_POLL = _get_fields(PollState, "validators", "move")
_STATS = _get_fields(FeedStats)
_VALIDATORS = _get_fields(Validators)
_DOCUMENT = _get_fields(DocumentState)
_BUDGET_USE = _get_fields(BudgetUse)
_PUSH = _get_fields(PushState)


@cache
def _get_reader() -> _Reader:
    """Return the reader; built when it is first needed, as that takes some milliseconds."""
    plain = FeedConfig(url="")
    return _Reader(
        feed=_get_builder(Feed),
        config=_get_builder(FeedConfig),
        poll=_get_builder(PollState, "validators", "move"),
        stats=_get_builder(FeedStats),
        validators=_get_builder(Validators),
        document=_get_builder(DocumentState),
        budget_use=_get_builder(BudgetUse),
        push=_get_builder(PushState),
        config_defaults={field.name: getattr(plain, field.name) for field in fields(FeedConfig) if field.name != "url"},
    )


def _get_builder(kind: type[T], *last: str) -> Callable[..., T]:
    """Return what builds a frozen dataclass of all its fields, those in `last` after the others, without its defaults.

    The constructor of a frozen dataclass sets each field by object.__setattr__, and takes six times as long as one that
    may assign them. So the object is built as one of an open class with the same base and slots, and then becomes one
    of its own: Python allows that where these are the same.
    """

    def become_frozen(built: Any) -> None:
        """Have an object whose fields are set be one of the frozen class."""
        built.__class__ = kind

    names = [field.name for field in fields(kind)]  # type: ignore[arg-type]
    names = [*(name for name in names if name not in last), *last]
    open_kind: Any = make_dataclass(
        kind.__name__, [(name, object) for name in names], namespace={"__post_init__": become_frozen}
    )
    members = {
        "__slots__": vars(kind)["__slots__"],
        "__init__": open_kind.__init__,
        "__post_init__": become_frozen,
        "__setattr__": object.__setattr__,
    }
    return type(kind.__name__, kind.__bases__, members)
