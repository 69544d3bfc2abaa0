"""Hits, stories and digests to render: plain ones, and ones as hostile as feeds can be."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from hypothesis import strategies as st

from tests.moments import NOON
from watcher.digest.compose import compose_digest
from watcher.model.digest import Coverage, Digest, Subscription
from watcher.model.digest_story import DigestHit
from watcher.model.topic import Evidence, Origin, Topic

HOUR = timedelta(hours=1)
TOPICS = (Topic(id="eyes", name="Five Eyes", query=""), Topic(id="grid", name="Power & <grid>", query=""))
COVERAGE = Coverage(feeds=52, fresh=47, stale=3, failing=2, gaps=1, lost=6, entries=1843, notes=("Wire: failing",))


def told(number: int = 1, **how: object) -> DigestHit:
    given: dict[str, object] = {
        "hit_id": number, "entry_id": number, "topic_id": "eyes", "title": f"Five Eyes partners meet, report {number}",
        "url": f"https://news.example/{number}", "source": "Northern Post", "summary": "They meet in Ottawa on Monday.",
        "language": "en", "published_at": NOON, "first_seen_at": NOON - HOUR, "matched_at": NOON - HOUR, "score": 0.5,
        "origin": Origin.LIVE, "evidence": (), "story_id": number,
    }  # fmt: skip
    hit = DigestHit(**(given | how))  # type: ignore[arg-type]
    if "evidence" in how or not hit.title.startswith("Five Eyes"):
        return hit
    marks = (Evidence(field="title", start=0, end=9, text="Five Eyes", clause="five eyes"),)
    return DigestHit(**(given | how | {"evidence": marks}))  # type: ignore[arg-type]


def digest(hits: Sequence[DigestHit], coverage: Coverage = COVERAGE, **how: object) -> Digest:
    given: dict[str, object] = {"name": "daily", "schedule": "daily at 7", "channels": ("mail",), "title": "The day"}
    beside = {key: how.pop(key) for key in ("alarms", "troubles") if key in how}
    to = Subscription(**(given | {"max_stories": 1000} | how))  # type: ignore[arg-type]
    return compose_digest(to, NOON, hits, TOPICS, coverage, (NOON - 24 * HOUR, NOON), **beside)  # type: ignore[arg-type]


_NASTY = st.sampled_from([
    "<script>alert(1)</script>", "&amp;", "&lt;b&gt;", "<!channel>", "<@U123>", "<https://evil.example|news>", "]]>",
    "*bold* _it_ ~no~ `code`", "](https://evil.example)", "| cell |", "# head", "1. one", "- item", "+ item", "---",
    "=====", "> said", "\r\nBcc: all@desk.example", "\u202eesrever", "\x00\x0b\x1b[31m", "{{ 7 * 7 }}{% raw %}",
    "\u0130stanbul \u00df \u79c1\u305f\u3061", "\U0001f4f0" * 5, "x" * 400, "\\", "<!-- unsubscribe -->", "http://a.example/_b_*c*",
])  # fmt: skip
WORDS = st.lists(_NASTY | st.text(max_size=30), max_size=8).map(" ".join)
ADDRESSES = st.sampled_from([
    None, "https://news.example/a?b=1&c=<d>|e", "https://news.example/(a)_[b] c",
    "https://news.example/" + "long/" * 700,
    "https://news.example/\u79c1\u305f\u3061#'\"", "http://news.example/\\x",
])  # fmt: skip


@st.composite
def hostile_hits(draw: st.DrawFn, most: int = 30) -> list[DigestHit]:
    """Draw hits whose every outside word is drawn to do harm."""
    hits = []
    for number in range(draw(st.integers(1, most))):
        title, summary = draw(WORDS), draw(WORDS)
        end = draw(st.integers(0, len(summary)))
        start = draw(st.integers(0, end))
        marks = (Evidence(field="summary", start=start, end=end, text=summary[start:end], clause="c"),)
        hits.append(
            told(
                number, title=title, summary=summary, source=draw(WORDS), url=draw(ADDRESSES), evidence=marks,
                topic_id=draw(st.sampled_from(["eyes", "grid"])), story_id=draw(st.integers(0, 8)),
                origin=draw(st.sampled_from(list(Origin))), baseline=draw(st.booleans()), former_title=draw(WORDS),
                edited=draw(st.booleans()),
            )
        )  # fmt: skip
    return hits
