"""Every link of the manual leads somewhere, read as files on a forge."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import unquote

import pytest

from tests.docs.pages import DOCS, ROOT, list_anchors, list_links, list_pages

PAGES = list_pages()


@pytest.mark.parametrize("page", PAGES, ids=[str(page.relative_to(ROOT)) for page in PAGES])
def test_links_and_anchors_resolve(page: Path) -> None:
    broken = []
    for link in list_links(page):
        if re.match(r"[a-z]+:", link):
            continue
        path, _, anchor = unquote(link).partition("#")
        target = (page.parent / path).resolve() if path else page
        if not target.exists() or (anchor and anchor not in list_anchors(target)):
            broken.append(link)

    assert broken == []


def test_every_page_is_reached_from_the_index() -> None:
    seen: set[Path] = set()
    waiting = [DOCS / "README.md"]
    while waiting:
        page = waiting.pop()
        if page in seen or page.suffix != ".md":
            continue
        seen.add(page)
        links = [link.partition("#")[0] for link in list_links(page) if not re.match(r"[a-z]+:", link)]
        targets = [(page.parent / link).resolve() for link in links if link]
        waiting += [target / "README.md" if target.is_dir() else target for target in targets if target.exists()]
        waiting = [target for target in waiting if target.exists()]

    assert set(PAGES) <= seen


def test_the_navigation_of_the_site_holds_every_guide() -> None:
    listed = re.findall(
        r"^- \[[^\]]+\]\(([\w/-]+\.md)\)", (DOCS / "README.md").read_text(encoding="utf-8"), re.MULTILINE
    )
    guides = [*DOCS.glob("*.md"), *(DOCS / "how-to").glob("*.md")]

    assert {str(page.relative_to(DOCS)) for page in guides} - {"README.md"} <= set(listed)


def test_the_comparison_names_tests_and_benches_that_exist() -> None:
    named = re.findall(r"`((?:tests|bench)/[^`]*)`", (DOCS / "comparison.md").read_text(encoding="utf-8"))

    assert len(named) >= 10
    assert [path for path in named if not (ROOT / path).exists()] == []


def test_troubleshooting_quotes_what_the_program_says() -> None:
    source = "\n".join(path.read_text(encoding="utf-8") for path in (ROOT / "watcher").rglob("*.py"))
    page = (DOCS / "troubleshooting.md").read_text(encoding="utf-8")
    quoted = [
        re.sub(r"^`+|`+$", "", code).strip()
        for line in page.splitlines()
        if line.startswith("| ")
        for cell in line.split("|")[1:3]
        for code in re.findall(r"``.+?``|`[^`]+`", cell)
    ]
    messages = [text for text in quoted if " " in text and not text.startswith("watcher ")]

    assert len(messages) >= 12
    assert [text for text in messages if text not in source] == []
