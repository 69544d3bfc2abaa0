"""What only shows over several polls: validators, waits, retirements and moves."""

from __future__ import annotations

from datetime import timedelta
from email.utils import format_datetime

import pytest

from tests.faults import behaviours as b
from tests.faults import documents as d
from tests.faults.certificates import Certificates
from tests.faults.machine import DAY, HOUR, MINUTE, NOON, Machine, no_such_name, try_again
from tests.faults.yard import Outlet, Talk, Yard
from watcher.model.feed import FeedState
from watcher.schedule import Health, PollLimits, get_feed_health
from watcher.store.database import Database

RETRY = b.says(b.answer(b"", "429 Too Many Requests", Retry_After="7200"))


def test_row_3_our_network_is_away_and_no_feed_is_blamed(machine: Machine, yard: Yard) -> None:
    outlets = [Outlet(yard, b.well(2), f"host{n}.example") for n in range(8)]
    machine.watch(*(outlet.url for outlet in outlets))
    machine.poll()
    machine.names.known |= {outlet.name: try_again() for outlet in outlets}

    for minutes in (60, 62, 64, 66):
        machine.poll(NOON + minutes * MINUTE)

    assert {machine.feed(outlet.url).poll.failures for outlet in outlets} == {0}
    assert {machine.history(outlet.url)[0].outcome for outlet in outlets} == {"offline"}
    assert max(machine.feed(outlet.url).poll.next_poll_at for outlet in outlets) <= NOON + 68 * MINUTE
    machine.names.known.clear()
    assert machine.poll(NOON + 70 * MINUTE).failed == 0


def test_row_3_names_that_nobody_knows_any_more_are_our_outage_too(machine: Machine, yard: Yard) -> None:
    outlets = [Outlet(yard, b.well(2), f"host{n}.example") for n in range(12)]
    machine.watch(*(outlet.url for outlet in outlets))
    machine.poll()
    machine.names.known |= {outlet.name: no_such_name() for outlet in outlets}

    machine.poll(NOON + HOUR)

    blamed = [outlet for outlet in outlets if machine.feed(outlet.url).poll.failures]
    assert len(blamed) <= 4, "from the fifth host on it is known whose fault it is"


def test_outage_that_lasts_shows_in_the_health_of_the_feeds(machine: Machine, yard: Yard) -> None:
    outlet = Outlet(yard, b.well(2))
    machine.watch(outlet.url)
    machine.poll()
    machine.names.known[outlet.name] = try_again()

    machine.poll(NOON + HOUR)
    machine.poll(NOON + 3 * HOUR)

    assert get_feed_health(machine.feed(outlet.url).summary, NOON + 3 * HOUR) is Health.FAILING
    machine.names.known.clear()
    machine.poll(NOON + 4 * HOUR)
    assert get_feed_health(machine.feed(outlet.url).summary, NOON + 4 * HOUR) is Health.FRESH


@pytest.mark.parametrize("etag", ['W/"weak"', '"a-gzip"', "unquoted", '"with ""quotes"" inside"'])
def test_row_37_validators_go_back_verbatim(machine: Machine, yard: Yard, etag: str) -> None:
    outlet = Outlet(yard, b.says(b.answer(d.rss(2), ETag=etag, Last_Modified="yesterday, or so")))
    machine.watch(outlet.url)
    machine.poll()

    machine.poll(NOON + HOUR)

    assert outlet.asked[-1]["if-none-match"] == etag
    assert outlet.asked[-1]["if-modified-since"] == "yesterday, or so"


def test_validators_are_not_made_up(machine: Machine, yard: Yard) -> None:
    outlet = Outlet(yard, b.says(b.answer(d.rss(2))))
    machine.watch(outlet.url)
    machine.poll()

    machine.poll(NOON + HOUR)

    assert not {"if-none-match", "if-modified-since"} & outlet.asked[-1].keys()


