"""A digest as an HTML mail: right on a phone, in the dark and in old mail readers, and below what Gmail cuts off."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import TypeAlias

import css_inline
import jinja2
from markupsafe import Markup, escape

from watcher.digest import user_templates
from watcher.digest.format_helpers import (
    Links,
    Place,
    cut_summary,
    format_coverage,
    format_headline,
    format_local_time,
    format_subject,
    group_stories,
    interleave_stories,
    list_flags,
    list_other_outlets,
    split_by_evidence,
)
from watcher.digest.unsubscribe_links import UNSUBSCRIBE_MARKER
from watcher.model.digest import Digest, StoryLine

MOST_BYTES = 90_000
"""Gmail cuts a message off at about 102 kB; what is left is for the headers of others."""
ALWAYS_WHOLE = 3
"""So many stories of each topic keep their summaries, however long the digest is."""

_Rows: TypeAlias = dict[Place, Markup]


def render_html(digest: Digest, links: Links | None = None, templates: Path | None = None) -> str:
    """Write a digest as HTML of at most MOST_BYTES: long ones lose summaries from below, then stories to "n more".

    `templates` is a folder whose `digest.html` or `story.html` is used instead of ours (Jinja2; the same names are
    given to it). One that cannot be used is told of in the digest, which then looks as ours do.
    """
    links = links or Links()
    if user_templates.has_template(templates, "digest.html", "story.html"):
        try:
            said = _written(digest, links, templates)
            dressed = _inliner().inline(said)
        except user_templates.TEMPLATE_ERRORS as error:
            digest = user_templates.add_template_error(digest, templates, error)
        else:
            return dressed if len(dressed.encode()) <= MOST_BYTES else said
    return _written(digest, links, None)


def _written(digest: Digest, links: Links, templates: Path | None) -> str:
    row = user_templates.find_template("story.html", templates)
    page = user_templates.find_template("digest.html", templates)
    frame = len(_paged(page, digest, links, {}).encode()) + 120 * len(digest.sections)
    rows = _fitted(digest, links, row, MOST_BYTES - frame)
    return _paged(page, digest, links, rows)


def _fitted(digest: Digest, links: Links, row: jinja2.Template, room: int) -> _Rows:
    """Choose the rows that fit: all of them whole; else the first of each topic whole and the others without summary,
    as many as there is room for, and with what room is left as many summaries as it holds."""
    whole: _Rows = {}
    left = room
    order = list(interleave_stories(digest))
    for place, line in order:
        whole[place] = _row(row, digest, line, links, summaries=True)
        left -= len(whole[place].encode())
        if left < 0:
            break
    else:
        return whole
    rows: _Rows = {}
    left = room
    for place, line in order:
        kept = whole.get(place) if place[1] < ALWAYS_WHOLE else None
        made = kept if kept is not None else _row(row, digest, line, links, summaries=False)
        if (left := left - len(made.encode())) < 0:
            break
        rows[place] = made
    for place, made in whole.items():
        more = len(made.encode()) - len(rows.get(place, made).encode())
        if 0 < more <= left:
            rows[place] = made
            left -= more
    return rows


def _row(row: jinja2.Template, digest: Digest, line: StoryLine, links: Links, *, summaries: bool) -> Markup:
    lead = line.lead
    also, more = list_other_outlets(line)
    said = row.render(
        line=line,
        title=_words(split_by_evidence(lead.title, "title", lead.evidence)),
        url=lead.url,
        source=lead.source,
        language=lead.language,
        also=also,
        more=more,
        when=format_local_time(lead.news_at, digest.timezone).replace(" ", "\u00a0"),
        flags=list_flags(lead),
        summary=_words(cut_summary(lead)) if summaries else "",
        relevant=links.label(lead.hit_id, "relevant"),
        irrelevant=links.label(lead.hit_id, "irrelevant"),
    )
    return Markup(said)  # noqa: S704  (the template escapes)


def _paged(page: jinja2.Template, digest: Digest, links: Links, rows: _Rows) -> str:
    sections = []
    for number, section in enumerate(digest.sections):
        shown = [(line, rows.get((number, rank))) for rank, line in enumerate(section.stories)]
        made = {id(line): made for line, made in shown if made is not None}
        parts = [
            (label, [made[id(line)] for line in lines if id(line) in made]) for label, lines in group_stories(section)
        ]
        sections.append(
            {
                "id": section.topic_id,
                "name": section.name,
                "count": len(section.stories) + section.more,
                "groups": [(label, found) for label, found in parts if found],
                "more": section.more + len(section.stories) - len(made),
                "link": links.topic(section.topic_id, section.since),
            }
        )
    return page.render(
        digest=digest,
        sections=sections,
        subject=format_subject(digest),
        headline=format_headline(digest),
        coverage_line=format_coverage(digest.coverage),
        until=format_local_time(digest.window[1], digest.timezone),
        home=links.base_url,
        unsubscribe=Markup(UNSUBSCRIBE_MARKER),  # noqa: S704
    )


def _words(pieces: list[tuple[str, bool]]) -> Markup:
    """Write stretches of text, evidence marked, everything escaped."""
    return Markup("").join(_MARK.format(piece) if hit else escape(piece) for piece, hit in pieces)


_MARK = Markup('<mark style="background:#fff0b8;color:#1b2129">{}</mark>')


@lru_cache(maxsize=1)
def _inliner() -> css_inline.CSSInliner:
    return css_inline.CSSInliner(keep_style_tags=True, load_remote_stylesheets=False)
