"""How many stories a digest holds: one number in subject, heading, every form, the page's list and the log."""

from __future__ import annotations

import json
import re

import pytest

from tests.log_lines import capture_log_lines
from tests.outgoing.test_compose import set_up
from tests.outgoing.world import HOUR, NOON, daily, found, mail, press
from watcher.channels.slack.render import render_slack
from watcher.contract.digests import encode_digest_content
from watcher.digest.html import render_html
from watcher.digest.markdown import render_markdown
from watcher.digest.plain import render_text
from watcher.pipeline.digests import compose_due
from watcher.store.database import Database
from watcher.store.digests.queries import find_digests
from watcher.store.outbox.queries import find_deliveries

SEVEN = NOON.replace(hour=7)


@pytest.mark.parametrize("max_stories", [25, 2], ids=["all fit", "some are left out"])
def test_one_number_of_stories_stands_everywhere(database: Database, max_stories: int) -> None:
    set_up(database, "daily")
    at = SEVEN - HOUR
    found(database, "Five Eyes meet", "Five Eyes met, a second outlet says", at=at, story=1)
    found(database, "Grid code is changed", at=at, story=1, topic="grid")
    found(database, "Five Eyes hire", at=at, story=2)
    found(database, "Five Eyes alone, without a story", at=at)
    found(database, "Grid fails", at=at, story=3, topic="grid")
    found(database, "Five Eyes move", at=at, story=4)

    with capture_log_lines() as lines:
        [digest] = compose_due(database, press([daily(channels=("mail",), max_stories=max_stories)], [mail(25)]), SEVEN)

    count, left_out = digest.story_count, digest.left_out
    assert (count, left_out > 0) == (5, max_stories == 2)
    with database.read() as db:
        [stored] = find_digests(db).items
        [delivery] = find_deliveries(db).items
    assert json.loads(delivery.payload)["subject"].endswith(f", and {count - 1} more")
    assert stored.stories == count
    data = encode_digest_content(digest)
    assert (data["story_count"], len(data["stories"]) + left_out) == (count, count)
    for written in (render_text(digest), render_markdown(digest), render_html(digest), str(render_slack(digest))):
        assert re.search(rf"· {count} stories\b", written)
        assert (f"{left_out} more stor" in written) == bool(left_out)
    assert render_html(digest).count('class="row"') == count - left_out
    assert [line["stories"] for line in lines if line["event"] == "digest composed"] == [count]
