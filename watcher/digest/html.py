"""Renders a digest as an HTML mail: for phones, dark mode and old mail readers, and small enough for Gmail."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Any, TypeAlias

import css_inline
import jinja2
from markupsafe import Markup, escape

from watcher.digest import user_templates
from watcher.digest.evidence import Pieces, cut_summary, split_by_evidence
from watcher.digest.format_helpers import (
    Place,
    format_coverage,
    format_empty,
    format_headline,
    format_local_time,
    format_subject,
    group_stories,
    interleave_stories,
    list_flags,
    list_other_outlets,
)
from watcher.digest.links import Links
from watcher.digest.related import (
    RELATED_LEAD,
    RELATED_TITLE,
    format_closeness,
    format_weak_count,
    get_weak_link,
    split_weak,
)
from watcher.digest.unsubscribe_links import UNSUBSCRIBE_MARKER
from watcher.model.digest import Digest, StoryLine, TopicSection

MAX_HTML_BYTES = 90_000
"""Gmail cuts a message off at about 102 kB; the rest is for headers and for the link to unsubscribe."""
SUMMARIES_PER_TOPIC = 3
"""So many stories of each topic keep their summaries, however long the digest is."""
_SECTION_BYTES = 120
"""What a section's line about further stories takes, which the page without rows does not have."""
_MARK = Markup('<mark style="background:#fff0b8;color:#1b2129">{}</mark>')

_Rows: TypeAlias = dict[Place, Markup]


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
    frame = len(_render_page(page, digest, links, {}).encode()) + _SECTION_BYTES * len(digest.sections)
    rows = _fit_rows(digest, links, row, MAX_HTML_BYTES - frame)
    return _render_page(page, digest, links, rows)


def _fit_rows(digest: Digest, links: Links, template: jinja2.Template, limit: int) -> _Rows:
    """Return the rows that fit into `limit` bytes.

    All of them whole, if they fit. Otherwise the first of each topic are whole and the others without summary, as many
    as fit, and with what is left as many summaries as it holds.
    """
    whole: _Rows = {}
    left = limit
    stories = list(interleave_stories(digest))
    for place, line in stories:
        whole[place] = _render_row(template, digest, line, links, with_summary=True)
        left -= len(whole[place].encode())
        if left < 0:
            break
    else:
        return whole
    rows: _Rows = {}
    left = limit
    for place, line in stories:
        row = whole.get(place) if place[1] < SUMMARIES_PER_TOPIC else None
        if row is None:
            row = _render_row(template, digest, line, links, with_summary=False)
        if (left := left - len(row.encode())) < 0:
            break
        rows[place] = row
    for place, row in whole.items():
        more = len(row.encode()) - len(rows.get(place, row).encode())
        if 0 < more <= left:
            rows[place] = row
            left -= more
    return rows


def _render_row(
    template: jinja2.Template, digest: Digest, line: StoryLine, links: Links, *, with_summary: bool
) -> Markup:
    lead = line.lead
    outlets, more = list_other_outlets(line)
    row = template.render(
        line=line,
        title=_mark_evidence(split_by_evidence(lead.title, "title", lead.evidence)),
        url=lead.url,
        source=lead.source,
        language=lead.language,
        also=outlets,
        more=more,
        when=format_local_time(lead.news_at, digest.timezone).replace(" ", "\u00a0"),
        flags=list_flags(lead),
        summary=_mark_evidence(cut_summary(lead)) if with_summary else "",
        relevant=links.label(lead.hit_id, "relevant"),
        irrelevant=links.label(lead.hit_id, "irrelevant"),
    )
    return Markup(row)  # noqa: S704  (the template escapes)


def _render_page(template: jinja2.Template, digest: Digest, links: Links, rows: _Rows) -> str:
    return template.render(
        digest=digest,
        sections=[_prepare_section(number, section, links, rows) for number, section in enumerate(digest.sections)],
        subject=format_subject(digest),
        headline=format_headline(digest),
        coverage_line=format_coverage(digest.coverage),
        empty_line=format_empty(digest),
        related=_render_related(digest, links),
        until=format_local_time(digest.window[1], digest.timezone),
        home=links.base_url,
        unsubscribe=Markup(UNSUBSCRIBE_MARKER),  # noqa: S704
    )


def _render_related(digest: Digest, links: Links) -> Markup:
    """Return what stands beside the stories: what only meaning found, and the weak matches."""
    shown, more = split_weak(digest)
    related = user_templates.find_template("related.html", None).render(
        digest=digest, links=links, title=RELATED_TITLE, lead=RELATED_LEAD, closeness=format_closeness,
        weak=shown, weak_more=more, weak_count=format_weak_count(digest), weak_link=get_weak_link(digest, links),
    )  # fmt: skip
    return Markup(related)  # noqa: S704  (the template escapes)


def _prepare_section(number: int, section: TopicSection, links: Links, rows: _Rows) -> dict[str, Any]:
    """Return what a template is given of a section; stories without a row are counted in `more`."""
    by_line = {id(line): rows[number, rank] for rank, line in enumerate(section.stories) if (number, rank) in rows}
    groups = [
        (label, [by_line[id(line)] for line in lines if id(line) in by_line]) for label, lines in group_stories(section)
    ]
    return {
        "id": section.topic_id,
        "name": section.name,
        "count": len(section.stories) + section.more,
        "groups": [(label, shown) for label, shown in groups if shown],
        "more": section.more + len(section.stories) - len(by_line),
        "link": links.topic(section.topic_id, section.since),
    }


def _mark_evidence(pieces: Pieces) -> Markup:
    """Return text as HTML, escaped, with its evidence marked."""
    return Markup("").join(_MARK.format(piece) if is_evidence else escape(piece) for piece, is_evidence in pieces)


@lru_cache(maxsize=1)
def _create_inliner() -> css_inline.CSSInliner:
    return css_inline.CSSInliner(keep_style_tags=True, load_remote_stylesheets=False)
