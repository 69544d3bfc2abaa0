"""The subscriber's side of WebSub as a table of transitions. Pure: it knows neither database, hub nor clock.

Theory
------
WebSub (W3C Recommendation, 23 January 2018) lets a publisher's hub push a feed's news to us, so that polling is only
the safety net. A subscription is made in two steps, and each step is a request of one side that the other side confirms
by a request of its own:

1. We ask the hub (5.1, "Subscriber Sends Subscription Request"). Its 202 promises nothing.
2. The hub calls the callback address back with a challenge (5.3, "Hub Verifies Intent of the Subscriber"). Only our
   answer makes the subscription active, for the lease that the hub names there. It is renewed by asking again (5.1.2)
   before the lease ends; while that is under way the hub keeps pushing.

A hub may deny a subscription at any time (5.2, "Subscription Validation"). Unsubscribing is verified as subscribing is
(5.3), so a subscription that ends first passes through LEAVING.

Two kinds of events drive a subscription:

* Reconciliation, once a minute: what the feed's document names now (hub and topic) against what was subscribed.
  `observe` turns it into exactly one event.
* Requests of the hub: a verification, or a denial.

`TRANSITIONS` is the whole state machine. A pair that is missing from it is a request that we never asked for: the hub
is answered 404 (5.3), and nothing changes. State None means that there is no subscription. What has to be stored and
done because of a transition, `decide` returns as actions; the service executes them and decides nothing.

Polling and pushing meet in one place: from the moment a subscription is active no longer, whether the lease ran out,
the hub denied it or the feed left, its feed is polled at its own interval again (`ResumePolling`). News between two
pushes is never lost.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import Enum, auto
from types import MappingProxyType
from typing import TypeAlias

from watcher.model.websub import WebSubState, WebSubSubscription

VERIFICATION_TIMEOUT = timedelta(minutes=10)
"""How long a hub may take to call back before it is asked again; doubled each time."""
MAX_RETRY_DELAY = timedelta(days=1)
MIN_RENEWAL_DELAY = timedelta(minutes=1)
RENEW_AFTER_SHARE = 0.8
"""The share of a lease after which the subscription is renewed."""
MAX_UNSUBSCRIBE_TRIES = 3
"""How often a hub is asked to send no more; then its calls go to an address that is unknown anyway."""

State: TypeAlias = WebSubState | None
"""A subscription's state; None where there is no subscription."""
Target: TypeAlias = tuple[str, str]
"""Hub and topic, as a feed's document names them."""


class Event(Enum):
    """What happens to a subscription. The first seven come from reconciliation, the last three from the hub."""

    WANTED = auto()
    """Its feed names its hub and topic."""
    LEASE_EXPIRED = auto()
    """As WANTED, and the hub's lease has run out without a renewal."""
    RETRY_DUE = auto()
    """As WANTED, and the wait after a denial is over."""
    MOVED = auto()
    """Its feed names another hub or topic."""
    UNWANTED = auto()
    """Its feed names none any more, is not polled, or pushes are switched off."""
    UNREACHABLE = auto()
    """As UNWANTED, and no hub can call us: there is no public address."""
    TRIES_EXHAUSTED = auto()
    """As UNWANTED, and the hub was asked often enough to send no more."""
    SUBSCRIBE_VERIFIED = auto()
    UNSUBSCRIBE_VERIFIED = auto()
    DENIED = auto()


_S, _E = WebSubState, Event

TRANSITIONS: Mapping[tuple[State, Event], State] = MappingProxyType(
    {
        (None, _E.WANTED): _S.ASKED,
        # Asked for, and not verified yet. A hub that does not verify is asked again after `request_timeout`.
        (_S.ASKED, _E.WANTED): _S.ASKED,
        (_S.ASKED, _E.MOVED): None,
        (_S.ASKED, _E.UNWANTED): None,
        (_S.ASKED, _E.UNREACHABLE): None,
        (_S.ASKED, _E.SUBSCRIBE_VERIFIED): _S.LIVE,
        (_S.ASKED, _E.DENIED): _S.DENIED,
        # Verified: the hub pushes. A second verification renews the lease.
        (_S.LIVE, _E.WANTED): _S.LIVE,
        (_S.LIVE, _E.LEASE_EXPIRED): _S.ASKED,
        (_S.LIVE, _E.MOVED): None,
        (_S.LIVE, _E.UNWANTED): _S.LEAVING,
        (_S.LIVE, _E.UNREACHABLE): None,
        (_S.LIVE, _E.SUBSCRIBE_VERIFIED): _S.LIVE,
        (_S.LIVE, _E.DENIED): _S.DENIED,
        # Denied: asked again after a day, for hubs deny by mistake and topics come back.
        (_S.DENIED, _E.WANTED): _S.DENIED,
        (_S.DENIED, _E.RETRY_DUE): _S.ASKED,
        (_S.DENIED, _E.MOVED): None,
        (_S.DENIED, _E.UNWANTED): None,
        (_S.DENIED, _E.UNREACHABLE): None,
        (_S.DENIED, _E.DENIED): _S.DENIED,
        # On its way out: the hub is to verify that it sends no more. A feed that comes back meanwhile subscribes anew.
        (_S.LEAVING, _E.WANTED): _S.ASKED,
        (_S.LEAVING, _E.MOVED): None,
        (_S.LEAVING, _E.UNWANTED): _S.LEAVING,
        (_S.LEAVING, _E.UNREACHABLE): None,
        (_S.LEAVING, _E.TRIES_EXHAUSTED): None,
        (_S.LEAVING, _E.UNSUBSCRIBE_VERIFIED): None,
        (_S.LEAVING, _E.DENIED): _S.DENIED,
    }
)


