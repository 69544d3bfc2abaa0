"""E-mail over SMTP: one message for each recipient, its identity fixed when it was composed."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Callable
from datetime import timedelta

import aiosmtplib
import structlog
from aiosmtplib.errors import SMTPException, SMTPNotSupported, SMTPResponseException

from watcher.channels.mime import compose_mail, domain_of, parse_mailbox
from watcher.channels.outcome import Blocked, Deferred, Outcome, Refused, Sent, Uncertain, brief
from watcher.channels.smtp_answers import Stage, judge_refusal
from watcher.model.digest import Channel, Delivery
from watcher.text.idn import encode_address, needs_smtputf8

__all__ = ["EmailSender", "compose_mail"]

log = structlog.get_logger()

PATIENCE = timedelta(seconds=30)
_SMTPUTF8 = ["SMTPUTF8"]

OnStep = Callable[[str, str], None]
"""Called with each step of a conversation that succeeded and what the server said."""


class EmailSender:
    """Sends by the SMTP server of the channel (`host`, `port`, `security`, `username`, `password`, `sender`).

    A connection is kept for the next message of the same channel, until `rest`.
    """

    def __init__(self, context: ssl.SSLContext | None = None) -> None:
        self._context = context
        self._open: dict[str, aiosmtplib.SMTP] = {}

    async def send(
        self, delivery: Delivery, channel: Channel, *, thread: str | None = None, on_step: OnStep | None = None
    ) -> Outcome:
        patience = channel.options.get("timeout") or PATIENCE
        assert isinstance(patience, timedelta)
        try:
            conversation = _Conversation(delivery, channel, patience, on_step or (lambda _step, _answer: None))
        except (ValueError, LookupError, UnicodeError) as error:
            return Refused(reason=f"no mail can be made of it: {brief(error)}")
        kept = self._open.pop(channel.name, None)
        if kept is not None:
            outcome = await self._hold(conversation, kept)
            # Servers end a connection after some messages or some silence; before DATA that costs nothing.
            if not (isinstance(outcome, Deferred | Blocked) and not kept.is_connected):
                return outcome
        return await self._hold(conversation, self._client(channel, patience))

    async def rest(self) -> None:
        """Take leave of every server."""
        while self._open:
            await _leave(self._open.popitem()[1])

    def _client(self, channel: Channel, patience: timedelta) -> aiosmtplib.SMTP:
        options = channel.options
        return aiosmtplib.SMTP(
            hostname=str(options["host"]),
            port=int(str(options.get("port", 587))),
            timeout=patience.total_seconds(),
            use_tls=options.get("security", "starttls") == "tls",
            start_tls=False,
            tls_context=self._context,
            local_hostname=domain_of(str(options["sender"])),
        )

    async def _hold(self, conversation: _Conversation, client: aiosmtplib.SMTP) -> Outcome:
        """Hold a conversation, and keep the connection where the next message can use it."""
        outcome, reusable = await conversation.hold(client)
        if reusable:
            self._open[conversation.channel.name] = client
        else:
            client.close()
        return outcome


class _Conversation:
    """One message's way through an SMTP conversation, which knows at which stage it stands."""

    def __init__(self, delivery: Delivery, channel: Channel, patience: timedelta, on_step: OnStep) -> None:
        self.channel = channel
        self._delivery = delivery
        self._patience = patience
        self._on_step = on_step
        self._stage = Stage.CONNECT
        self._sender = encode_address(parse_mailbox(str(channel.options["sender"]))[1])
        self._recipient = encode_address(delivery.recipient)
        self._utf8 = needs_smtputf8(self._sender) or needs_smtputf8(self._recipient)
        self._message = compose_mail(delivery, channel, utf8=self._utf8)

    async def hold(self, client: aiosmtplib.SMTP) -> tuple[Outcome, bool]:
        """Return what became of the message, and whether the connection can be used again.

        Doubt begins with DATA: whatever goes wrong before it, even by a fault of ours, the message was not handed over.
        """
        try:
            async with asyncio.timeout(2 * self._patience.total_seconds()):
                return await self._converse(client)
        except SMTPResponseException as error:
            outcome = judge_refusal(self._stage, error.code, error.message)
            return outcome, error.code != 421 and await _reset(client, self._patience)
        except (SMTPException, OSError, TimeoutError, asyncio.IncompleteReadError) as error:
            reason = brief(f"{self._stage}: {type(error).__name__}: {error}")
            return self._interrupted(reason), False
        except Exception as error:
            log.exception("mail failed", delivery=self._delivery.id, stage=self._stage.value)
            return self._interrupted(f"internal fault at {self._stage}: {type(error).__name__}"), False

    def _interrupted(self, reason: str) -> Outcome:
        return Uncertain(reason=reason) if self._stage is Stage.DATA else Deferred(reason=reason, down=True)

    async def _converse(self, client: aiosmtplib.SMTP) -> tuple[Outcome, bool]:
        if not client.is_connected:
            await self._greet(client)
        mail_options: list[str] | None = None
        if self._utf8:
            if not client.supports_extension("smtputf8"):
                return self._refuse_without_smtputf8(), True
            mail_options = _SMTPUTF8
        self._stage = Stage.MAIL
        answer = await client.mail(self._sender, options=mail_options, encoding="utf-8")
        self._on_step(Stage.MAIL, f"{answer.code} {brief(answer.message)}")
        self._stage = Stage.RCPT
        answer = await client.rcpt(self._recipient, encoding="utf-8")
        self._on_step(Stage.RCPT, f"{answer.code} {brief(answer.message)}")
        self._stage = Stage.DATA
        answer = await client.data(self._message)
        self._on_step(Stage.DATA, f"{answer.code} {brief(answer.message)}")
        return Sent(ref=brief(answer.message)), True

    async def _greet(self, client: aiosmtplib.SMTP) -> None:
        """Connect, and say all that comes before the first message: EHLO, STARTTLS, login."""
        options = self.channel.options
        answer = await client.connect()
        self._on_step(Stage.CONNECT, f"{answer.code} {brief(answer.message)}")
        self._stage = Stage.EHLO
        answer = await client.ehlo()
        self._on_step(Stage.EHLO, f"{answer.code} {brief(answer.message)}")
        if options.get("security", "starttls") == "starttls":
            self._stage = Stage.STARTTLS
            answer = await client.starttls()
            self._on_step(Stage.STARTTLS, f"{answer.code} {brief(answer.message)}")
        if options.get("username"):
            self._stage = Stage.AUTH
            try:
                answer = await client.login(str(options["username"]), str(options.get("password", "")))
            except SMTPNotSupported as error:
                raise SMTPResponseException(504, str(error)) from error
            self._on_step(Stage.AUTH, f"{answer.code} {brief(answer.message)}")

    def _refuse_without_smtputf8(self) -> Outcome:
        said = "has letters beyond ASCII before its @, which this server does not take (no SMTPUTF8)"
        if needs_smtputf8(self._sender):
            return Blocked(reason=f"{self._sender} {said}")
        return Refused(reason=f"{self._recipient} {said}")


async def _reset(client: aiosmtplib.SMTP, patience: timedelta) -> bool:
    """Return whether the connection can be used for another message, after a message was refused."""
    if not client.is_connected:
        return False
    try:
        async with asyncio.timeout(patience.total_seconds()):
            await client.rset()
    except (SMTPException, OSError, TimeoutError, asyncio.IncompleteReadError):
        return False
    return client.is_connected


async def _leave(client: aiosmtplib.SMTP) -> None:
    try:
        if client.is_connected:
            async with asyncio.timeout(2):
                await client.quit()
    except (SMTPException, OSError, TimeoutError, asyncio.IncompleteReadError):
        pass
    finally:
        client.close()
