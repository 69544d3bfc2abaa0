"""robots.txt is read as RFC 9309 has it."""

from __future__ import annotations

import asyncio

import pytest

from watcher.fetch.robots import Robots, permitted, rules_for

TEXT = """\
# a comment
User-agent: *
Disallow: /private
Allow: /private/open
Disallow: /*.pdf$

User-agent: other-bot
User-agent: news-watcher
Disallow: /archive   # only ours
Crawl-delay: 5

User-agent: news-watcher
Disallow: /drafts
"""


@pytest.mark.parametrize(
    ("name", "path", "may"),
    [
        ("stranger", "/news", True),
        ("stranger", "/private/x", False),
        ("stranger", "/private/open/x", True),
        ("stranger", "/a/report.pdf", False),
        ("stranger", "/a/report.pdf?x=1", True),
        ("stranger", "/archive", True),
        ("news-watcher", "/archive/1", False),
        ("news-watcher", "/drafts", False),
        ("news-watcher", "/private/x", True),
    ],
)
def test_longest_rule_of_our_group_decides(name: str, path: str, may: bool) -> None:
    assert permitted(rules_for(TEXT, name), path) is may


@pytest.mark.parametrize(
    ("rules", "path", "may"),
    [
        ([(False, "/a"), (True, "/a")], "/a", True),
        ([(False, "/")], "/anything", False),
        ([], "/anything", True),
        ([(False, "/caf%C3%A9")], "/café", False),
        ([(False, "/*/x/*/y")], "/1/x/2/y", False),
        ([(False, "/*/x/*/y")], "/1/x/y", True),
        ([(False, "/" + "*a" * 50)], "/" + "a" * 49, True),
    ],
)
def test_patterns(rules: list[tuple[bool, str]], path: str, may: bool) -> None:
    assert permitted(rules, path) is may


@pytest.mark.parametrize(
    ("status", "may"), [(200, False), (404, True), (403, True), (500, False), (0, False), (301, False)]
)
def test_missing_file_forbids_nothing_and_an_unreachable_one_everything(status: int, may: bool) -> None:
    async def fetch(_url: str) -> tuple[int, str]:
        return status, "User-agent: *\nDisallow: /"

    assert asyncio.run(Robots(fetch, "news-watcher/1").allows("https://post.example/story")) is may


def test_a_host_is_asked_once_for_all_its_pages() -> None:
    asked: list[str] = []

    async def fetch(url: str) -> tuple[int, str]:
        asked.append(url)
        return 200, "User-agent: *\nDisallow: /b"

    async def ask() -> list[bool]:
        robots = Robots(fetch, "news-watcher/1")
        return [await robots.allows(f"https://user:secret@post.example/{path}") for path in "abc"]

    assert asyncio.run(ask()) == [True, False, True]
    assert asked == ["https://post.example/robots.txt"]
