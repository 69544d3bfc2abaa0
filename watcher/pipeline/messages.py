"""Freezes a digest into messages: what each recipient of each channel is sent, and under which identity."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Iterator, Sequence
from datetime import datetime
from pathlib import Path

from watcher.channels.apprise_limits import find_limits, pick_address
from watcher.channels.payload import dump_payload
from watcher.digest.data import as_data
from watcher.digest.format_helpers import Links, format_subject
from watcher.digest.html import render_html
from watcher.digest.message_parts import cut_text, split_markdown
from watcher.digest.plain import render_markdown, render_text
from watcher.digest.slack import render_slack
from watcher.model.digest import Channel, ChannelKind, Digest, Leaving
from watcher.store.outbox.queries import DeliveryDraft
from watcher.text.idn import encode_domain
from watcher.text.timestamps import format_rfc3339


def build_messages(
    digest: Digest,
    channels: Sequence[Channel],
    links: Links,
    templates: Path | None,
    *,
    installation: str,
    not_before: datetime,
    left: Collection[tuple[str, str]] = (),
    html: str = "",
    text: str = "",
) -> list[DeliveryDraft]:
    """Write a digest's messages: one for each recipient, several where a channel needs parts.

    `left` are the (channel, recipient) pairs that unsubscribed; `html` and `text` are the digest's, where written.
    """
    pages = _Pages(digest, links, templates, {form: said for form, said in (("html", html), ("text", text)) if said})
    return [
        DeliveryDraft(
            channel=channel.name,
            kind=channel.kind,
            recipient=recipient,
            part=part,
            payload=payload,
            message_id=build_message_id(digest, channel, recipient, part, installation),
            not_before=not_before,
        )
        for channel in channels
        for recipient in channel.recipients or (channel.name,)
        if (channel.name, recipient) not in left
        for part, payload in enumerate(pages.payloads(channel, recipient, installation))
    ]


def build_message_id(digest: Digest, channel: Channel, recipient: str, part: int, installation: str) -> str:
    """Derive a message's identity from what it is, so that a repeat is the same message and no other's is."""
    domain = encode_domain(str(channel.options.get("sender", "")).rpartition("@")[2].strip("> "))
    domain = domain or "news-watcher.invalid"
    said = (installation, digest.name, digest.slot_at.isoformat(), channel.name, recipient, str(part))
    return f"<{_name_of(*said)}@{domain}>"


def _name_of(*said: str) -> str:
    return hashlib.blake2b("\x1f".join(said).encode(), digest_size=16).hexdigest()


class _Pages:
    """A digest in the forms that were asked for, each written once."""

    def __init__(self, digest: Digest, links: Links, templates: Path | None, written: dict[str, str]) -> None:
        self._digest, self._links, self._templates = digest, links, templates
        self._written = written

    def payloads(self, channel: Channel, recipient: str, installation: str) -> Iterator[str]:
        name, subject = self._digest.name, format_subject(self._digest)
        slot = format_rfc3339(self._digest.slot_at)
        match channel.kind:
            case ChannelKind.EMAIL:
                thread = f"<{_name_of(installation, name, recipient)}.thread@news-watcher.invalid>"
                leave = self._links.leave(Leaving(subscription=name, channel=channel.name, recipient=recipient))
                # What all recipients share is frozen once, with the digest.
                yield dump_payload(name=name, subject=subject, thread=thread, unsubscribe=leave)
            case ChannelKind.SLACK:
                for message in render_slack(self._digest, self._links):
                    yield dump_payload(name=name, message=message)
            case ChannelKind.FILE:
                wanted = channel.options.get("formats", ("html", "text"))
                assert isinstance(wanted, list | tuple)
                yield dump_payload(name=name, slot=slot, subject=subject, **{form: self[form] for form in wanted})
            case ChannelKind.WEBHOOK:
                yield dump_payload(**as_data(self._digest), subject=subject, text=self["text"])
            case ChannelKind.APPRISE:
                yield from self._apprise_parts(channel, recipient, subject)

    def _apprise_parts(self, channel: Channel, recipient: str, subject: str) -> Iterator[str]:
        address = pick_address(channel.options.get("urls"), recipient)
        limits = find_limits(address) if address is not None else None
        if limits is None:
            yield dump_payload(name=self._digest.name, subject=subject, markdown=self["markdown"])
            return
        parts = split_markdown(self["markdown"], limits.body, self._links.digests())
        for number, part in enumerate(parts, 1):
            count = f" ({number}/{len(parts)})" if len(parts) > 1 else ""
            title = cut_text(subject, limits.title - len(count)) + count
            yield dump_payload(name=self._digest.name, subject=title, markdown=part)

    def __getitem__(self, form: str) -> str:
        if form not in self._written:
            self._written[form] = self._write(form)
        return self._written[form]

    def _write(self, form: str) -> str:
        match form:
            case "html":
                return render_html(self._digest, self._links, self._templates)
            case "markdown":
                return render_markdown(self._digest, self._links, self._templates)
            case "json":
                return json.dumps(as_data(self._digest), ensure_ascii=False, indent=1) + "\n"
            case _:
                return render_text(self._digest, self._links, self._templates)
