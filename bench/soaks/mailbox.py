"""A mail server that takes messages and misbehaves as the plan says."""

from __future__ import annotations

import asyncio
import re
from collections import Counter
from contextlib import suppress

from bench.soaks.clock import SharedClock
from bench.soaks.plan import MAIL, Event, Incident, Plan

_MESSAGE_ID = re.compile(rb"^message-id:\s*(<[^>]+>)", re.IGNORECASE | re.MULTILINE)


class Mailbox:
    """Keeps when which message to whom was taken.

    While it stalls or drops, only the first try of each message fails: what is in doubt three times is, rightly, not
    sent again.
    """

    def __init__(self, plan: Plan, clock: SharedClock) -> None:
        self.taken: list[tuple[float, str, str]] = []
        self.faults: Counter[Event] = Counter()
        self._plan = plan
        self._clock = clock
        self._tried: set[tuple[str, str]] = set()

    async def converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Hold one SMTP conversation."""
        with suppress(OSError, asyncio.IncompleteReadError):
            await self._converse(reader, writer)
        writer.close()

    async def _converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self._plan.incident(self._clock.read(), {Incident.NETWORK}):
            return
        if self._fails(Incident.MAIL_GREETING):
            writer.write(b"554 5.3.2 no service here today\r\n")
            await writer.drain()
            return
        writer.write(b"220 post.example ready\r\n")
        recipient = ""
        while line := await reader.readline():
            verb = line[:4].upper()
            if verb == b"QUIT":
                writer.write(b"221 2.0.0 bye\r\n")
                return
            if verb == b"DATA":
                writer.write(b"354 go on\r\n")
                if not await self._take(reader, writer, recipient):
                    return
                continue
            if verb == b"RCPT":
                recipient = line.decode().partition("<")[2].partition(">")[0]
            writer.write(self._answer(verb))

    def _answer(self, verb: bytes) -> bytes:
        match verb:
            case b"EHLO":
                return b"250-post.example\r\n250-8BITMIME\r\n250 AUTH PLAIN\r\n"
            case b"AUTH" if self._fails(Incident.MAIL_LOGIN):
                return b"535 5.7.8 wrong password\r\n"
            case b"AUTH":
                return b"235 2.7.0 fine\r\n"
            case b"MAIL" | b"RCPT" | b"RSET" | b"NOOP":
                return b"250 2.0.0 fine\r\n"
            case _:
                return b"500 5.5.1 what?\r\n"

    async def _take(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, recipient: str) -> bool:
        """Read a message and answer; returns whether the conversation goes on."""
        lines = []
        while (line := await reader.readline()) not in {b".\r\n", b""}:
            lines.append(line)
        message_id_line = _MESSAGE_ID.search(b"".join(lines))
        message_id = message_id_line[1].decode() if message_id_line else ""
        first = (message_id, recipient) not in self._tried
        self._tried.add((message_id, recipient))
        if first and ((stalls := self._fails(Incident.MAIL_STALL)) or self._fails(Incident.MAIL_DROP)):
            # Every second message was taken all the same.
            if len(self._tried) % 2:
                self.taken.append((self._clock.read(), message_id, recipient))
            if stalls:
                await reader.read()  # until the client has had enough
            return False
        self.taken.append((self._clock.read(), message_id, recipient))
        writer.write(b"250 2.0.0 taken\r\n")
        return True

    def _fails(self, incident: Incident) -> bool:
        """Return whether the server fails in a way now, and count it."""
        event = self._plan.event(self._clock.read(), MAIL)
        if event is None or event.incident is not incident:
            return False
        self.faults[event] += 1
        return True