def test_row_39_server_that_says_304_for_ever_is_found_out_within_a_day(machine: Machine, yard: Yard) -> None:
    outlet = Outlet(yard, b.well(2))
    machine.watch(outlet.url)
    machine.poll()

    async def always_304(talk: Talk) -> None:
        conditional = "if-none-match" in await talk.request()
        await talk.send(b"HTTP/1.1 304 No\r\n\r\n" if conditional else b.answer(d.rss(3), ETag='"3"'))

    outlet.says = always_304
    for hour in range(1, 28):
        machine.poll(NOON + hour * HOUR)

    assert machine.stored()[outlet.url] == ["News 2", "News 1", "News 3"]
    unconditional = [asked for asked in outlet.asked[1:] if "if-none-match" not in asked]
    assert len(unconditional) == 1, "once in a day, not with every poll"


def test_304_to_a_question_without_validators_is_a_failure(machine: Machine, yard: Yard) -> None:
    outlet = Outlet(yard, b.says(b.answer(d.rss(2))))
    machine.watch(outlet.url)
    machine.poll()
    outlet.says = b.says(b"HTTP/1.1 304 Not Modified\r\n\r\n")

    machine.poll(NOON + HOUR)

    assert machine.feed(outlet.url).poll.error_kind == "http"


@pytest.mark.parametrize(
    ("headers", "wait"),
    [
        pytest.param({"Retry_After": "7200"}, 2 * HOUR, id="seconds"),
        pytest.param(
            {
                # The server's clock is wrong by years: only the difference counts.
                "Date": format_datetime(NOON - 3000 * DAY, usegmt=True),
                "Retry_After": format_datetime(NOON - 3000 * DAY + 3 * HOUR, usegmt=True),
            },
            3 * HOUR,
            id="a date by its own clock",
        ),
        pytest.param({}, 30 * MINUTE, id="nothing"),
        pytest.param({"Retry_After": "315360000"}, DAY, id="ten years"),
        pytest.param({"Retry_After": "-5"}, 30 * MINUTE, id="a negative number"),
        pytest.param({"Retry_After": "soon"}, 30 * MINUTE, id="a word"),
        pytest.param({"Retry_After": "0"}, 5 * MINUTE, id="zero"),
    ],
)
def test_row_41_429_is_honoured_within_bounds(
    machine: Machine, yard: Yard, headers: dict[str, str], wait: timedelta
) -> None:
    outlet = Outlet(yard, b.says(b.answer(b"", "429 Too Many", **headers)))
    machine.watch(outlet.url)

    machine.poll()

    assert machine.feed(outlet.url).poll.next_poll_at == NOON + wait
    assert machine.feed(outlet.url).poll.error_kind == "rate-limited"


def test_row_41_429_counts_for_every_feed_of_the_host(machine: Machine, yard: Yard) -> None:
    outlet = Outlet(yard, b.well(2))
    other = Outlet(yard, b.well(2), "elsewhere.example")
    mine = [outlet.at(f"/{n}") for n in range(5)]
    machine.watch(*mine, other.url)
    machine.poll()
    outlet.says, asked = RETRY, len(outlet.asked)

    machine.poll(NOON + HOUR)
    machine.poll(NOON + HOUR + 20 * MINUTE, urls=mine)

    feeds = [machine.feed(url) for url in mine]
    assert min(feed.poll.next_poll_at for feed in feeds) > NOON + 3 * HOUR - MINUTE
    assert 1 <= len(outlet.asked) - asked <= 5, "who waited for the host's turn was not asked any more"
    assert sum(feed.poll.failures for feed in feeds) == len(outlet.asked) - asked
    assert machine.feed(other.url).poll.failures == 0


