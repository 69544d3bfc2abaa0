"""`watcher feeds`, on the real command line: feeds.yaml is edited as a person would, and nothing is added unseen."""

from __future__ import annotations

import asyncio
import io
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.pipeline.polling import create_poller
from tests.web_server import Reply, Server, rss
from watcher.cli.main import run
from watcher.fetch import Fetcher, FetchPolicy
from watcher.match import compile_topics
from watcher.model.feed import FeedConfig, FeedState
from watcher.pipeline.feed_claims import FeedSelection
from watcher.settings import load
from watcher.store.database import Database
from watcher.store.feeds.configuration import sync_feeds

NOON = datetime(2026, 3, 4, 12, tzinfo=UTC)
FEEDS = """\
# What we watch.

feeds:
  # The press
  - {url: "https://post.example/rss", title: Harbour Post, tags: [press, uk], language: en}  # daily
  - url: https://times.example/feed
    title: The Times   # of the harbour
    tags: [press]

  # Official sources
  - "https://gov.example/news.atom"
# The end.
"""


@dataclass
class Desk:
    folder: Path
    database: Database
    capture: pytest.CaptureFixture[str]
    patch: pytest.MonkeyPatch

    @property
    def file(self) -> Path:
        return self.folder / "feeds.yaml"

    @property
    def sources(self) -> list[FeedConfig]:
        return list(load(self.folder, {}).sources)

    def run(self, *arguments: str, stdin: bytes = b"", expect: int = 0) -> tuple[str, str]:
        self.patch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(stdin)))
        self.capture.readouterr()
        code = run(["feeds", *arguments])
        out, err = self.capture.readouterr()
        assert code == expect, (code, out, err)
        return out, err

    def json(self, *arguments: str, stdin: bytes = b"", expect: int = 0) -> Any:
        return json.loads(self.run(*arguments, "--json", stdin=stdin, expect=expect)[0])

    def poll(self, now: datetime = NOON) -> None:
        async def cycle() -> None:
            policy = FetchPolicy(allow=("127.0.0.0/8",), spacing=timedelta(0))
            async with Fetcher(policy) as fetcher:
                matcher = compile_topics(())
                async with create_poller(self.database, fetcher, matcher, lambda: now) as poller:
                    await poller.run_once(FeedSelection(include_all=True))

        with self.database.write() as db:
            sync_feeds(db, self.sources, now, timedelta(minutes=15))
        asyncio.run(cycle())


@pytest.fixture
def desk(tmp_path: Path, sqlite: Database, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Desk:
    folder = tmp_path / "desk"
    folder.mkdir()
    (folder / "watcher.yaml").write_text("fetch: {allow: [127.0.0.0/8]}\n")
    (folder / "topics.yaml").write_text("topics: []\n")
    (folder / "feeds.yaml").write_text(FEEDS)
    monkeypatch.setenv("WATCHER_CONFIG", str(folder))
    monkeypatch.setenv("WATCHER_DATABASE_URL", str(sqlite.url))
    return Desk(folder, sqlite, capsys, monkeypatch)


@pytest.fixture
def press() -> Iterator[Server]:
    with Server() as server:
        server.pages["/rss"] = Reply(rss(("1", "One"), ("2", "Two"), title="Harbour News"))
        server.pages["/page"] = Reply(b"<!doctype html><html><head><link rel='alternate' type='application/rss+xml' "
                                      b"href='/rss'></head><body>Hello</body></html>")  # fmt: skip
        yield server


def test_add_writes_one_line_and_keeps_the_rest(desk: Desk, press: Server) -> None:
    out, _err = desk.run(
        "add", f"{press.url}/rss", "--title", "News: all", "--tag", "press", "--tag", "a, b", "--language", "de",
        "--interval", "30m",
    )  # fmt: skip

    assert "Harbour News, 2 items" in out
    before, after = FEEDS.splitlines(), desk.file.read_text().splitlines()
    assert [line for line in after if line not in before] == [
        f"  - {{url: '{press.url}/rss', title: 'News: all', tags: [press, 'a, b'], language: de, interval: 30m}}"
    ]
    assert [line for line in after if line in before] == before
    assert after[-2].startswith("  - {url: ")
    assert desk.sources[-1] == FeedConfig(
        url=f"{press.url}/rss", title="News: all", tags=("press", "a, b"), language="de",
        interval=timedelta(minutes=30),
    )  # fmt: skip


def test_a_page_is_not_added_and_what_it_offers_is_told(desk: Desk, press: Server) -> None:
    out, _err = desk.run("add", f"{press.url}/page", expect=1)

    assert f"{press.url}/rss" in out
    assert desk.file.read_text() == FEEDS
    answer = desk.json("add", f"{press.url}/page", expect=1)
    assert (answer["added"], answer["offers"][0]["url"]) == (None, f"{press.url}/rss")


def test_what_cannot_be_fetched_is_added_only_when_told_so(desk: Desk, press: Server) -> None:
    desk.run("add", f"{press.url}/absent", expect=1)
    assert len(desk.sources) == 3

    answer = desk.json("add", f"{press.url}/absent", "--no-check")

    assert answer["added"]["url"] == f"{press.url}/absent"
    assert desk.sources[-1].url == f"{press.url}/absent"


@pytest.mark.parametrize(
    "url",
    [
        "https://post.example/rss",
        "HTTPS://POST.example/rss",
        "http://post.example/rss/",
        "https://post.example/rss?utm_source=x",
    ],
)
def test_a_feed_that_is_watched_is_not_added_again(desk: Desk, url: str) -> None:
    _out, err = desk.run("add", url, "--no-check", expect=2)

    assert "watched already" in err
    assert desk.file.read_text() == FEEDS


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("file:///etc/passwd",), "http"),
        (("ftp://post.example/rss",), "http"),
        (("https://new.example/rss", "--language", "english!"), "language"),
        (("https://new.example/rss", "--interval", "often"), "interval"),
        (("https://new.example/rss", "--interval", "1s"), "interval"),
    ],
)
def test_what_makes_no_sense_is_refused_in_a_line(desk: Desk, arguments: tuple[str, ...], message: str) -> None:
    _out, err = desk.run("add", *arguments, "--no-check", expect=2)

    assert message in err
    assert "Traceback" not in err
    assert desk.file.read_text() == FEEDS


