"""Renders a digest as an HTML mail: for phones, dark mode and old mail readers, and small enough for Gmail."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

import jinja2
from markupsafe import Markup

from watcher.digest import user_templates
from watcher.digest.format_helpers import (
    GROUP_LABELS,
    HELD_BEFORE,
    format_coverage,
    format_empty,
    format_headline,
    format_held_before,
    format_lead,
    format_local_time,
    format_more,
    format_preheader,
    format_silent,
    format_subject,
    format_window,
    group_stories,
    is_compact_story,
)
from watcher.digest.html_rows import TAGS, render_row
from watcher.digest.links import Links
from watcher.digest.related_html import render_related_html
from watcher.digest.story_text import format_spread, format_status, format_time
from watcher.digest.unsubscribe_links import UNSUBSCRIBE_MARKER
from watcher.model.digest import Digest
from watcher.model.digest_story import DigestStory

if TYPE_CHECKING:
    from css_inline import CSSInliner

MAX_HTML_BYTES = 90_000
"""Gmail cuts a message off at about 102 kB; the rest is for headers and for the link to unsubscribe."""
WHOLE_STORIES = 8
"""So many stories keep their summaries, however long the digest is."""
_FRAME_RESERVE = 400
"""What headings and the line about further stories take, which the page without rows does not have."""
_Rows: TypeAlias = dict[int, Markup]
"""The rendered stories by their places in the digest; those from before the watch follow on."""


def render_html(digest: Digest, links: Links | None = None, templates: Path | None = None) -> str:
    """Return a digest as HTML of at most MAX_HTML_BYTES: long ones lose summaries from below, then stories.

    `templates` is a folder whose `digest.html` or `story.html` replaces ours (Jinja2, with the same names). Where one
    cannot be used, ours are, and the digest says so.
    """
    links = links or Links()
    if user_templates.has_template(templates, "digest.html", "story.html"):
        try:
            page = _render(digest, links, templates)
            inlined = _create_inliner().inline(page)
        except user_templates.TEMPLATE_ERRORS as error:
            digest = user_templates.add_template_error(digest, templates, error)
        else:
            return inlined if len(inlined.encode()) <= MAX_HTML_BYTES else page
    return _render(digest, links, None)


def _render(digest: Digest, links: Links, templates: Path | None) -> str:
    row = user_templates.find_template("story.html", templates)
    page = user_templates.find_template("digest.html", templates)
    frame = _describe_frame(digest, links)
    size = len(_render_page(page, digest, links, {}, frame, by_topic=templates is not None).encode()) + _FRAME_RESERVE
    # Our rows of two lines have no signed links; a user's may have.
    unsigned = replace(links, secret=None) if templates is None else links
    rows = _fit_rows(digest, (links, unsigned), row, MAX_HTML_BYTES - size)
    return _render_page(page, digest, links, rows, frame, by_topic=templates is not None)


def _fit_rows(digest: Digest, links: tuple[Links, Links], template: jinja2.Template, limit: int) -> _Rows:
    """Return the rows that fit into `limit` bytes, with `links` for whole ones and for those in two lines.

    All of them whole, if they fit. Otherwise the first are whole and the others in two lines, as many as fit, and with
    what is left as many whole ones as it holds.
    """
    stories = (*digest.stories, *digest.held_before)

    def render(place: int, *, compact: bool = False) -> Markup:
        """Return the row of the story at a place; those held before and those of one outlet are always compact."""
        story = stories[place]
        compact = compact or place >= len(digest.stories) or is_compact_story(story, place)
        return render_row(template, digest, story, links[compact], compact=compact)

    whole = {place: render(place) for place in range(min(len(stories), WHOLE_STORIES))}
    measured = sum(len(row.encode()) for row in whole.values())
    # Each row costs a fraction of a millisecond: whole ones are not rendered where they could hardly fit.
    if measured * len(stories) <= limit * max(1, len(whole)) * 1.2:
        rest = range(len(whole), len(stories))
        whole |= _fill_rows(limit - measured, rest, render)
        if len(whole) == len(stories):
            return whole
    rows = _fill_rows(
        limit,
        range(len(stories)),
        lambda place: whole[place] if place < WHOLE_STORIES else render(place, compact=True),
    )
    left = limit - sum(len(row.encode()) for row in rows.values())
    for place in range(WHOLE_STORIES, len(stories)):
        row = whole.get(place) or render(place)
        if (left := left - len(row.encode()) + len(rows.get(place, Markup()).encode())) < 0:
            break
        rows[place] = row
    return rows


def _fill_rows(limit: int, places: Iterable[int], render: Callable[[int], Markup]) -> _Rows:
    """Return the rows of some places, the first of them, as many as fit into `limit` bytes."""
    rows: _Rows = {}
    for place in places:
        row = render(place)
        if (limit := limit - len(row.encode())) < 0:
            break
        rows[place] = row
    return rows


def _describe_frame(digest: Digest, links: Links) -> dict[str, Any]:
    """Return what the page shows around its rows: the same with and without them."""
    return {
        "brief": [
            _prepare_brief(number, story, digest, links)
            for number, story in enumerate(digest.brief if digest.is_briefed else (), 1)
        ],
        "subject": format_subject(digest),
        "preheader": format_preheader(digest),
        "headline": format_headline(digest),
        "lead": format_lead(digest),
        "coverage_line": format_coverage(digest.coverage),
        "window_line": format_window(digest),
        "empty_line": format_empty(digest),
        "silent_line": format_silent(digest),
        "related": render_related_html(digest, links),
        "until": format_local_time(digest.window[1], digest.timezone),
        "home": links.base_url,
        "unsubscribe": Markup(UNSUBSCRIBE_MARKER),  # noqa: S704
    }


def _render_page(
    template: jinja2.Template, digest: Digest, links: Links, rows: _Rows, frame: dict[str, Any], *, by_topic: bool
) -> str:
    """Return the page; `by_topic` also lists the rows by topic, which users' own templates may show."""
    hidden = digest.left_out + sum(place not in rows for place in range(len(digest.stories)))
    places = range(len(digest.topics)) if by_topic else ()
    return template.render(
        digest=digest,
        groups=[group for group in _iter_groups(digest, rows) if group["rows"]] if rows else [],
        sections=[_prepare_section(digest, place, links, rows) for place in places],
        more=format_more(hidden) if hidden else "",
        more_link=links.stories(digest.topics) if hidden else None,
        **frame,
    )


