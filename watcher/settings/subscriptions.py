"""Channels, and the digests that name them, from `watcher.yaml`."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from pathlib import Path

from watcher.digest.schedule_text import IMMEDIATE, convert_to_cron
from watcher.digest.slots import validate_schedule
from watcher.errors import Fault
from watcher.model.digest import Channel, ChannelKind, QuietHours, Subscription
from watcher.settings import secrets
from watcher.settings.channels import KINDS, bare, recipients
from watcher.settings.schema import NAME, WrittenDigest
from watcher.settings.validation import build_section
from watcher.settings.value_types import shorten
from watcher.settings.yaml_nodes import Listing, Node, Scalar, Table
from watcher.text.suggest import did_you_mean


def read_channels(
    node: Node | None, folder: Path, state: Path, faults: list[Fault]
) -> tuple[tuple[Channel, ...], frozenset[str]]:
    """Return the channels, and the names of all that the file has, faulty or not."""
    if node is None or (isinstance(node, Scalar) and node.value is None):
        return (), frozenset()
    if not isinstance(node, Table):
        faults.append(node.place.fault("`channels`: expected `name:` with its `kind:` below it"))
        return (), frozenset()
    channels = [_read_channel(name, value, node, folder, state, faults) for name, value in node.values.items()]
    sound = tuple(channel for channel in channels if channel is not None)
    former_names = [(channel.name, channel.formerly, node.values[channel.name]) for channel in sound]
    _check_formerly("channel", former_names, faults)
    return sound, frozenset(node.values)


def _read_channel(
    name: str, node: Node, table: Table, folder: Path, state: Path, faults: list[Fault]
) -> Channel | None:
    if not NAME.fullmatch(name):
        faults.append(table.key_at[name].fault(f"channel {shorten(name)!r}: letters, digits, `-`, `_` and `.` only"))
        return None
    if not isinstance(node, Table):
        faults.append(node.place.fault(f"channel `{name}`: expected `kind:` and what it needs"))
        return None
    kind = _read_kind(name, node, faults)
    if kind is None:
        return None
    model = KINDS[kind]
    body = Table(
        node.place,
        {key: value for key, value in node.values.items() if key != "kind"},
        {key: place for key, place in node.key_at.items() if key != "kind"},
    )
    secrets.read_files(body, model, folder, faults)
    if "urls" in body.values:
        # Apprise: a list, each with keys in it.
        secrets.hide_values(body.values["urls"])
    section = build_section(model, body, faults)
    if section is None:
        return None
    options = bare(section)
    if kind is ChannelKind.FILE:
        options["folder"] = state / Path(str(options["folder"])).expanduser()
    return Channel(name=name, kind=kind, recipients=recipients(section), formerly=section.formerly, options=options)


def _read_kind(name: str, node: Table, faults: list[Fault]) -> ChannelKind | None:
    written = node.values.get("kind")
    known = [kind.value for kind in KINDS]
    if not isinstance(written, Scalar):
        place = (written or node).place
        faults.append(place.fault(f"channel `{name}`: `kind` is missing: {', '.join(known)}"))
        return None
    if written.value not in known:
        value = str(written.value)
        message = f"{shorten(value)!r} is none of {', '.join(known)}{did_you_mean(value, known)}"
        faults.append(written.place.fault(f"channel `{name}`: {message}"))
        return None
    return ChannelKind(written.value)


def read_subscriptions(
    node: Node | None, channels: Collection[str], topics: Collection[str] | None, faults: list[Fault]
) -> tuple[Subscription, ...]:
    """Return the digests; `topics` is None where those could not be read, so that names of topics are not checked."""
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
        subscriptions[written.name] = _to_subscription(written)
        places.append((written.name, written.formerly, item))
    _check_formerly("digest", places, faults)
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
        quiet=QuietHours(start=written.quiet.start, end=written.quiet.end) if written.quiet else None,
        cooldown=written.cooldown,
        batch=written.batch,
        alarms=written.alarms,
        formerly=written.formerly,
    )


def _check_formerly(what: str, written: Sequence[tuple[str, tuple[str, ...], Node]], faults: list[Fault]) -> None:
    """Add a fault for each former name that is in use, or that two give as theirs: what was kept has one heir."""
    heirs = {name: name for name, _formerly, _node in written}
    for name, formerly, node in written:
        for former in formerly:
            heir = heirs.setdefault(former, name)
            if heir != name or former == name:
                place = node.values["formerly"].place if isinstance(node, Table) else node.place
                other = f"{what} `{heir}` has this name" if heir == former else f"{what} `{heir}` had this name, too"
                faults.append(place.fault(f"`formerly`: {shorten(former)}: {other}"))


def _check_names(what: str, node: Node, names: tuple[str, ...], known: Collection[str], faults: list[Fault]) -> None:
    for number, name in enumerate(names):
        if name not in known:
            place = node.items[number].place if isinstance(node, Listing) else node.place
            hint = did_you_mean(name, known) or f"; known: {', '.join(sorted(known)) or 'none'}"
            faults.append(place.fault(f"no {what} `{shorten(name)}`{hint}"))


def _check_schedule(node: Node, written: WrittenDigest, faults: list[Fault]) -> None:
    try:
        validate_schedule(written.schedule, written.timezone)
    except ValueError as error:
        faults.append(node.place.fault(f"`schedule`: {shorten(str(error), 200)}"))
        return
    if written.batch and convert_to_cron(written.schedule) != IMMEDIATE:
        faults.append(node.place.fault("`batch` holds alerts together: it needs `schedule: immediate`"))
