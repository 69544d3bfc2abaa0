"""A digest as an HTML mail: right on a phone, in the dark and in old mail readers, and below what Gmail cuts off."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from pathlib import Path

import css_inline
import jinja2

from watcher.digest.pieces import Links, clock, coverage_line, flags, headline, marked, others, subject, summary_of
from watcher.model.digest import Digest, StoryLine, TopicSection

MOST_BYTES = 90_000
"""Gmail cuts a message off at about 102 kB; what is left is for the headers of others."""


def html(digest: Digest, links: Links | None = None, templates: Path | None = None) -> str:
    """Write a digest as HTML of at most MOST_BYTES: long ones lose their summaries, then stories to "n more".

    `templates` is a folder whose `digest.html` is used instead of ours (Jinja2; the same names are given to it).
    """
    links = links or Links()
    environment = _environment(
        str(templates) if templates is not None and (templates / "digest.html").is_file() else ""
    )
    said = _rendered(environment, digest, links, summaries=True)
    if len(said.encode()) > MOST_BYTES:
        said = _rendered(environment, digest, links, summaries=False)
    keep = max((len(section.stories) for section in digest.sections), default=0)
    while len(said.encode()) > MOST_BYTES and keep > 1:
        keep = keep * 3 // 4
        said = _rendered(environment, _trimmed(digest, keep), links, summaries=False)
    return said


def _rendered(environment: jinja2.Environment, digest: Digest, links: Links, *, summaries: bool) -> str:
    written = environment.get_template("digest.html").render(
        digest=digest,
        subject=subject(digest),
        headline=headline(digest),
        coverage_line=coverage_line(digest.coverage),
        links=links,
        summaries=summaries,
        until=clock(digest.window[1], digest.timezone),
        clock=lambda moment: clock(moment, digest.timezone),
        title_of=lambda hit: marked(hit.title, "title", hit.evidence),
        summary_of=summary_of,
        others=others,
        flags=flags,
    )
    return _inliner().inline(written)


def _trimmed(digest: Digest, keep: int) -> Digest:
    def trim(section: TopicSection) -> TopicSection:
        kept: tuple[StoryLine, ...] = section.stories[:keep]
        return replace(section, stories=kept, more=section.more + len(section.stories) - len(kept))

    return replace(digest, sections=tuple(trim(section) for section in digest.sections))


@lru_cache(maxsize=4)
def _environment(folder: str) -> jinja2.Environment:
    ours = jinja2.PackageLoader("watcher.digest")
    loader = jinja2.ChoiceLoader([jinja2.FileSystemLoader(folder), ours]) if folder else ours
    return jinja2.Environment(
        loader=loader, autoescape=True, trim_blocks=True, lstrip_blocks=True, undefined=jinja2.StrictUndefined
    )


@lru_cache(maxsize=1)
def _inliner() -> css_inline.CSSInliner:
    return css_inline.CSSInliner(keep_style_tags=True, load_remote_stylesheets=False)