def _iter_groups(digest: Digest, rows: _Rows) -> Iterator[dict[str, Any]]:
    """Return the headings of the page, each with a note and its rows: the stories, older ones, those held before."""
    places = iter(range(len(digest.stories)))
    for label, stories in group_stories(digest):
        shown = [rows[place] for _story, place in zip(stories, places, strict=False) if place in rows]
        note = "" if label or len(shown) < 2 else "most important first"
        yield {"label": label or "The stories", "note": note, "rows": shown}
    before = [row for place, row in rows.items() if place >= len(digest.stories)]
    yield {"label": HELD_BEFORE, "note": format_held_before(digest, len(before)), "rows": before}


def _prepare_section(digest: Digest, number: int, links: Links, rows: _Rows) -> dict[str, Any]:
    """Return what a user's template is given of a topic; stories without a row are counted in `more`."""
    topic = digest.topics[number]
    by_label: dict[str, list[Markup]] = {}
    hidden = 0
    for place, story in enumerate(digest.stories):
        if all(label.topic_id != topic.id for label in story.labels):
            continue
        if place in rows:
            by_label.setdefault(GROUP_LABELS[story.lead.kind], []).append(rows[place])
        else:
            hidden += 1
    return {
        "id": topic.id,
        "name": topic.name,
        "count": sum(map(len, by_label.values())) + hidden + topic.more,
        "groups": list(by_label.items()),
        "more": topic.more + hidden,
        "link": links.topic(topic.id, topic.since),
    }


def _prepare_brief(number: int, story: DigestStory, digest: Digest, links: Links) -> dict[str, Any]:
    """Return what the page is given of a story in the brief."""
    headline, first = story.headline, story.facts.first
    return {
        "number": number,
        "title": headline.title,
        "language": headline.language,
        "url": links.story(story.id) or headline.url,
        "status": format_status(story, digest),
        "tag": TAGS[story.status],
        "outlet": first.outlet,
        "when": format_time(first.reported_at, digest.timezone, digest.window[1]),
        "spread": format_spread(story),
    }


@lru_cache(maxsize=1)
def _create_inliner() -> CSSInliner:
    # Imported where a digest is composed: it takes two megabytes.
    import css_inline

    return css_inline.CSSInliner(keep_style_tags=True, load_remote_stylesheets=False)
