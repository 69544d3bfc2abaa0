"""The table of WebSub's transitions, and what follows from each."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.moments import NOON
from watcher.model.websub import WebSubState, WebSubSubscription
from watcher.pipeline.websub.machine import (
    MAX_RETRY_DELAY,
    MAX_UNSUBSCRIBE_TRIES,
    TRANSITIONS,
    Action,
    Delete,
    Event,
    ResumePolling,
    Subscribe,
    Update,
    decide,
    observe,
    reconcile,
    request_timeout,
)

MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)
TARGET = ("https://hub.example/", "https://outlet.example/feed")
OTHER = ("https://hub.example/", "https://outlet.example/moved")
ASKED, LIVE, DENIED, LEAVING = WebSubState


def subscription(
    state: WebSubState,
    *,
    next_try_at: datetime = NOON + DAY,
    expires_at: datetime | None = None,
    failures: int = 0,
    error: str = "",
) -> WebSubSubscription:
    return WebSubSubscription(
        feed_id=7,
        feed_url="https://example.org/feed",
        token="token",
        secret="secret",
        hub=TARGET[0],
        topic=TARGET[1],
        state=state,
        next_try_at=next_try_at,
        expires_at=expires_at,
        failures=failures,
        error=error,
    )


def end_state(before: WebSubSubscription, actions: tuple[Action, ...]) -> WebSubState | None:
    """Return the state that actions lead to."""
    for action in actions:
        if isinstance(action, Delete):
            return None
        if isinstance(action, Update):
            return action.subscription.state
    return before.state


@pytest.mark.parametrize(("state", "event"), [pair for pair in TRANSITIONS if pair[0] is not None])
def test_actions_lead_to_the_state_that_the_table_names(state: WebSubState, event: Event) -> None:
    before = subscription(state, expires_at=NOON)

    actions = decide(before, event, NOON, lease=DAY, reason="no")

    assert actions is not None
    assert end_state(before, actions) is TRANSITIONS[state, event]


@pytest.mark.parametrize(("state", "event"), [(s, e) for s in WebSubState for e in Event if (s, e) not in TRANSITIONS])
def test_what_is_not_in_the_table_changes_nothing(state: WebSubState, event: Event) -> None:
    assert decide(subscription(state), event, NOON) is None


def test_every_state_can_be_left_and_reached() -> None:
    pairs = {(before, after) for (before, _event), after in TRANSITIONS.items() if before is not after}

    assert {before for before, _after in pairs} == {None, *WebSubState}
    assert {after for _before, after in pairs} == {None, *WebSubState}


@pytest.mark.parametrize("state", WebSubState)
def test_hub_may_deny_at_any_time_and_is_asked_again_after_a_day(state: WebSubState) -> None:
    actions = decide(subscription(state), Event.DENIED, NOON, reason="spam")

    update, resume = actions or ()
    assert isinstance(update, Update)
    assert (update.subscription.state, update.subscription.error) == (DENIED, "spam")
    assert update.subscription.next_try_at == NOON + MAX_RETRY_DELAY
    assert resume == ResumePolling(7)


def test_verification_begins_a_lease_that_is_renewed_before_its_end() -> None:
    actions = decide(subscription(ASKED, failures=3, error="late"), Event.SUBSCRIBE_VERIFIED, NOON, lease=10 * DAY)

    [update] = actions or ()
    assert isinstance(update, Update)
    live = update.subscription
    assert (live.state, live.expires_at, live.next_try_at) == (LIVE, NOON + 10 * DAY, NOON + 8 * DAY)
    assert (live.failures, live.error) == (0, "")


@pytest.mark.parametrize("state", [DENIED, LEAVING])
def test_subscription_that_was_not_asked_for_is_not_verified(state: WebSubState) -> None:
    assert decide(subscription(state), Event.SUBSCRIBE_VERIFIED, NOON, lease=DAY) is None


@pytest.mark.parametrize(
    ("before", "target", "is_public", "event"),
    [
        (subscription(ASKED), TARGET, True, Event.WANTED),
        (subscription(LIVE, expires_at=NOON + MINUTE), TARGET, True, Event.WANTED),
        (subscription(LIVE, expires_at=NOON), TARGET, True, Event.LEASE_EXPIRED),
        (subscription(DENIED, next_try_at=NOON + MINUTE), TARGET, True, Event.WANTED),
        (subscription(DENIED, next_try_at=NOON), TARGET, True, Event.RETRY_DUE),
        (subscription(LIVE), OTHER, True, Event.MOVED),
        (subscription(LIVE), OTHER, False, Event.MOVED),
        (subscription(LIVE), None, True, Event.UNWANTED),
        (subscription(LIVE), None, False, Event.UNREACHABLE),
        (subscription(LEAVING, failures=MAX_UNSUBSCRIBE_TRIES - 1), None, True, Event.UNWANTED),
        (subscription(LEAVING, failures=MAX_UNSUBSCRIBE_TRIES), None, True, Event.TRIES_EXHAUSTED),
        (subscription(LEAVING, failures=MAX_UNSUBSCRIBE_TRIES), TARGET, True, Event.WANTED),
    ],
)
def test_reconciliation_sees_exactly_one_event(
    before: WebSubSubscription, target: tuple[str, str] | None, is_public: bool, event: Event
) -> None:
    seen = observe(before, target, NOON, is_public=is_public)

    assert seen is event
    assert (before.state, seen) in TRANSITIONS


def test_feed_that_moves_gets_a_new_address_and_is_polled_meanwhile() -> None:
    live = subscription(LIVE, expires_at=NOON + DAY)

    actions = reconcile([live], {7: OTHER}, NOON, is_public=True)

    assert actions == (Delete(live), ResumePolling(7), Subscribe(7, OTHER))


def test_feed_that_leaves_is_unsubscribed_and_polled() -> None:
    live = subscription(LIVE, expires_at=NOON + DAY, failures=2)

    leaving, resume = reconcile([live], {}, NOON, is_public=True)

    assert leaving == Update(replace(live, state=LEAVING, expires_at=None, next_try_at=NOON, failures=0))
    assert resume == ResumePolling(7)


@given(
    state=st.sampled_from(list(WebSubState)),
    failures=st.integers(0, 5),
    next_try=st.integers(-5, 5),
    expiry=st.none() | st.integers(-5, 5),
    target=st.sampled_from([None, TARGET, OTHER]),
    is_public=st.booleans(),
)
def test_reconciling_again_changes_nothing_more(
    state: WebSubState,
    failures: int,
    next_try: int,
    expiry: int | None,
    target: tuple[str, str] | None,
    is_public: bool,
) -> None:
    before = subscription(
        state,
        failures=failures,
        next_try_at=NOON + next_try * MINUTE,
        expires_at=None if expiry is None else NOON + expiry * MINUTE,
    )
    targets = {} if target is None else {7: target}

    first = reconcile([before], targets, NOON, is_public=is_public)

    after = [before]
    for action in first:
        if isinstance(action, Update):
            after = [action.subscription]
        elif isinstance(action, Delete):
            after = []
        elif isinstance(action, Subscribe):
            after = [replace(subscription(ASKED, next_try_at=NOON), hub=action.target[0], topic=action.target[1])]
    # Without a public address nobody can be asked to send no more: what is LEAVING ends at once.
    assert reconcile(after, targets, NOON, is_public=is_public) == ()
    assert len(after) == 1 or target is None


def test_hub_that_does_not_call_back_is_asked_less_and_less_often() -> None:
    waits = [request_timeout(subscription(ASKED, failures=failures), NOON) for failures in range(12)]

    assert waits[:3] == [10 * MINUTE, 20 * MINUTE, 40 * MINUTE]
    assert waits[-1] == MAX_RETRY_DELAY


def test_short_lease_is_renewed_in_time() -> None:
    live = subscription(LIVE, expires_at=NOON + 9 * MINUTE)

    assert request_timeout(live, NOON) == 3 * MINUTE
