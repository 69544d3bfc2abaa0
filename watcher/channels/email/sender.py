"""Sends mails over SMTP, each under the identity that was fixed when its digest was composed."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import aiosmtplib
import structlog
from aiosmtplib.errors import SMTPException, SMTPNotSupported, SMTPResponseException

from watcher.channels.email.mime import build_mail, extract_domain, parse_mailbox
from watcher.channels.email.options import EmailOptions
from watcher.channels.email.smtp_replies import Stage, judge_refusal
from watcher.channels.outcome import Blocked, Deferred, Refused, SendOutcome, Sent, Uncertain, format_answer
from watcher.channels.sending import OnStep, OutgoingMessage, Sender
from watcher.text.idn import encode_address, needs_smtputf8

log = structlog.get_logger()

DEFAULT_TIMEOUT = timedelta(seconds=30)
_QUIT_TIMEOUT = timedelta(seconds=2)
_SMTPUTF8 = ["SMTPUTF8"]


class EmailSender(Sender):
    """Sends through one SMTP server. A connection is kept for the next message, until `close_idle`."""

    def __init__(self, options: EmailOptions) -> None:
        self._options = options
        self._timeout = options.timeout or DEFAULT_TIMEOUT
        self._idle: aiosmtplib.SMTP | None = None

    async def send(self, message: OutgoingMessage, *, on_step: OnStep | None = None) -> SendOutcome:
        """Send one mail; `on_step` receives each command that succeeded and the server's reply."""
        try:
            transaction = _Transaction(message, self._options, self._timeout, on_step or (lambda _step, _answer: None))
        except (ValueError, LookupError, UnicodeError) as error:
            return Refused(reason=f"no mail can be made of it: {format_answer(error)}")
        kept, self._idle = self._idle, None
        if kept is not None:
            outcome = await self._run(transaction, kept)
            # Servers end a connection after some messages or some silence; before DATA that costs nothing.
            if not (isinstance(outcome, Deferred | Blocked) and not kept.is_connected):
                return outcome
        return await self._run(transaction, self._create_client())

    async def close_idle(self) -> None:
        """Quit and close the connection that was kept."""
        kept, self._idle = self._idle, None
        if kept is not None:
            await _quit(kept)

    def _create_client(self) -> aiosmtplib.SMTP:
        options = self._options
        return aiosmtplib.SMTP(
            hostname=options.host,
            port=options.port,
            timeout=self._timeout.total_seconds(),
            use_tls=options.security == "tls",
            start_tls=False,
            local_hostname=extract_domain(options.sender),
        )

    async def _run(self, transaction: _Transaction, client: aiosmtplib.SMTP) -> SendOutcome:
        """Run a mail transaction, and keep the connection where the next message can use it."""
        outcome, is_reusable = await transaction.run(client)
        if is_reusable:
            self._idle = client
        else:
            client.close()
        return outcome


class _Transaction:
    """One message's mail transaction (RFC 5321, 3.3), which knows at which stage it is."""

    def __init__(self, message: OutgoingMessage, options: EmailOptions, timeout: timedelta, on_step: OnStep) -> None:
        self._message_id = message.message_id
        self._options = options
        self._timeout = timeout
        self._on_step = on_step
        self._stage = Stage.CONNECT
        self._sender = encode_address(parse_mailbox(options.sender)[1])
        self._recipient = encode_address(message.recipient)
        self._utf8 = needs_smtputf8(self._sender) or needs_smtputf8(self._recipient)
        self._mail = build_mail(message, options, utf8=self._utf8)

    async def run(self, client: aiosmtplib.SMTP) -> tuple[SendOutcome, bool]:
        """Return what became of the message, and whether the connection can be used again.

        Doubt begins with DATA: whatever goes wrong before it, even by a fault of ours, the message was not handed over.
        """
        try:
            async with asyncio.timeout(2 * self._timeout.total_seconds()):
                return await self._send_commands(client)
        except SMTPResponseException as error:
            outcome = judge_refusal(self._stage, error.code, error.message)
            return outcome, error.code != 421 and await _reset(client, self._timeout)
        except (SMTPException, OSError, TimeoutError, asyncio.IncompleteReadError) as error:
            reason = format_answer(f"{self._stage}: {type(error).__name__}: {error}")
            return self._judge_interruption(reason), False
        except Exception as error:
            log.exception("mail failed", message_id=self._message_id, stage=self._stage.value)
            return self._judge_interruption(f"internal fault at {self._stage}: {type(error).__name__}"), False

    def _judge_interruption(self, reason: str) -> SendOutcome:
        return Uncertain(reason=reason) if self._stage is Stage.DATA else Deferred(reason=reason, down=True)

    async def _send_commands(self, client: aiosmtplib.SMTP) -> tuple[SendOutcome, bool]:
        if not client.is_connected:
            await self._connect(client)
        mail_options: list[str] | None = None
        if self._utf8:
            if not client.supports_extension("smtputf8"):
                return self._refuse_without_smtputf8(), True
            mail_options = _SMTPUTF8
        self._stage = Stage.MAIL
        self._report(await client.mail(self._sender, options=mail_options, encoding="utf-8"))
        self._stage = Stage.RCPT
        self._report(await client.rcpt(self._recipient, encoding="utf-8"))
        self._stage = Stage.DATA
        reply = await client.data(self._mail)
        self._report(reply)
        return Sent(ref=format_answer(reply.message)), True

    async def _connect(self, client: aiosmtplib.SMTP) -> None:
        """Connect, and send all that comes before the first message: EHLO, STARTTLS, login."""
        options = self._options
        self._stage = Stage.CONNECT
        self._report(await client.connect())
        self._stage = Stage.EHLO
        self._report(await client.ehlo())
        if options.security == "starttls":
            self._stage = Stage.STARTTLS
            self._report(await client.starttls())
        if options.username:
            self._stage = Stage.AUTH
            password = options.password.get_secret_value() if options.password is not None else ""
            try:
                reply = await client.login(options.username, password)
            except SMTPNotSupported as error:
                raise SMTPResponseException(504, str(error)) from error
            self._report(reply)

    def _report(self, reply: aiosmtplib.SMTPResponse) -> None:
        self._on_step(self._stage.value, f"{reply.code} {format_answer(reply.message)}")

    def _refuse_without_smtputf8(self) -> SendOutcome:
        reason = "has letters beyond ASCII before its @, which this server does not accept (no SMTPUTF8)"
        if needs_smtputf8(self._sender):
            return Blocked(reason=f"{self._sender} {reason}")
        return Refused(reason=f"{self._recipient} {reason}")


async def _reset(client: aiosmtplib.SMTP, timeout: timedelta) -> bool:
    """Return whether the connection can be used for another message, after a message was refused."""
    if not client.is_connected:
        return False
    try:
        async with asyncio.timeout(timeout.total_seconds()):
            await client.rset()
    except (SMTPException, OSError, TimeoutError, asyncio.IncompleteReadError):
        return False
    return client.is_connected


async def _quit(client: aiosmtplib.SMTP) -> None:
    try:
        if client.is_connected:
            async with asyncio.timeout(_QUIT_TIMEOUT.total_seconds()):
                await client.quit()
    except (SMTPException, OSError, TimeoutError, asyncio.IncompleteReadError):
        pass
    finally:
        client.close()