def test_an_edit_that_does_not_load_is_taken_back(desk: Desk) -> None:
    (desk.folder / "topics.yaml").write_text("topics: [{id: a, query: '(('}]\n")

    desk.run("add", "https://new.example/rss", "--no-check", expect=2)

    assert desk.file.read_text() == FEEDS


@pytest.mark.parametrize(
    ("url", "gone"),
    [
        pytest.param("https://post.example/rss", ["  - {url: "], id="in one line"),
        pytest.param("https://times.example/feed", ["  - url:", "    title:", "    tags:"], id="in several lines"),
        pytest.param("https://gov.example/news.atom", ['  - "https://gov'], id="a bare address"),
        pytest.param("Harbour Post", ["  - {url: "], id="by its title"),
        pytest.param("http://gov.example/news.atom/", ['  - "https://gov'], id="in another spelling"),
    ],
)
def test_remove_takes_out_the_feeds_own_lines(desk: Desk, url: str, gone: list[str]) -> None:
    desk.run("remove", url)

    after = desk.file.read_text().splitlines()
    missing = [line for line in FEEDS.splitlines() if line not in after]
    assert [line.startswith(start) for line, start in zip(missing, gone, strict=True)] == [True] * len(gone)
    assert len(desk.sources) == 2


def test_removing_the_last_feed_leaves_an_empty_list_that_can_be_added_to(desk: Desk) -> None:
    for source in desk.sources:
        desk.run("remove", source.url)
    assert desk.sources == []
    assert "# The press" in desk.file.read_text()

    desk.run("add", "https://new.example/rss", "--no-check")

    assert [source.url for source in desk.sources] == ["https://new.example/rss"]


@pytest.mark.parametrize(
    "written",
    [
        "feeds: []\n", "feeds:\n", "# nothing yet\n",
        "feeds: [https://a.example/rss, {url: 'https://b.example/rss'}] # two\n",
        "feeds:\n- https://a.example/rss\n- url: https://b.example/rss\n  title: B\n",
        "feeds:\n  -\n    url: https://a.example/rss\n  # between\n  - https://b.example/rss\n",
        "feeds:\r\n  - https://a.example/rss\r\n  - https://b.example/rss\r\n",
        "feeds:\n    - https://a.example/rss\n\n\n    - https://b.example/rss\n\n\n",
    ],
)  # fmt: skip
def test_every_way_to_write_the_list_can_be_edited(desk: Desk, written: str) -> None:
    desk.file.write_bytes(written.encode())
    before = [source.url for source in desk.sources]

    desk.run("add", "https://new.example/rss", "--no-check")
    assert [source.url for source in desk.sources] == [*before, "https://new.example/rss"]
    for url in before:
        desk.run("remove", url)

    assert [source.url for source in desk.sources] == ["https://new.example/rss"]


