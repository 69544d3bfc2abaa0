"""The source of the site in a folder of its own: the pages of docs/, those beside it, and the pages made from code.

The pages of the repository link to each other as files, so that a forge shows them as they are. Here they are copied
with the same links: pages of the root go to `project/`, other files to `files/`, and a folder becomes a page that
lists it. The order and the groups of the navigation are those of docs/README.md.
"""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

from tools.manual.commands import write_commands, write_exit_codes
from tools.manual.documents import build_openapi, write_api, write_documents, write_openapi
from tools.manual.events import write_log_events, write_metrics
from tools.manual.keys import write_keys
from tools.manual.markup import block, page

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
HERE = Path(__file__).parent
PROJECT = ("README.md", "CHANGELOG.md", "CONTRIBUTING.md", "SECURITY.md")
LANGUAGES = {".yaml": "yaml", ".json": "json", ".service": "ini"}
_LINK = re.compile(r"(?<=\]\()([^)\s#]+)(?=[)#])")
_ENTRY = re.compile(r"^- \[([^\]]+)\]\(([^)\s#]+\.md)\)", re.MULTILINE)


def write_site(folder: Path) -> None:
    """Write the source of the site into a fresh folder."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    shutil.copy(HERE / "conf.py", folder)
    shutil.copytree(DOCS / "pictures", folder / "pictures")
    (folder / "_static").mkdir()
    shutil.copy(HERE / "site.css", folder / "_static")
    reference = _write_reference(folder / "reference")
    for path in list_pages():
        target = folder / locate(path)
        target.parent.mkdir(parents=True, exist_ok=True)
        text = _move_links(path.read_text(encoding="utf-8"), path, folder)
        if path == DOCS / "README.md":
            text += _write_navigation(path)
        if path.parent == DOCS / "decisions" and path.name == "README.md":
            text += _write_tree("", sorted(page.stem for page in path.parent.glob("0*.md")))
        if path == DOCS / "reference" / "README.md":
            text += _write_tree("", reference)
        target.write_text(text, encoding="utf-8")


def list_pages() -> Iterator[Path]:
    """Yield the pages of the repository that are part of the site."""
    yield from sorted(DOCS.rglob("*.md"))
    yield from (ROOT / name for name in PROJECT)


def locate(path: Path) -> str:
    """Return where a page or file of the repository stands in the site's source."""
    if path == DOCS / "README.md":
        return "index.md"
    if path.is_relative_to(DOCS):
        return path.relative_to(DOCS).as_posix()
    relative = path.relative_to(ROOT)
    if relative.as_posix() in PROJECT:
        return f"project/{relative.name.lower()}"
    return f"files/{relative.as_posix()}"


def _move_links(text: str, path: Path, folder: Path) -> str:
    """Return a page with its links to files of the repository as they are in the site; other files are copied."""

    def move(match: re.Match[str]) -> str:
        target = (path.parent / match[1]).resolve()
        if ":" in match[1] or not target.is_relative_to(ROOT) or not target.exists():
            return match[1]
        if target.is_dir():
            target = _find_index(target, folder)
        elif target.suffix != ".md" and not target.is_relative_to(DOCS):
            copy = folder / locate(target)
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(target, copy)
        return os.path.relpath(locate(target), Path(locate(path)).parent)

    return _LINK.sub(move, text)


def _find_index(target: Path, folder: Path) -> Path:
    """Return the page of a folder: its README, or a page made here that shows its files."""
    if (target / "README.md").exists():
        return target / "README.md"
    index = target / "index.md"
    files = sorted(path for path in target.rglob("*") if path.suffix in LANGUAGES)
    parts = [
        f"## {file.relative_to(target)}\n\n{block(file.read_text(encoding='utf-8'), LANGUAGES[file.suffix])}"
        for file in files
        if file.stat().st_size < 100_000
    ]
    written = folder / locate(index)
    written.parent.mkdir(parents=True, exist_ok=True)
    name = target.relative_to(ROOT).as_posix()
    # It is reached by links alone: the navigation lists what is written to be read.
    written.write_text("---\norphan: true\n---\n\n" + page(name, f"The files of `{name}/`.", *parts), encoding="utf-8")
    return index


def _write_navigation(path: Path) -> str:
    """Return the site's navigation: for each heading of the index the pages that are listed below it."""
    sections = re.split(r"^## (.+)$", path.read_text(encoding="utf-8"), flags=re.MULTILINE)[1:]
    trees = []
    for title, text in zip(sections[::2], sections[1::2], strict=True):
        linked = [(name, locate((path.parent / target).resolve())) for name, target in _ENTRY.findall(text)]
        trees.append(_write_tree(title, [f"{name} <{target.removesuffix('.md')}>" for name, target in linked]))
    return "".join(trees)


def _write_tree(title: str, pages: list[str]) -> str:
    lines = [":hidden:", *([f":caption: {title}"] if title else []), "", *pages]
    return "\n```{toctree}\n" + "\n".join(lines) + "\n```\n"


def _write_reference(folder: Path) -> list[str]:
    """Write the pages that are made from the code, and return their names in the order of the navigation."""
    document = build_openapi()
    pages = {
        "commands": write_commands(),
        "configuration-keys": write_keys(),
        "http-api": write_api(document),
        "json-documents": write_documents(),
        "metrics": write_metrics(),
        "log-events": write_log_events(),
        "exit-codes": write_exit_codes(),
    }
    folder.mkdir(parents=True)
    (folder / "openapi.json").write_text(write_openapi(document), encoding="utf-8")
    for name, text in pages.items():
        (folder / f"{name}.md").write_text(
            _move_links(text, DOCS / "reference" / f"{name}.md", folder.parent), encoding="utf-8"
        )
    return list(pages)
