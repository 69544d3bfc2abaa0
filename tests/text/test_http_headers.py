"""Header fields that several readers need."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from watcher.text.http_headers import HeaderLink, parse_http_date, parse_link_header, parse_retry_after

SENT = "Mon, 02 Mar 2026 12:00:00 GMT"


@pytest.mark.parametrize(
    ("value", "sent_at", "wait"),
    [
        pytest.param("120", "", timedelta(minutes=2), id="seconds"),
        pytest.param("1.5", "", timedelta(seconds=1.5), id="a fraction"),
        pytest.param("0", "", timedelta(), id="at once"),
        pytest.param("Mon, 02 Mar 2026 12:05:00 GMT", SENT, timedelta(minutes=5), id="a date by the server's clock"),
        pytest.param("Mon, 02 Mar 2026 11:00:00 GMT", SENT, None, id="a date that is over"),
        pytest.param("Mon, 02 Mar 2026 12:05:00 GMT", "", None, id="a date without a clock"),
        pytest.param("-5", "", None, id="a negative number"),
        pytest.param("soon", SENT, None, id="words"),
        pytest.param("", SENT, None, id="nothing"),
    ],
)
def test_retry_after_is_seconds_or_a_date_by_the_servers_own_clock(
    value: str, sent_at: str, wait: timedelta | None
) -> None:
    assert parse_retry_after(value, sent_at) == wait


def test_a_date_is_judged_against_now_where_the_answer_has_none() -> None:
    now = datetime(2026, 3, 2, 12, tzinfo=UTC)

    assert parse_retry_after("Mon, 02 Mar 2026 12:05:00 GMT", now=now) == timedelta(minutes=5)


@pytest.mark.parametrize("value", ["9" * 12, "9" * 400, "Mon, 02 Mar 99999 12:00:00 GMT"])
def test_no_wait_overflows(value: str) -> None:
    wait = parse_retry_after(value, SENT)

    assert wait is None or wait <= timedelta(seconds=10**7)


def test_links_have_relations_and_a_type() -> None:
    header = '</feed>; rel="alternate self"; type="application/rss+xml; charset=utf-8", <https://hub.example/>; rel=Hub'

    assert parse_link_header(header) == (
        HeaderLink("/feed", frozenset({"alternate", "self"}), "application/rss+xml"),
        HeaderLink("https://hub.example/", frozenset({"hub"}), ""),
    )


def test_of_two_relations_the_first_counts() -> None:
    (link,) = parse_link_header("</a>; rel=self; rel=hub")

    assert link.relations == {"self"}


@pytest.mark.parametrize("header", ["", "<<>>;;; rel", "<", "rel=hub", "<a", "," * 20_000])
def test_a_header_that_names_no_link_gives_none(header: str) -> None:
    assert parse_link_header(header) == ()


def test_a_date_without_a_zone_is_utc() -> None:
    assert parse_http_date("Mon, 02 Mar 2026 12:00:00") == datetime(2026, 3, 2, 12, tzinfo=UTC)