def test_removing_what_is_not_there_suggests_what_is(desk: Desk) -> None:
    _out, err = desk.run("remove", "https://post.example/rs", expect=2)

    assert "did you mean 'https://post.example/rss'" in err


@pytest.mark.parametrize(
    "url",
    [
        "https://post.example/rss?utm_source=x", "https://POST.example/rss", "https://post.example/rss#top",
        "http://post.example/rss", "https://post.example/rss/",
    ],
)  # fmt: skip
def test_an_import_refuses_what_an_addition_refuses(desk: Desk, url: str) -> None:
    opml = f"<opml version='1.0'><body><outline text='Post' xmlUrl='{url}'/></body></opml>".encode()

    _out, err = desk.run("add", url, "--no-check", expect=2)
    imported = desk.json("import", "-", stdin=opml)

    assert "watched already" in err
    assert (imported["added"], imported["known"]) == ([], 1)


def test_opml_comes_in_with_folders_as_tags(desk: Desk) -> None:
    opml = b"""<opml version='1.0'><body><outline text='Europe'><outline text='Desk'>
      <outline type='rss' text='A' xmlUrl='https://a.example/rss'/></outline></outline>
      <outline text='Post' xmlUrl='https://post.example/rss'/><outline text='bad' xmlUrl='javascript:alert(1)'/>
      </body></opml>"""

    answer = desk.json("import", "-", "--tag", "new", stdin=opml)

    assert [(row["url"], row["tags"]) for row in answer["added"]] == [
        ("https://a.example/rss", ["Europe", "Desk", "new"])
    ]
    assert (answer["known"], [row["url"] for row in answer["skipped"]]) == (1, ["javascript:alert(1)"])
    assert desk.sources[-1].title == "A"
    assert desk.run("import", "-", stdin=opml)[0].endswith("0 feeds added, 2 known already, 1 skipped\n")


def test_a_dry_run_of_an_import_adds_nothing(desk: Desk) -> None:
    opml = b"<opml version='2.0'><body><outline text='A' xmlUrl='https://a.example/rss'/></body></opml>"

    out, _err = desk.run("import", "-", "--dry-run", stdin=opml)

    assert out.startswith("1 feed would be added")
    assert desk.file.read_text() == FEEDS


def test_damaged_list_adds_what_is_whole_and_exits_1(desk: Desk) -> None:
    opml = b"<opml><body><outline text='A' xmlUrl='https://a.example/f?a=1&b=2'/><outline text='B' xmlUrl='http"

    out, err = desk.run("import", "-", stdin=opml, expect=1)

    assert out.startswith("1 feed added")
    assert "cut short" in err
    assert desk.sources[-1].url == "https://a.example/f?a=1&b=2"


def test_list_without_feeds_says_why(desk: Desk) -> None:
    out, err = desk.run("import", "-", stdin=b"<opml><body><outline text='A' link='https://a.example/'/></body></opml>")

    assert out.startswith("0 feeds added")
    assert "no outline of 1 has the address of a feed" in err


@pytest.mark.parametrize("file", ["absent.opml", "feeds.yaml", "."])
def test_a_file_that_is_no_list_is_one_line(desk: Desk, file: str) -> None:
    _out, err = desk.run("import", str(desk.folder / file), expect=2)

    assert len(err.splitlines()) == 1


def test_export_comes_back_as_it_went(desk: Desk, tmp_path: Path) -> None:
    file = tmp_path / "out.opml"
    before = {source.url: source for source in desk.sources}
    desk.run("export", str(file))
    desk.file.write_text("feeds: []\n")

    desk.run("import", str(file))

    assert {source.url: source for source in desk.sources} == before


def test_discover_finds_the_feeds_of_a_page(desk: Desk, press: Server) -> None:
    answer = desk.json("discover", f"{press.url}/page")

    assert answer == {"feeds": [{"url": f"{press.url}/rss", "title": "Harbour News", "kind": "xml", "items": 2}]}
    assert f"{press.url}/rss" in desk.run("discover", f"{press.url}/page")[0]