def test_row_41_tenants_of_one_roof_wait_together(machine: Machine, yard: Yard) -> None:
    tenant = Outlet(yard, b.well(2), "one.tumblr.com")
    two = Outlet(yard, b.well(2), "two.tumblr.com")
    machine.watch(tenant.url, two.url)
    machine.poll()
    tenant.says = RETRY

    machine.poll(NOON + HOUR, urls=[tenant.url])

    assert machine.feed(two.url).poll.next_poll_at == NOON + 3 * HOUR
    assert machine.feed(two.url).poll.failures == 0


def test_row_42_503_counts_for_the_feed_and_for_the_host_once_several_say_so(machine: Machine, yard: Yard) -> None:
    outlet = Outlet(yard, b.well(2))
    urls = [outlet.at(f"/{n}") for n in range(4)]
    machine.watch(*urls)
    machine.poll()
    outlet.says = b.says(b.answer(b"", "503 Busy", Retry_After="7200"))

    waiting = []
    for url in urls[:3]:
        machine.poll(NOON + HOUR, urls=[url])
        waiting.append(machine.feed(urls[3]).poll.next_poll_at >= NOON + 3 * HOUR)

    assert waiting == [False, False, True]


def test_row_44_410_once_is_no_end_and_410_for_days_is(machine: Machine, yard: Yard) -> None:
    gone = b.says(b.answer(b"", "410 Gone"))
    outlet = Outlet(yard, gone)
    machine.watch(outlet.url)
    machine.poll()
    outlet.says = b.well(2)
    machine.poll(NOON + DAY)
    assert machine.feed(outlet.url).state is FeedState.ACTIVE

    outlet.says = gone
    for day in range(2, 5):
        machine.poll(NOON + day * DAY)

    assert machine.feed(outlet.url).state is FeedState.GONE
    assert "no longer asked" in machine.history(outlet.url)[0].message
    asked = len(outlet.asked)
    assert machine.poll(NOON + 9 * DAY).due == 0
    assert len(outlet.asked) == asked


def test_row_45_move_to_another_site_is_followed_once_it_has_held(machine: Machine, yard: Yard) -> None:
    there = Outlet(yard, b.well(2), "new.other.example")
    former = Outlet(yard, b.well(2))
    machine.watch(former.url)
    machine.poll()
    former.says = b.says(b.answer(status="301 Moved", Location=there.url))

    fetched_from = []
    for day in range(1, 5):
        machine.poll(NOON + day * DAY)
        fetched_from.append(machine.feed(former.url).fetch_url)

    assert fetched_from == [former.url, former.url, there.url, there.url]
    messages = [poll.message for poll in reversed(machine.history(former.url))]
    assert f"redirects to {there.url}" in messages[1]
    assert f"moved permanently to {there.url}" in messages[3]
    assert machine.stored()[former.url] == ["News 2", "News 1"], "the same items, under the same feed"


def test_row_45_move_that_flaps_is_never_followed(machine: Machine, yard: Yard) -> None:
    there = Outlet(yard, b.well(2), "new.other.example")
    former = Outlet(yard, b.well(2))
    machine.watch(former.url)
    for day in range(10):
        former.says = b.well(2) if day % 2 else b.says(b.answer(status="301 Moved", Location=there.url))
        machine.poll(NOON + day * DAY)

    assert machine.feed(former.url).fetch_url == former.url


def test_row_46_redirect_from_https_to_http_is_followed_and_never_for_good(sqlite: Database, yard: Yard) -> None:
    certificates = Certificates()
    plain = Outlet(yard, b.well(2), "plain.harbour.example")
    move = b.says(b.answer(status="301 Moved", Location=plain.url))
    secure = Outlet(yard, b.secured(certificates.shown["good"], move), "secure.harbour.example")
    url = secure.url.replace("http:", "https:")

    with Machine(sqlite, context=certificates.trusting) as machine:
        machine.watch(url)
        for day in range(5):
            machine.poll(NOON + day * DAY)

        assert machine.stored()[url] == ["News 2", "News 1"]
        assert (machine.feed(url).fetch_url, machine.feed(url).poll.move) == (url, None)


