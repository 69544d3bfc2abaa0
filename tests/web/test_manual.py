"""The manual on the page: the Markdown of docs/, with every link and picture leading somewhere, as plain pages."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from selectolax.lexbor import LexborHTMLParser

from tests.docs.pages import DOCS, ROOT, list_anchors, list_pages
from tests.web.site import world


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    with (
        world(tmp_path_factory.mktemp("manual") / "config", web="base_url: http://127.0.0.1/desk") as made,
        made.client() as client,
    ):
        client.base_url = client.base_url.join("/desk/")
        yield client


def get_address(page: Path) -> str:
    """Return where a file of the manual is shown, by the rule that docs/web.md states."""
    if page.parent == ROOT:
        return f"help/project/{page.stem.lower()}"
    name = page.relative_to(DOCS).with_suffix("").as_posix().removesuffix("README").rstrip("/")
    return f"help/{name}".rstrip("/")


@pytest.fixture(scope="module")
def shown(client: httpx.Client) -> dict[Path, str]:
    """Every page of the manual as it is shown."""
    answers = {page: client.get(get_address(page)) for page in list_pages()}
    assert {answer.status_code for answer in answers.values()} == {200}
    return {page: answer.text for page, answer in answers.items()}


def test_headings_have_the_anchors_that_a_forge_gives_them(shown: dict[Path, str]) -> None:
    for page, text in shown.items():
        ids = [node.attributes["id"] for node in LexborHTMLParser(text).css(".prose [id]")]

        assert set(ids) == list_anchors(page), page
        assert len(ids) == len(set(ids)), page


def test_links_and_pictures_lead_somewhere(client: httpx.Client, shown: dict[Path, str]) -> None:
    anchors = {f"/desk/{get_address(page)}": list_anchors(page) for page in shown}
    pictures, broken, count = set(), [], 0
    for page, text in shown.items():
        tree = LexborHTMLParser(text)
        pictures |= {node.attributes["src"] or "" for node in tree.css(".prose img")}
        for link in tree.css(".prose a"):
            target = link.attributes["href"] or ""
            path, _, anchor = target.partition("#")
            if re.match(r"(https?|mailto):", target):
                continue
            count += 1
            path = path or f"/desk/{get_address(page)}"
            if path not in anchors or (anchor and anchor not in anchors[path]):
                broken.append((page.name, target))

    assert broken == []
    assert count > 150
    assert len(pictures) > 20
    for picture in pictures:
        answer = client.get(picture.removeprefix("/desk/"))
        assert (answer.status_code, answer.headers["content-type"]) == (200, "image/png"), picture


def test_the_contents_list_every_page_of_the_index(shown: dict[Path, str]) -> None:
    listed = {node.attributes["href"] for node in LexborHTMLParser(shown[DOCS / "web.md"]).css("aside a")}
    guides = [*DOCS.glob("*.md"), *(DOCS / "how-to").glob("*.md"), ROOT / "README.md", ROOT / "SECURITY.md"]

    assert {f"/desk/{get_address(page)}" for page in guides if page != DOCS / "README.md"} <= listed


def test_a_page_has_neither_styles_nor_html_of_its_file(shown: dict[Path, str]) -> None:
    for page, text in shown.items():
        body = LexborHTMLParser(text).css_first(".prose")
        assert body is not None
        assert not body.css("[style], style, script, iframe"), page


def test_a_table_is_cards_on_a_phone_and_a_block_of_code_is_reached_by_the_keyboard(shown: dict[Path, str]) -> None:
    tree = LexborHTMLParser(shown[DOCS / "people.md"])
    roles = tree.css_first(".prose table.cards")

    assert roles is not None
    assert {cell.attributes.get("data-l") for cell in roles.css("tbody td")} == {None, "may"}
    assert all("tabindex" in block.attributes for block in tree.css(".prose pre"))
    assert "watcher users add Mara --role admin" in tree.css_first(".prose pre code").text()  # type: ignore[union-attr]


@pytest.mark.parametrize(
    "path", ["nowhere", "../README", "web.md", "pictures/../web.md", "pictures/none.png", "%2e%2e/x"]
)
def test_nothing_else_is_served(client: httpx.Client, path: str) -> None:
    assert client.get(f"help/{path}").status_code == 404
