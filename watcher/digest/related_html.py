"""The section of possibly related items and the weak matches of a digest as HTML."""

from __future__ import annotations

from markupsafe import Markup

from watcher.digest import user_templates
from watcher.digest.links import Links
from watcher.digest.related import (
    RELATED_LEAD,
    RELATED_TITLE,
    format_closeness,
    format_weak_count,
    get_weak_link,
    split_weak,
)
from watcher.model.digest import Digest


def render_related_html(digest: Digest, links: Links) -> Markup:
    """Return what stands after the stories: what only meaning found, and the weak matches."""
    shown, more = split_weak(digest)
    related = user_templates.find_template("related.html", None).render(
        digest=digest, links=links, title=RELATED_TITLE, lead=RELATED_LEAD, closeness=format_closeness,
        weak=shown, weak_more=more, weak_count=format_weak_count(digest), weak_link=get_weak_link(digest, links),
    )  # fmt: skip
    return Markup(related)  # noqa: S704  (the template escapes)