def test_moved_feed_is_asked_at_its_old_address_when_the_new_one_dies(machine: Machine, yard: Yard) -> None:
    async def moved(talk: Talk) -> None:
        await talk.request()
        old = talk.path == "/feed"
        await talk.send(b.answer(status="301 Moved", Location="/new") if old else b.answer(d.rss(2)))

    async def regretted(talk: Talk) -> None:
        await talk.request()
        await talk.send(b.answer(d.rss(3)) if talk.path == "/feed" else b.answer(b"", "404 Not Found"))

    outlet = Outlet(yard, moved)
    machine.watch(outlet.url)
    machine.poll()
    assert machine.feed(outlet.url).fetch_url == outlet.at("/new")
    outlet.says = regretted

    for hour in range(1, 7):
        machine.poll(NOON + hour * HOUR)

    assert machine.feed(outlet.url).fetch_url == outlet.url
    assert "configured address again" in " ".join(poll.message for poll in machine.history(outlet.url))
    assert machine.stored()[outlet.url][-1] == "News 3"


def test_row_48_delta_adds_items_and_proves_no_gap(machine: Machine, yard: Yard) -> None:
    outlet = Outlet(yard, b.well(2))
    machine.watch(outlet.url)
    machine.poll()
    only_new = d.text(0, more=d.item(3)).encode()
    outlet.says = b.says(b.answer(only_new, "226 IM Used", IM="feed", ETag='"3"'))

    machine.poll(NOON + HOUR)

    assert outlet.asked[-1]["a-im"] == "feed"
    assert machine.stored()[outlet.url] == ["News 2", "News 1", "News 3"]
    assert machine.feed(outlet.url).stats.gaps == 0
    outlet.says = b.well(4)
    machine.poll(NOON + 2 * HOUR)
    assert machine.feed(outlet.url).stats.gaps == 0


@pytest.mark.parametrize(
    ("headers", "wait"),
    [
        pytest.param({"Cache_Control": "max-age=31536000"}, DAY, id="a year"),
        pytest.param({"Cache_Control": "max-age=0"}, None, id="zero"),
        pytest.param({"Cache_Control": "no-cache, max-age=86400"}, None, id="no-cache"),
        pytest.param({"Cache_Control": "max-age=7200"}, 2 * HOUR, id="two hours"),
    ],
)
def test_row_49_freshness_is_honoured_within_bounds(
    machine: Machine, yard: Yard, headers: dict[str, str], wait: timedelta | None
) -> None:
    outlet = Outlet(yard, b.says(b.answer(d.rss(2), ETag='"1"', **headers)))
    machine.watch(outlet.url)

    machine.poll()

    expected = wait or max(PollLimits().minimum, machine.feed(outlet.url).poll.interval)
    assert machine.feed(outlet.url).poll.next_poll_at == NOON + expected


def test_row_50_no_cookie_of_one_feed_is_sent_anywhere(machine: Machine, yard: Yard) -> None:
    outlet = Outlet(yard, b.says(b.answer(d.rss(2), Set_Cookie="seen=1; Path=/")))
    other = Outlet(yard, b.well(2), "elsewhere.example")
    machine.watch(outlet.url, other.url)

    machine.poll()
    machine.poll(NOON + HOUR)

    assert not [asked for asked in (*outlet.asked, *other.asked) if "cookie" in asked]


def test_who_asks_says_so_and_asks_for_what_it_reads(machine: Machine, yard: Yard) -> None:
    outlet = Outlet(yard, b.well(2))
    machine.watch(outlet.url)

    machine.poll()

    [asked] = outlet.asked
    assert asked["user-agent"].startswith("news-watcher/")
    assert asked["accept-encoding"] == "gzip, br, zstd"
    assert "application/rss+xml" in asked["accept"]
    assert not {"cookie", "referer", "authorization"} & asked.keys()
