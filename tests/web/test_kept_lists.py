"""Lists whose counts and rows are kept: they show at once what anybody changed, in this process or another."""

from __future__ import annotations

import re
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import httpx
import pytest

from tests.store.filled import bring, item
from tests.web.site import HARBOUR, LEDGER, World, world_with_news
from watcher.app.judgements import judge_hit
from watcher.app.triage.marks import mark_seen, star
from watcher.model.triage import Target, TargetKind
from watcher.store.hits.search import find_hits

_MARK_ALL = """
import sys
from datetime import datetime
from watcher.app.triage.marks import mark_seen
from watcher.model.triage import Target, TargetKind
from watcher.store.database import Database
from watcher.store.hits.search import find_hits
with Database(sys.argv[1]) as database, database.write() as db:
    now = datetime.fromisoformat(sys.argv[2])
    mark_seen(db, "desk", [Target(TargetKind.ENTRY, hit.stored.id) for hit in find_hits(db).items], now)
"""


def count_unread(client: httpx.Client, path: str = "/hits") -> tuple[int, int]:
    """Return the count of what is unread beside a list, and how many of its rows are."""
    text = client.get(path).text
    match = re.search(r'>Unread <span class="n">(\d+)</span>', text)
    assert match
    return int(match[1]), text.count('<li class="hit unread')


def read_facet(client: httpx.Client, title: str, path: str = "/hits") -> dict[str, int]:
    text = client.get(path).text
    section = re.search(rf"<h2[^>]*>{title}</h2>(.*?)</section>", text, re.DOTALL)
    matches = re.findall(
        r'<span class="name" dir="auto">([^<]+)</span><span class="n">(\d+)</span>', section[1] if section else ""
    )
    return {name: int(count) for name, count in matches}


@pytest.mark.parametrize("path", ["/hits", "/stories"])
def test_what_another_process_marks_is_counted_at_once(client: httpx.Client, desk: World, path: str) -> None:
    assert count_unread(client, path)[0] > 0
    assert count_unread(client, path)[0] > 0

    command = [sys.executable, "-c", _MARK_ALL, str(desk.app.database.url), desk.clock.now.isoformat()]
    subprocess.run(command, check=True, timeout=60)

    assert count_unread(client, path) == (0, 0)


def test_a_new_hit_is_in_every_facet_at_once(client: httpx.Client, desk: World) -> None:
    before = read_facet(client, "Source"), read_facet(client, "Topic")

    matched = [item(9, "Five Eyes again", "Once more.")]
    bring(desk.app.database, matched, now=desk.clock.now, matcher=desk.app.matcher, feed=LEDGER)

    sources, topics = read_facet(client, "Source"), read_facet(client, "Topic")
    assert sources["The Capital Ledger"] == before[0]["The Capital Ledger"] + 1
    assert topics["Five Eyes"] == before[1]["Five Eyes"] + 1


def test_a_row_shows_its_star_its_edit_and_its_story_at_once(client: httpx.Client, desk: World) -> None:
    first = client.get("/hits").text
    assert client.get("/hits").text == first
    with desk.app.database.read() as db:
        hit = find_hits(db).items[0]
    target = Target(TargetKind.ENTRY, hit.stored.id)

    with desk.app.database.write() as db:
        star(db, "desk", [target], starred=True, now=desk.clock.now)
    assert f'value="unstar {target}"' in client.get("/hits").text

    edited = item(3, "Cyber Command told to wait", "An order, officials said again.")
    bring(desk.app.database, [edited], now=desk.clock.now, matcher=desk.app.matcher, feed=LEDGER)
    shown = client.get("/hits").text
    assert "told to wait" in shown
    assert "told to pause" not in shown


def test_a_storys_row_shows_its_star_its_judgement_and_its_next_report_at_once(
    client: httpx.Client, desk: World
) -> None:
    first = client.get("/stories").text
    assert client.get("/stories").text == first
    with desk.app.database.read() as db:
        hit = find_hits(db).items[0]
    assert hit.story_id is not None

    with desk.app.database.write() as db:
        star(db, "desk", [Target(TargetKind.STORY, hit.story_id)], starred=True, now=desk.clock.now)
    assert f'value="unstar story:{hit.story_id}"' in client.get("/stories").text

    assert first.count('aria-pressed="true" aria-label="Relevant') == 0
    with desk.app.database.write() as db:
        judge_hit(db, hit.id, "relevant", desk.clock.now)
    assert client.get("/stories").text.count('aria-pressed="true" aria-label="Relevant') == 1

    item_ = hit.stored.entry.item
    again = item(77, item_.title, item_.summary)
    bring(desk.app.database, [again], now=desk.clock.now, matcher=desk.app.matcher, feed=HARBOUR)
    grown = client.get("/stories").text
    assert grown.count('class="count"') == first.count('class="count"') + 1

    desk.clock.now += timedelta(hours=3)
    assert "3 hours ago" in client.get("/stories").text or "3 h ago" in client.get("/stories").text


def test_each_visitor_gets_the_token_of_their_own_forms(desk: World) -> None:
    with desk.served() as address:
        texts = []
        for _visitor in range(2):
            with httpx.Client(base_url=address, trust_env=False) as visitor:
                visitor.get("/hits")
                text = visitor.get("/hits").text
                tokens = set(re.findall(r'name="csrf" (?:content|value)="([^"]+)"', text))
                [token] = tokens
                refused = visitor.post("/triage", data={"csrf": token, "act": "all"})
                assert refused.status_code == 303
                texts.append(token)
        assert len(set(texts)) == 2
        assert "form-token" not in text


def test_one_persons_marks_are_not_another_persons(tmp_path: Path) -> None:
    web = "login: {header: X-Person, first_role: editor}, trusted_proxies: [127.0.0.1]"
    with world_with_news(tmp_path / "config", web) as desk, desk.client() as client:
        ada, ben = ({"X-Person": name} for name in ("ada", "ben"))
        for person in (ada, ben, ada):
            assert client.get("/hits", headers=person).text.count('<li class="hit unread') == 2
        with desk.app.database.write() as db:
            targets = [Target(TargetKind.ENTRY, hit.stored.id) for hit in find_hits(db).items]
            mark_seen(db, "ada", targets, desk.clock.now)

        assert 'class="hit unread' not in client.get("/hits", headers=ada).text
        assert client.get("/hits", headers=ben).text.count('<li class="hit unread') == 2
        assert "No hit matches" in client.get("/hits?unread=1", headers=ada).text
        assert client.get("/hits?unread=1", headers=ben).text.count('<li class="hit unread') == 2
