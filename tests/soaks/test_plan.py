"""The plan of a soak: the same for a seed, and such that what it asks of the watcher can be done."""

from __future__ import annotations

from itertools import pairwise

import pytest

from bench.soaks.items import TOKEN, Timeline
from bench.soaks.plan import CLOCK_STEPS, DAY, HOUR, IdStyle, Incident, Span, subtract
from bench.soaks.planning import make_plan


def test_a_seed_makes_the_same_run_each_time() -> None:
    assert make_plan(7, 90, 300) == make_plan(7, 90, 300) != make_plan(8, 90, 300)


@pytest.mark.parametrize("seed", [1, 2, 9, 17])
def test_each_incident_comes_in_ninety_days_and_none_while_another_lasts(seed: int) -> None:
    plan = make_plan(seed, 90, 300)

    spans = sorted((event.span for event in plan.events), key=lambda span: span.start)
    assert {event.incident for event in plan.events} == set(Incident)
    assert all(earlier.end + HOUR < later.start for earlier, later in pairwise(spans))
    assert spans[-1].end < plan.end - DAY


def test_only_steps_of_the_clock_put_it_wrong() -> None:
    plan = make_plan(1, 90, 10)

    for event in plan.events:
        inside = plan.clock_offset(event.span.start)
        assert (inside != 0) == (event.incident in CLOCK_STEPS)
        assert plan.clock_offset(event.span.end) == 0


def test_a_span_without_others_is_what_lies_between_them() -> None:
    gaps = [Span(-1, 1), Span(3, 5), Span(4, 4.5), Span(9, 20)]

    assert subtract(Span(0, 10), gaps) == [Span(1, 3), Span(5, 9)]


@pytest.mark.parametrize("id_style", list(IdStyle))
def test_an_item_is_listed_while_it_is_said_to_be_and_told_by_its_token(id_style: IdStyle) -> None:
    feed = next(feed for feed in make_plan(3, 5, 50).feeds if feed.id_style is id_style and feed.flood is None)
    timeline = Timeline(feed, 3, 5 * DAY)

    for at in (0.0, 1.3 * DAY, 4.9 * DAY):
        document, _etag = timeline.document(at)
        listed = set(TOKEN.findall(document.decode()))
        visible = {
            timeline.token(number)
            for number in range(len(timeline.times))
            if timeline.visible(number, 5 * DAY).holds(at)
        }
        assert listed == visible
