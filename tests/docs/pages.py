"""The pages of the manual as Markdown is read: their blocks of code, their commands, their links and headings."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from markdown_it import MarkdownIt
from markdown_it.token import Token

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
PROJECT = ("README.md", "CONTRIBUTING.md", "SECURITY.md", "CHANGELOG.md")
PROGRAMS = re.compile(
    r"^(watcher|/opt/watcher/bin/\S+|make|docker|pip|python3?|curl|systemctl|cp|mv|mkdir|createdb|install|export|psql|pipx"
    r"|WATCHER_\w+=\S+|grep|\.)\s"
)
"""What a line of a block without a language begins with where it is a command."""


@dataclass(frozen=True)
class Block:
    page: Path
    line: int
    language: str
    text: str

    @property
    def place(self) -> str:
        return f"{self.page.relative_to(ROOT)}:{self.line}"


def list_pages() -> list[Path]:
    return [*sorted(DOCS.rglob("*.md")), *(ROOT / name for name in PROJECT)]


def parse(page: Path) -> list[Token]:
    return MarkdownIt("commonmark").enable("table").parse(page.read_text(encoding="utf-8"))


def list_blocks(page: Path) -> Iterator[Block]:
    for token in parse(page):
        if token.type in ("fence", "code_block") and token.map is not None:
            yield Block(page, token.map[0] + 1, token.info.strip(), token.content)


def list_commands(page: Path) -> list[tuple[str, str]]:
    """Return the shell commands of a page in their order, each with its place.

    A block in `sh` is taken as it is. In a block without a language a line that begins with a program is a command, and
    what follows after two blanks explains it.
    """
    commands = []
    for block in list_blocks(page):
        lines = re.sub(r"\s*\\\n\s*", " ", block.text).splitlines()
        for number, line in enumerate(lines):
            command = line.strip()
            if not block.language and PROGRAMS.match(command):
                command = re.split(r"\s{2,}(?![-'])", command)[0]
            elif block.language != "sh" or not command or command.startswith("#"):
                continue
            commands.append((f"{page.relative_to(ROOT)}:{block.line + number}", re.sub(r"\s+#.*$", "", command)))
    return commands


def list_anchors(page: Path) -> set[str]:
    """Return the anchors of a page's headings, as forges make them."""
    anchors: set[str] = set()
    tokens = parse(page)
    for token, inline in pairwise(tokens):
        if token.type == "heading_open":
            text = "".join(part.content for part in inline.children or () if part.type in ("text", "code_inline"))
            slug = re.sub(r"[^\w\- ]", "", text.lower()).replace(" ", "-")
            number, base = 0, slug
            while slug in anchors:
                number += 1
                slug = f"{base}-{number}"
            anchors.add(slug)
    return anchors


def list_links(page: Path) -> Iterator[str]:
    for token in parse(page):
        for part in token.children or ():
            if part.type in ("link_open", "image"):
                yield str(part.attrs.get("href") or part.attrs.get("src"))