def test_the_list_tells_how_each_feed_does(desk: Desk, press: Server) -> None:
    desk.file.write_text(f"feeds:\n  - {press.url}/rss\n  - {{url: '{press.url}/absent', tags: [odd]}}\n")
    assert [row["health"] for row in desk.json("list")["feeds"]] == ["new", "new"]
    desk.poll()

    listed = desk.json("list")["feeds"]

    assert [row["health"] for row in listed if row["url"].endswith("/absent")] == ["failing"]
    assert [row["url"] for row in desk.json("list", "--health", "failing")["feeds"]] == [f"{press.url}/absent"]
    assert [row["url"] for row in desk.json("list", "--tag", "odd")["feeds"]] == [f"{press.url}/absent"]
    assert "failing" in desk.run("list")[0]
    desk.run("list", "--health", "well", expect=2)


def test_show_tells_gaps_moves_and_the_history(desk: Desk, press: Server) -> None:
    url = f"{press.url}/rss"
    desk.file.write_text(f"feeds:\n  - {url}\n")
    desk.poll()
    press.pages["/new"] = Reply(rss(("7", "Seven"), ("8", "Eight")))
    press.pages["/rss"] = Reply(status=301, headers={"Location": "/new"})
    desk.poll(NOON + timedelta(hours=1))

    answer = desk.json("show", url)
    out, _err = desk.run("show", url)

    assert (answer["gaps"], answer["fetch_url"], answer["entries"]) == (1, f"{press.url}/new", 4)
    assert [poll["outcome"] for poll in answer["polls"]] == ["read", "read"]
    assert answer["polls"][0]["lost"] >= 1
    assert f"moved to    {press.url}/new" in out
    assert "moved permanently to" in out
    assert "may be missing" in out


def test_a_feed_that_is_gone_is_asked_again_when_told_so(desk: Desk, press: Server) -> None:
    url = f"{press.url}/rss"
    desk.file.write_text(f"feeds:\n  - {url}\n")
    desk.poll()
    press.pages["/rss"] = Reply(status=410)
    for day in range(1, 4):
        desk.poll(NOON + timedelta(days=day))
    assert desk.json("show", url)["state"] == FeedState.GONE

    assert desk.json("resume", url) == {"resumed": url}

    assert desk.json("show", url)["state"] == FeedState.ACTIVE


def test_a_feed_with_a_login_is_added_and_the_safer_way_is_named(desk: Desk, press: Server) -> None:
    url = press.url.replace("http://", "http://ann:s3same%21@") + "/rss"

    out, err = desk.run("add", url, "--title", "Post")
    with pytest.raises(AssertionError, match="watched already"):
        desk.run("add", url)

    assert f"added {press.url}/rss" in out
    assert "password_file" in err
    assert "s3same" not in out + err
    assert f"{{url: '{press.url}/rss', title: Post, username: ann, password: s3same!}}" in desk.file.read_text()
    assert "s3same" not in desk.run("list")[0] + desk.run("show", url)[0] + desk.run("export")[0]
    assert "ann:s3same%21@" in desk.run("export", "--with-secrets")[0]
    out, _err = desk.run("remove", url)
    assert f"removed {press.url}/rss" in out


def test_a_reference_is_added_as_it_is_written(desk: Desk, press: Server) -> None:
    desk.patch.setenv("DESK_TOKEN", "t0psecret")
    press.pages["/rss?k=t0psecret"] = press.pages["/rss"]

    out, err = desk.run("add", f"{press.url}/rss?k=${{DESK_TOKEN}}")
    _out, refused = desk.run("add", "http://${DESK_TOKEN}:x@post.example/", "--no-check", expect=2)

    assert "${DESK_TOKEN}" in desk.file.read_text()
    assert "t0psecret" not in out + err + refused + desk.file.read_text()
    assert "by hand" in refused


def test_a_list_that_comes_in_may_hold_logins_and_no_references(desk: Desk) -> None:
    desk.patch.setenv("DESK_TOKEN", "t0psecret")
    addresses = (
        "https://ann:s3same@one.example/",
        "https://two.example/?x=${DESK_TOKEN}",
        "https://3.example/?sig=***",
    )
    outlines = "".join(f"<outline type='rss' xmlUrl='{address}'/>" for address in addresses)

    answer = desk.json("import", "-", stdin=f"<opml version='2.0'><body>{outlines}</body></opml>".encode())

    assert [source["url"] for source in answer["added"]] == ["https://one.example/"]
    assert [skipped["url"] for skipped in answer["skipped"]] == list(addresses[1:])
    assert "s3same" not in json.dumps(answer)
    assert "t0psecret" not in json.dumps(answer) + desk.file.read_text()
