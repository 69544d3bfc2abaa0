"""The manual as pages of this server: the Markdown of docs/, rendered once, with its links leading from page to page.

The files link to each other as a forge shows them. A page's name is the path of its file in docs/ without `.md`, a
folder's README is the page of the folder, and pages beside docs/ are below `project/`. Links to other files of the
repository become plain text: an installation does not hold them.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from markupsafe import Markup, escape

if TYPE_CHECKING:
    from markdown_it.token import Token

INDEX = ""
"""The name of the first page."""
_PROJECT = ("README.md", "CHANGELOG.md", "CONTRIBUTING.md", "SECURITY.md")
_ENTRY = re.compile(r"^- \[([^\]]+)\]\(([^)\s#]+\.md)\)", re.MULTILINE)
_SECTION = re.compile(r"^## (.+)$", re.MULTILINE)


@dataclass(frozen=True, slots=True, kw_only=True)
class ManualPage:
    """A page of the manual: its title as text, and all of it as HTML."""

    name: str
    title: str
    body: Markup


@dataclass(frozen=True, slots=True, kw_only=True)
class ManualPart:
    """Pages of the manual under one heading of its index, each by name and title."""

    title: str
    pages: tuple[tuple[str, str], ...]


@lru_cache(64)
def load_manual_page(name: str, root: str) -> ManualPage | None:
    """Return a page by its name, with `root` before its addresses; None where there is no such page."""
    source = next((source for source, page in _list_pages().items() if page == name), None)
    if source is None:
        return None
    from markdown_it import MarkdownIt

    markdown = MarkdownIt("commonmark", {"html": False}).enable("table")
    for kind in ("fence", "code_block"):
        markdown.add_render_rule(kind, _render_code)
    tokens = markdown.parse(_locate(source).read_text(encoding="utf-8"))
    title = _add_anchors(tokens)
    _label_cells(tokens)
    for inline in tokens:
        _move_links(inline.children or (), source, root)
    return ManualPage(name=name, title=title, body=Markup(markdown.renderer.render(tokens, markdown.options, {})))  # noqa: S704


def find_picture(name: str) -> Path | None:
    """Return the file of a picture by its path in docs/; None where there is none."""
    path = _locate(f"docs/{name}") if re.fullmatch(r"pictures/[\w-]+\.png", name) else None
    return path if path is not None and path.is_file() else None


@cache
def list_manual_parts() -> Sequence[ManualPart]:
    """Return the contents of the manual, in the order of its index."""
    pages = _list_pages()
    index = next((source for source, name in pages.items() if name == INDEX), None)
    if index is None:
        return ()
    pieces = _SECTION.split(_locate(index).read_text(encoding="utf-8"))[1:]
    return tuple(
        ManualPart(
            title=title,
            pages=tuple(
                (pages[target], shown)
                for shown, link in _ENTRY.findall(text)
                if (target := posixpath.normpath(posixpath.join("docs", link))) in pages
            ),
        )
        for title, text in zip(pieces[::2], pieces[1::2], strict=True)
    )


@cache
def _list_pages() -> Mapping[str, str]:
    """Return the name of each page by the path of its file in the repository."""
    folder = _locate("docs")
    files = sorted(path.relative_to(folder) for path in folder.rglob("*.md") if path.parts[-2] != "project")
    pages = {}
    for path in files:
        name = path.with_suffix("").as_posix()
        pages[f"docs/{path.as_posix()}"] = name.removesuffix("README").rstrip("/")
    return pages | {name: f"project/{name[:-3].lower()}" for name in _PROJECT if _locate(name).is_file()}


def _locate(source: str) -> Path:
    """Return where a file of the repository is: inside the installed package, or in the clone."""
    package = Path(__file__).resolve().parents[2]
    if not (package / "_docs").is_dir():
        return package.parent / source
    inside = source.removeprefix("docs").lstrip("/") if source.startswith("docs") else f"project/{source}"
    return package / "_docs" / inside


def _add_anchors(tokens: Sequence[Token]) -> str:
    """Add to each heading the anchor that a forge gives it; return the text of the first."""
    title, anchors = "", set[str]()
    for heading, text in _pair_with_text(tokens, "heading_open"):
        title = title or text
        base = slug = re.sub(r"[^\w\- ]", "", text.lower()).replace(" ", "-")
        number = 0
        while slug in anchors:
            number += 1
            slug = f"{base}-{number}"
        anchors.add(slug)
        heading.attrs["id"] = slug
    return title


def _label_cells(tokens: Sequence[Token]) -> None:
    """Write the name of its column into each cell of a table but a row's first: on a phone a row is a card."""
    labels: list[str] = []
    column = 0
    texts = dict(_index_texts(tokens))
    for place, token in enumerate(tokens):
        # What Markdown says of a column's side is a style, which no page here may have: a class says the same.
        if "right" in str(token.attrs.pop("style", "")):
            token.attrs["class"] = "num"
        if token.type == "table_open":
            labels, token.attrs["class"] = [], "table cards"
        elif token.type == "tr_open":
            column = 0
        elif token.type == "th_open":
            labels.append(texts[place])
            token.attrs["scope"] = "col"
        elif token.type == "td_open":
            if column and labels[column] and texts[place]:
                token.attrs["data-l"] = labels[column]
                _wrap(tokens[place + 1])
            column += 1