@dataclass(frozen=True, slots=True)
class Subscribe:
    """Store a new subscription, under an address and a secret that nobody can guess."""

    feed_id: int
    target: Target


@dataclass(frozen=True, slots=True)
class Update:
    """Store a subscription as it is now."""

    subscription: WebSubSubscription


@dataclass(frozen=True, slots=True)
class Delete:
    """Delete a subscription; what its hub still sends is answered 410."""

    subscription: WebSubSubscription


@dataclass(frozen=True, slots=True)
class ResumePolling:
    """Poll a feed at its own interval again."""

    feed_id: int


Action: TypeAlias = Subscribe | Update | Delete | ResumePolling


def observe(subscription: WebSubSubscription, target: Target | None, now: datetime, *, is_public: bool) -> Event:
    """Return the event of a reconciliation.

    `target` is what the subscription's feed names now, None where it wants no pushes. `is_public` says whether hubs can
    call us.
    """
    if target is not None and target != (subscription.hub, subscription.topic):
        return Event.MOVED
    if target is not None:
        return _observe_wanted(subscription, now)
    if not is_public:
        return Event.UNREACHABLE
    is_leaving = subscription.state is WebSubState.LEAVING
    return Event.TRIES_EXHAUSTED if is_leaving and subscription.failures >= MAX_UNSUBSCRIBE_TRIES else Event.UNWANTED


def decide(
    subscription: WebSubSubscription, event: Event, now: datetime, *, lease: timedelta = timedelta(), reason: str = ""
) -> tuple[Action, ...] | None:
    """Return what an event changes; None where the table has no such transition.

    `lease` belongs to SUBSCRIBE_VERIFIED, `reason` to DENIED.
    """
    if (subscription.state, event) not in TRANSITIONS:
        return None
    state = TRANSITIONS[subscription.state, event]
    resume = ResumePolling(subscription.feed_id)
    if event is Event.SUBSCRIBE_VERIFIED:
        return (Update(_renew(subscription, now, lease)),)
    if event is Event.UNSUBSCRIBE_VERIFIED:
        return (Delete(subscription),)  # its feed has been polled at its own interval since it is LEAVING
    if state is None:
        return Delete(subscription), resume
    if event is Event.DENIED:
        return Update(_reset(subscription, state, now + MAX_RETRY_DELAY, reason)), resume
    if state is subscription.state:
        return ()
    return Update(_reset(subscription, state, now)), resume


def reconcile(
    subscriptions: Iterable[WebSubSubscription], targets: Mapping[int, Target], now: datetime, *, is_public: bool
) -> tuple[Action, ...]:
    """Return the actions after which the subscriptions are those that the feeds want; `targets` is by feed id.

    A feed whose subscription moves gets a new one, at another address, so that the old hub can push nothing there.
    """
    actions: list[Action] = []
    unserved = dict(targets)
    for subscription in subscriptions:
        event = observe(subscription, targets.get(subscription.feed_id), now, is_public=is_public)
        if event in {Event.WANTED, Event.LEASE_EXPIRED, Event.RETRY_DUE}:
            unserved.pop(subscription.feed_id, None)
        actions += decide(subscription, event, now) or ()
    actions += [Subscribe(feed_id, target) for feed_id, target in unserved.items()]
    return tuple(actions)


def request_timeout(subscription: WebSubSubscription, now: datetime) -> timedelta:
    """Return how long to wait for a hub to call back before it is asked again; a short lease leaves less time."""
    delay = min(VERIFICATION_TIMEOUT * (1 << min(subscription.failures, 10)), MAX_RETRY_DELAY)
    if subscription.state is WebSubState.LIVE and subscription.expires_at is not None:
        return max(min(delay, (subscription.expires_at - now) / 3), MIN_RENEWAL_DELAY)
    return delay


def _observe_wanted(subscription: WebSubSubscription, now: datetime) -> Event:
    expires_at = subscription.expires_at
    if subscription.state is WebSubState.LIVE and expires_at is not None and expires_at <= now:
        return Event.LEASE_EXPIRED
    if subscription.state is WebSubState.DENIED and subscription.next_try_at <= now:
        return Event.RETRY_DUE
    return Event.WANTED


def _renew(subscription: WebSubSubscription, now: datetime, lease: timedelta) -> WebSubSubscription:
    return replace(
        subscription,
        state=WebSubState.LIVE,
        expires_at=now + lease,
        next_try_at=now + lease * RENEW_AFTER_SHARE,
        failures=0,
        error="",
    )


def _reset(
    subscription: WebSubSubscription, state: WebSubState, next_try_at: datetime, error: str = ""
) -> WebSubSubscription:
    return replace(subscription, state=state, next_try_at=next_try_at, failures=0, error=error, expires_at=None)
