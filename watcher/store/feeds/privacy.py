"""Takes secrets out of feeds that an earlier version stored, and lets their memory go on under the new address."""

from __future__ import annotations

import html
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from sqlalchemy import func, select, update

from watcher.model.feed import FeedConfig
from watcher.store.database import Db
from watcher.store.feeds.mapping import locate_feed
from watcher.store.sql.dialect import get_dialect
from watcher.store.tables import callbacks, digests, feeds, outbox, polls
from watcher.text.redact import (
    HIDDEN,
    list_secret_values,
    make_public_url,
    parse_userinfo,
    redact_text,
    redact_values,
    strip_userinfo,
)

_TEXTS = (
    polls.c.message,
    callbacks.c.topic,
    callbacks.c.error,
    digests.c.html,
    digests.c.text,
    digests.c.coverage,
    outbox.c.payload,
    outbox.c.error,
)


def conceal_feeds(db: Db, sources: Iterable[FeedConfig]) -> Mapping[str, str]:
    """Store every feed under an address without secrets; returns the old addresses with the new ones.

    A configured feed goes on under the address that it is known by now: with its entries, and no new baseline. Others
    lose their secrets all the same.
    """
    configured = {source.url: source for source in sources}
    known = {url for (url,) in db.execute(select(feeds.c.url))}
    renamed = _plan_renames(configured, known)
    if renamed:
        get_dialect(db).erase_deleted(db)
    for old, new in renamed.items():
        _rename_feed(db, old, new, configured.get(new))
    return renamed


def _plan_renames(configured: Mapping[str, FeedConfig], stored: set[str]) -> Mapping[str, str]:
    """Choose the stored feed that each configured one goes on from: same address and login first, then the address."""
    # A stored feed is given to one configured feed at most. The same address and login is certain; the address without
    # login, then without query secrets, is tried after that; what nobody configures is only made public.
    free = stored - configured.keys()
    waiting = [source for url, source in configured.items() if source.private and url not in stored]
    renamed = _match_by_login(free, waiting)
    for strip in (strip_userinfo, make_public_url):
        unmatched = [source for source in waiting if source.url not in renamed.values()]
        renamed |= _match_by_address(free - renamed.keys(), unmatched, strip)
    return renamed | _make_public(sorted(free - renamed.keys()), stored.union(renamed.values()))


def _match_by_login(urls: Iterable[str], sources: Iterable[FeedConfig]) -> dict[str, str]:
    """Return, by stored address, the configured address of the feed that has the same address and login."""
    by_login = {(strip_userinfo(url), _read_login(url)): url for url in urls}
    renamed: dict[str, str] = {}
    for source in sources:
        access = source.access
        login = None if access.username is None else (access.username, access.password or "")
        if (url := by_login.get((source.request_url, login))) is not None:
            renamed.setdefault(url, source.url)
    return renamed


def _match_by_address(
    urls: Iterable[str], sources: Iterable[FeedConfig], strip: Callable[[str], str]
) -> dict[str, str]:
    """Return, by stored address, the configured address of the feed that has the same one without its secrets."""
    by_address = {strip(url): url for url in sorted(urls, reverse=True)}
    renamed: dict[str, str] = {}
    for source in sources:
        if (url := by_address.get(strip(source.request_url))) is not None:
            renamed.setdefault(url, source.url)
    return renamed


def _make_public(urls: Sequence[str], taken: set[str]) -> dict[str, str]:
    """Return, by stored address, the one without its secrets, numbered where another feed has that one."""
    renamed: dict[str, str] = {}
    for number, url in enumerate(urls):
        if (public := make_public_url(url)) != url:
            renamed[url] = f"{public}#{number}" if public in taken else public
            taken.add(renamed[url])
    return renamed


def _read_login(url: str) -> tuple[str, str] | None:
    try:
        return parse_userinfo(url)
    except ValueError:
        return None


def _rename_feed(db: Db, old: str, new: str, source: FeedConfig | None) -> None:
    row = db.execute(select(feeds.c.id, feeds.c.name, feeds.c.title, feeds.c.error).where(feeds.c.url == old)).one()
    secrets = (*list_secret_values(old), *(source.secrets if source is not None else ()))
    cleared = dict.fromkeys(
        ("etag", "last_modified", "validators_url", "move_url", "move_first_seen_at", "hub", "topic_url")
    )
    db.execute(
        update(feeds)
        .where(feeds.c.id == row.id)
        .values(
            url=new,
            **locate_feed(new),
            name=new if row.name == old else row.name,
            error=row.error and redact_text(redact_values(row.error.replace(old, new), secrets)),
            move_sightings=0,
            **cleared,
        )
    )
    for text, instead in _list_replacements(old, new):
        for column in _TEXTS:
            holding = column.contains(text, autoescape=True)
            db.execute(update(column.table).where(holding).values({column: func.replace(column, text, instead)}))


def _list_replacements(old: str, new: str) -> Iterator[tuple[str, str]]:
    """List what is replaced in stored texts: the address as a whole, and its login wherever it stands."""
    pairs: Sequence[tuple[str, str]] = [(old, new)]
    if _read_login(old) is not None:
        pairs = [*pairs, (old.partition("://")[2].partition("/")[0].rpartition("@")[0] + "@", f"{HIDDEN}@")]
    for text, instead in pairs:
        yield text, instead
        if html.escape(text) != text:
            yield html.escape(text), html.escape(instead)
