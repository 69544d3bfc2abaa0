"""robots.txt is read as RFC 9309 has it."""

from __future__ import annotations

import asyncio
from time import process_time

import pytest

from watcher.fetch.robots import MAX_LINES, Robots, parse_robots

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


def may_fetch(text: str, path: str, name: str = "news-watcher") -> bool:
    return bool(parse_robots(text, name).can_fetch(f"https://post.example{path}", name))


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
    assert may_fetch(TEXT, path, name) is may


@pytest.mark.parametrize(
    ("rules", "path", "may"),
    [
        ("Disallow: /a\nAllow: /a", "/a", True),
        ("Disallow: /", "/anything", False),
        ("Disallow:", "/anything", True),
        ("", "/anything", True),
        ("Disallow: /caf%C3%A9", "/café", False),
        ("Disallow: /café", "/caf%c3%a9", False),
        ("Disallow: /*/x/*/y", "/1/x/2/y", False),
        ("Disallow: /*/x/*/y", "/1/x/y", True),
        ("Disallow: /" + "*a" * 50, "/" + "a" * 49, True),
        ("Disallow: /a%2Fb", "/a/b", True),
        ("Disallow: /a%2fb", "/a%2Fb", False),
        ("Disallow: /a/b", "/a%2Fb", True),
        ("Disallow: /~joe", "/%7Ejoe/x", False),
        ("Disallow: /\nAllow: /$", "/", True),
        ("Disallow: /*.pdf$", "/x.pdf?y", True),
    ],
)
def test_patterns(rules: str, path: str, may: bool) -> None:
    assert may_fetch(f"User-agent: *\n{rules}", path) is may


@pytest.mark.parametrize(
    ("agent", "ours"),
    [
        ("news-watcher", True),
        ("News-Watcher", True),
        ("news-watcher/0.1", True),
        ("news-watcher/1.0 (+https://post.example)", True),
        ("news-watcher # ours", True),
        ("news", False),
        ("n", False),
        ("news-", False),
        ("watcher", False),
        ("news-watcher-pro", False),
        ("news-watcher2", False),
        ("0", False),
        ("otherbot", False),
    ],
)
def test_group_is_ours_by_the_whole_product_token(agent: str, ours: bool) -> None:
    text = f"User-agent: *\nAllow: /\n\nUser-agent: {agent}\nDisallow: /"

    assert may_fetch(text, "/story") is not ours


def test_long_file_is_read_quickly_and_no_further_than_its_first_lines() -> None:
    text = "User-agent: *\n" + "".join(f"Disallow: /section-{n}/*/old-{n}$\n" for n in range(MAX_LINES))
    before = process_time()

    rules = parse_robots(text, "news-watcher")
    allowed = [rules.can_fetch(f"https://post.example/story/{n}", "news-watcher") for n in range(50)]

    assert all(allowed)
    assert process_time() - before < 5


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
