"""Makes the plan of a seed: the feeds, how they fail and move, and what happens to the watcher when. Pure."""

from __future__ import annotations

import random
from dataclasses import replace

from bench.soaks.plan import (
    CLOCK_STEPS,
    DAY,
    DOWNTIMES,
    HOUR,
    JOINING,
    LENGTHS,
    TICK,
    Event,
    Fault,
    FeedPlan,
    IdStyle,
    Incident,
    Outage,
    Plan,
    Span,
)  # fmt: skip


def make_plan(seed: int, days: float, feeds: int, *, skipped: frozenset[Incident] = frozenset()) -> Plan:
    """Return the run of a seed."""
    end = days * DAY
    events = _events(seed, end, skipped)
    reloads = [event.span.start for event in events if event.incident is Incident.RELOAD]
    plans = []
    for number in range(feeds + JOINING * len(reloads)):
        joined = reloads[(number - feeds) // JOINING] if number >= feeds else 0.0
        # Those that a reload removes are spread, and no two reloads remove the same one.
        removed = [at for n, at in enumerate(reloads) if number < feeds and number % 41 == n and number // 41 < JOINING]
        plan = _feed(seed, number, Span(joined, removed[0] if removed else end), end)
        plans.append(replace(plan, outages=tuple(_allow_for_clock(outage, events) for outage in plan.outages)))
    ticks = int(end / TICK)
    chance = random.Random(f"{seed}:kills")
    # None in the last third: one process lives on, and what it holds must not grow.
    kills = frozenset(chance.sample(range(20, max(21, ticks * 2 // 3)), k=min(ticks // 30, max(2, round(days)))))
    by_host = {host: plan for plan in plans for host in (plan.host, plan.new_host)}
    return Plan(seed=seed, days=days, feeds=tuple(plans), events=events, kills=kills, end=ticks * TICK, by_host=by_host)


def _events(seed: int, end: float, skipped: frozenset[Incident]) -> tuple[Event, ...]:
    """Spread the incidents over the run, one after another, each over before the next begins."""
    incidents = [incident for incident in Incident if incident not in skipped]
    incidents = incidents[(seed - 1) % len(incidents) :] + incidents[: (seed - 1) % len(incidents)]
    gap = min(2.5 * DAY, max(7 * HOUR, end / 30))
    quiet = max(12 * HOUR, min(2 * DAY, end / 6))
    chance = random.Random(f"{seed}:events")
    events = []
    for number in range(int((end - quiet) / gap)):
        incident = incidents[number % len(incidents)]
        start = round((gap * (number + 0.6 + 0.2 * chance.random())) / TICK) * TICK
        length = max(TICK, round(min(LENGTHS[incident], 0.6 * gap) / TICK) * TICK)
        if incident in DOWNTIMES and start > end * 2 / 3:
            continue
        if start + length <= end - quiet:
            events.append(Event(incident, Span(start, start + length)))
    return tuple(events)


def _feed(seed: int, number: int, watched: Span, end: float) -> FeedPlan:
    chance = random.Random(f"{seed}:{number}")
    per_day = 0.2 * 100 ** chance.random()
    flooded = number % 37 == 5 and end > 2 * DAY
    flood_at = round(chance.uniform(0.3, 0.8) * end / TICK) * TICK
    slow_at = chance.uniform(0.0, 0.8) * end
    moving = number % 12 == 8 and not flooded
    far = moving and number % 24 == 8 and end >= 14 * DAY
    moves_at = chance.uniform(0.2, 0.4) * end if moving else None
    # Long enough for three sightings over two days, whatever else goes wrong meanwhile.
    leaves_at = moves_at + 8 * DAY if far and moves_at is not None else None
    calm = Span(moves_at - DAY, moves_at + 9 * DAY) if moves_at is not None and far else None
    return FeedPlan(
        number=number,
        id_style=list(IdStyle)[number % len(IdStyle)],
        form="atom" if number % 3 == 1 else "rss",
        per_day=per_day,
        window=max(12, round(per_day * 1.5)),
        deaf=number % 5 == 4,
        stumbles=number % 25 == 12,
        closes=number % 2 == 1,
        watched=watched,
        outages=_outages(chance, number, watched, calm),
        slow=Span(slow_at, slow_at + DAY) if number % 50 == 3 else None,
        flood=Span(flood_at, flood_at + 4 * HOUR) if flooded else None,
        moves_at=moves_at,
        leaves_at=leaves_at,
        moves_far=far,
    )


_USUAL_FAULTS = (
    Fault.DNS, Fault.REFUSE, Fault.ERROR, Fault.ERROR, Fault.FORBIDDEN, Fault.MISSING, Fault.HTML, Fault.GARBLED,
    Fault.CUT, Fault.LIMITED,
)  # fmt: skip


def _outages(chance: random.Random, number: int, watched: Span, calm: Span | None) -> tuple[Outage, ...]:
    """Let a feed fail about every twenty days, most times for hours, sometimes for days."""
    outages: list[Outage] = []
    at = watched.start + 6 * HOUR + chance.expovariate(1 / (20 * DAY))
    last = watched.end - 8 * HOUR
    while at < last:
        fault = chance.choice(_USUAL_FAULTS)
        length = chance.uniform(2 * HOUR, 30 * HOUR) if chance.random() < 0.9 else chance.uniform(3 * DAY, 6 * DAY)
        if number % 60 == 7:
            fault, length = Fault.STALL, 4 * HOUR  # each poll costs the fetch's whole time
        elif number % 30 == 19 and last - at > 6 * DAY:
            fault, length = Fault.GONE, 5 * DAY
        span = Span(round(at / TICK) * TICK, round(min(at + length, last) / TICK) * TICK)
        if span.length >= TICK and (calm is None or span.end < calm.start or span.start > calm.end):
            outages.append(Outage(fault, span, _recovery(fault, span.length)))
        at = span.end + 2 * DAY + chance.expovariate(1 / (20 * DAY))
    return tuple(outages)


def _allow_for_clock(outage: Outage, events: tuple[Event, ...]) -> Outage:
    """Return an outage with the wait that a step of the clock may make of it: by another clock it lasts for weeks."""
    retried = Span(outage.span.start, outage.span.end + outage.recovery)
    stepped = any(
        event.incident in CLOCK_STEPS and event.span.start < retried.end and retried.start < event.span.end
        for event in events
    )
    return replace(outage, recovery=max(outage.recovery, 1.1 * DAY + 3 * TICK)) if stepped else outage


def _recovery(fault: Fault, length: float) -> float:
    """Return the longest wait that the scheduler may have reached in an outage, until the next try (schedule.after)."""
    match fault:
        case Fault.FORBIDDEN | Fault.LIMITED:
            longest = DAY
        case Fault.GONE:
            longest = TICK  # a person resumes it
        case _:
            longest = min(6 * HOUR, length + HOUR) if length < 3 * DAY else 12 * HOUR
    return 1.1 * longest + 3 * TICK
