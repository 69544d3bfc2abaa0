"""E-mail over SMTP: one message for each recipient, its identity fixed when it was composed."""

from __future__ import annotations

import asyncio
import ssl
from datetime import timedelta
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, parseaddr

import aiosmtplib
from aiosmtplib.errors import SMTPAuthenticationError, SMTPException, SMTPResponseException

from watcher import __version__
from watcher.deliver.outcome import Deferred, Outcome, Refused, Sent, Uncertain, brief
from watcher.deliver.payload import thaw
from watcher.model.digest import Channel, Delivery

PATIENCE = timedelta(seconds=30)


class EmailSender:
    """Sends by the SMTP server of the channel (`host`, `port`, `security`, `username`, `password`, `sender`).

    A connection is kept for the next message of the same channel, until `rest`.
    """

    def __init__(self, context: ssl.SSLContext | None = None) -> None:
        self._context = context
        self._open: dict[str, aiosmtplib.SMTP] = {}

    async def send(self, delivery: Delivery, channel: Channel, *, thread: str | None = None) -> Outcome:
        patience = channel.options.get("timeout") or PATIENCE
        assert isinstance(patience, timedelta)
        try:
            message = compose_mail(delivery, channel)
        except (ValueError, LookupError, UnicodeError) as error:
            return Refused(reason=f"no mail can be made of it: {brief(error)}")
        kept = self._open.pop(channel.name, None)
        if kept is not None:
            outcome = await self._try(kept, delivery, channel, message, patience)
            # Servers end a connection after some messages or some silence; before DATA that costs nothing.
            if not (isinstance(outcome, Deferred) and not kept.is_connected):
                return outcome
        return await self._try(self._client(channel, patience), delivery, channel, message, patience)

    async def rest(self) -> None:
        """Take leave of every server."""
        while self._open:
            await _leave(self._open.popitem()[1])

    def _client(self, channel: Channel, patience: timedelta) -> aiosmtplib.SMTP:
        options = channel.options
        security = options.get("security", "starttls")
        return aiosmtplib.SMTP(
            hostname=str(options["host"]),
            port=int(str(options.get("port", 587))),
            timeout=patience.total_seconds(),
            use_tls=security == "tls",
            start_tls=security == "starttls",
            tls_context=self._context,
            local_hostname=_domain(str(options["sender"])),
        )

    async def _try(
        self, client: aiosmtplib.SMTP, delivery: Delivery, channel: Channel, message: bytes, patience: timedelta
    ) -> Outcome:
        options = channel.options
        handed_over = False
        try:
            async with asyncio.timeout(2 * patience.total_seconds()):
                if not client.is_connected:
                    await client.connect()
                    if options.get("username"):
                        await client.login(str(options["username"]), str(options.get("password", "")))
                await client.mail(parseaddr(str(options["sender"]))[1])
                await client.rcpt(delivery.recipient)
                handed_over = True
                _code, said = await client.data(message)
        except SMTPAuthenticationError as error:
            outcome: Outcome = Deferred(reason=f"login refused: {error.code}")
        except SMTPResponseException as error:
            outcome = _answered(error.code, error.message)
            if error.code != 421 and await _reset(client, patience):
                self._open[channel.name] = client
                return outcome
        except (SMTPException, OSError, TimeoutError, asyncio.IncompleteReadError) as error:
            reason = brief(f"{type(error).__name__}: {error}")
            outcome = Uncertain(reason=reason) if handed_over else Deferred(reason=reason)
        else:
            self._open[channel.name] = client
            return Sent(ref=brief(said))
        client.close()
        return outcome


async def _reset(client: aiosmtplib.SMTP, patience: timedelta) -> bool:
    try:
        async with asyncio.timeout(patience.total_seconds()):
            await client.rset()
    except (SMTPException, OSError, TimeoutError, asyncio.IncompleteReadError):
        return False
    return client.is_connected


def compose_mail(delivery: Delivery, channel: Channel) -> bytes:
    """Write the message: text and HTML, with the headers that lists carry (RFC 2369, 2919, 3834, 8058)."""
    said = thaw(delivery.payload)
    options = channel.options
    message = EmailMessage(policy=SMTP)
    message["Subject"] = _one_line(said["subject"])
    message["From"] = _address(str(options["sender"]))
    message["To"] = delivery.recipient
    if options.get("reply_to"):
        message["Reply-To"] = _address(str(options["reply_to"]))
    message["Date"] = format_datetime(delivery.created_at)
    message["Message-ID"] = delivery.message_id
    if said.get("thread"):
        message["References"] = _one_line(said["thread"])
        message["In-Reply-To"] = _one_line(said["thread"])
    domain = _domain(str(options["sender"]))
    name = _one_line(said.get("name", "digest"))
    message["List-Id"] = f"<{_label(name)}.news-watcher.{domain}>"
    if said.get("unsubscribe"):
        message["List-Unsubscribe"] = f"<{_one_line(said['unsubscribe'])}>"
        message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    else:
        sender = parseaddr(str(options.get("reply_to") or options["sender"]))[1]
        message["List-Unsubscribe"] = f"<mailto:{sender}?subject=unsubscribe%20{_label(name)}>"
    message["Auto-Submitted"] = "auto-generated"
    message["Precedence"] = "bulk"
    message["X-Mailer"] = f"news-watcher/{__version__}"
    message.set_content(said["text"], cte="quoted-printable" if not said["text"].isascii() else "7bit")
    message.add_alternative(said["html"], subtype="html", cte="quoted-printable")
    return bytes(message)


def _answered(code: int, message: str) -> Outcome:
    said = f"{code} {brief(message)}"
    return Refused(reason=said) if 500 <= code < 600 else Deferred(reason=said)


async def _leave(client: aiosmtplib.SMTP) -> None:
    try:
        if client.is_connected:
            async with asyncio.timeout(2):
                await client.quit()
    except (SMTPException, OSError, TimeoutError, asyncio.IncompleteReadError):
        pass
    finally:
        client.close()


def _address(said: str) -> Address | str:
    name, address = parseaddr(said)
    return Address(display_name=_one_line(name), addr_spec=address) if name and address.isascii() else address


def _domain(sender: str) -> str:
    return parseaddr(sender)[1].rpartition("@")[2] or "localhost"


def _label(name: str) -> str:
    return "".join(c if (c.isascii() and c.isalnum()) or c in "-_." else "-" for c in name) or "digest"


def _one_line(said: str) -> str:
    return " ".join("".join(c if c.isprintable() else " " for c in said).split())
