"""The section `digests` of `watcher.yaml`."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from watcher.channels import CHANNELS
from watcher.digest.schedule_text import IMMEDIATE, convert_to_cron
from watcher.digest.slots import validate_schedule
from watcher.errors import Fault
from watcher.model.subscription import ImportanceWeights, QuietHours, Subscription
from watcher.settings.former_names import check_former_names
from watcher.settings.schema import WrittenDigest
from watcher.settings.validation import build_section
from watcher.settings.yaml_nodes import Listing, Node, Scalar, Table
from watcher.text.suggest import did_you_mean
from watcher.text.written_values import shorten_text


def read_subscriptions(
    node: Node | None, channels: Mapping[str, str | None], topics: Collection[str] | None, faults: list[Fault]
) -> tuple[Subscription, ...]:
    """Return the digests; `channels` are kinds by name, None where a channel is faulty.

    `topics` is None where those could not be read, so that names of topics are not checked.
    """
    if node is None or (isinstance(node, Scalar) and node.value is None):
        return ()
    if not isinstance(node, Listing):
        faults.append(node.place.fault("`digests`: expected a list here, each item beginning with `- name: `"))
        return ()
    subscriptions: dict[str, Subscription] = {}
    places: list[tuple[str, tuple[str, ...], Node]] = []
    for item in node.items:
        written = build_section(WrittenDigest, item, faults)
        if written is None or not isinstance(item, Table):
            continue
        if written.name in subscriptions:
            faults.append(item.values["name"].place.fault(f"digest `{written.name}` appears twice"))
            continue
        # What it names is checked here: the schema knows one section at a time.
        _check_names("channel", item.values["channels"], written.channels, channels, faults)
        if topics is not None and "topics" in item.values:
            _check_names("topic", item.values["topics"], written.topics, topics, faults)
        _check_schedule(item.values["schedule"], written, faults)
        if written.to:
            _check_addressed(item.values["to"], [channels.get(name) for name in written.channels], faults)
        subscriptions[written.name] = _to_subscription(written)
        places.append((written.name, written.formerly, item))
    check_former_names("digest", places, faults)
    return tuple(subscriptions.values())


def _to_subscription(written: WrittenDigest) -> Subscription:
    return Subscription(
        name=written.name,
        schedule=" ".join(written.schedule.lower().split()),
        channels=tuple(dict.fromkeys(written.channels)),
        topics=tuple(dict.fromkeys(written.topics)),
        title=written.title,
        timezone=written.timezone,
        empty=written.empty,
        max_stories=written.max_stories,
        max_age=written.max_age,
        min_score=written.min_score,
        include_baseline=written.include_baseline,
        include_backfill=written.include_backfill,
        paused=written.paused,
        quiet=QuietHours(start=written.quiet.start, end=written.quiet.end) if written.quiet else None,
        cooldown=written.cooldown,
        batch=written.batch,
        alarms=written.alarms,
        formerly=written.formerly,
        language=written.language,
        importance=ImportanceWeights(
            outlets=written.importance.outlets,
            novelty=written.importance.novelty,
            match=written.importance.match,
            freshness=written.importance.freshness,
        ),
        owner=written.owner,
        to=written.to,
    )


def _check_names(what: str, node: Node, names: tuple[str, ...], known: Collection[str], faults: list[Fault]) -> None:
    for number, name in enumerate(names):
        if name not in known:
            place = node.items[number].place if isinstance(node, Listing) else node.place
            hint = did_you_mean(name, known) or f"; known: {', '.join(sorted(known)) or 'none'}"
            faults.append(place.fault(f"no {what} `{shorten_text(name)}`{hint}"))


def _check_addressed(node: Node, kinds: Sequence[str | None], faults: list[Fault]) -> None:
    """Note where a digest names recipients and no channel of it takes addresses."""
    if not any(kind is None or CHANNELS[kind].takes_addresses for kind in kinds):
        faults.append(node.place.fault("`to` holds mail addresses: it needs an e-mail channel in `channels`"))


def _check_schedule(node: Node, written: WrittenDigest, faults: list[Fault]) -> None:
    try:
        validate_schedule(written.schedule, written.timezone)
    except ValueError as error:
        faults.append(node.place.fault(f"`schedule`: {shorten_text(str(error), 200)}"))
        return
    if written.batch and convert_to_cron(written.schedule) != IMMEDIATE:
        faults.append(node.place.fault("`batch` holds alerts together: it needs `schedule: immediate`"))
