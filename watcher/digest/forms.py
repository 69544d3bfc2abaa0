"""A digest in every form, each rendered once, on first use."""

from __future__ import annotations

import json
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from watcher.digest.format_helpers import format_subject
from watcher.digest.links import Links
from watcher.model.digest import Digest

# What renders a form is imported with the first that is asked for: with its templates it takes two megabytes.
if TYPE_CHECKING:
    from watcher.contract.digests import DigestContent


class DigestForms:
    """A digest with its renderings. `templates` is a folder with templates that replace ours."""

    def __init__(self, digest: Digest, links: Links, templates: Path | None = None) -> None:
        self.digest = digest
        self.links = links
        self._templates = templates

    @cached_property
    def subject(self) -> str:
        """The subject line."""
        return format_subject(self.digest)

    @cached_property
    def html(self) -> str:
        """The digest as an HTML mail."""
        from watcher.digest.html import render_html

        return render_html(self.digest, self.links, self._templates)

    @cached_property
    def text(self) -> str:
        """The digest as plain text."""
        from watcher.digest.plain import render_text

        return render_text(self.digest, self.links, self._templates)

    @cached_property
    def markdown(self) -> str:
        """The digest as Markdown."""
        from watcher.digest.markdown import render_markdown

        return render_markdown(self.digest, self.links, self._templates)

    @cached_property
    def data(self) -> DigestContent:
        """The digest as data that JSON can hold."""
        from watcher.contract.digests import encode_digest_content

        return encode_digest_content(self.digest)

    def render_form(self, name: str) -> str:
        """Return the digest as `html`, `text`, `markdown` or `json`. Raises ValueError for any other form."""
        match name:
            case "html":
                return self.html
            case "text":
                return self.text
            case "markdown":
                return self.markdown
            case "json":
                return json.dumps(self.data, ensure_ascii=False, indent=1) + "\n"
            case _:
                raise ValueError(f"{name!r} is no form of a digest")