def _wrap(inline: Token) -> None:
    """Put what a cell holds into one element: a card lays out the name of its column beside it."""
    from markdown_it.token import Token

    children = inline.children or []
    start, end = Token("html_inline", "", 0, content="<div>"), Token("html_inline", "", 0, content="</div>")
    inline.children = [start, *children, end]


def _pair_with_text(tokens: Sequence[Token], kind: str) -> Iterator[tuple[Token, str]]:
    """Yield the tokens of a kind with the text that follows them."""
    for place, text in _index_texts(tokens):
        if tokens[place].type == kind:
            yield tokens[place], text


def _index_texts(tokens: Sequence[Token]) -> Iterator[tuple[int, str]]:
    """Yield the text of each inline token, with the place of the token before it, which opens what holds the text."""
    for place, token in enumerate(tokens):
        if token.type == "inline":
            parts = (part.content for part in token.children or () if part.type in ("text", "code_inline"))
            yield place - 1, "".join(parts)


def _move_links(parts: Sequence[Token], source: str, root: str) -> None:
    """Point links and pictures to pages of this server; what it does not have becomes text."""
    is_text = False
    for part in parts:
        if part.type == "link_open":
            address = _find_address(str(part.attrs["href"]), source, root)
            is_text = address is None
            if address is not None:
                part.attrs["href"] = address
                if not address.startswith(("/", "#")):
                    part.attrs["rel"] = "noopener noreferrer"
        if part.type in ("link_open", "link_close") and is_text:
            part.tag, part.attrs = "span", {}
        if part.type == "image":
            picture = posixpath.normpath(posixpath.join(posixpath.dirname(source), str(part.attrs["src"])))
            part.attrs |= {"src": f"{root}/help/{picture.removeprefix('docs/')}", "loading": "lazy"}


def _find_address(link: str, source: str, root: str) -> str | None:
    """Return where a link of a file leads; None where that is nothing that this server has."""
    path, _, anchor = link.partition("#")
    if not path or re.match(r"[a-z]+:", link):
        return link
    pages = _list_pages()
    target = posixpath.normpath(posixpath.join(posixpath.dirname(source), path))
    name = pages.get(target, pages.get(f"{target}/README.md"))
    if name is None:
        return None
    return f"{root}/help" + (f"/{name}" if name else "") + (f"#{anchor}" if anchor else "")


def _render_code(_renderer: Any, tokens: Sequence[Token], place: int, _options: Any, _env: Any) -> str:
    """Return a block of code that the keyboard can scroll."""
    return f'<pre tabindex="0"><code>{escape(tokens[place].content)}</code></pre>\n'
