"""E-mail over SMTP: one message for each recipient, its identity fixed when it was composed."""

from __future__ import annotations

import asyncio
import re
import ssl
from binascii import b2a_qp
from datetime import timedelta
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from functools import lru_cache

import aiosmtplib
from aiosmtplib.errors import SMTPAuthenticationError, SMTPException, SMTPResponseException

from watcher import __version__
from watcher.deliver.outcome import Deferred, Outcome, Refused, Sent, Uncertain, brief
from watcher.deliver.payload import thaw
from watcher.digest import with_leave_in_html, with_leave_in_text
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
                await client.mail(_parsed(str(options["sender"]))[1])
                await client.rcpt(delivery.recipient)
                handed_over = True
                _code, said = await client.data(message)
        except SMTPAuthenticationError as error:
            outcome: Outcome = Deferred(reason=f"login refused: {error.code}", down=True)
        except SMTPResponseException as error:
            outcome = _answered(error.code, error.message)
            if error.code != 421 and await _reset(client, patience):
                self._open[channel.name] = client
                return outcome
        except (SMTPException, OSError, TimeoutError, asyncio.IncompleteReadError) as error:
            reason = brief(f"{type(error).__name__}: {error}")
            outcome = Uncertain(reason=reason) if handed_over else Deferred(reason=reason, down=True)
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
    sender = str(options["sender"])
    headers = {
        "Subject": _one_line(said["subject"]),
        "From": sender,
        "To": delivery.recipient,
        "Date": format_datetime(delivery.created_at),
        "Message-ID": delivery.message_id,
    }
    if options.get("reply_to"):
        headers["Reply-To"] = str(options["reply_to"])
    if said.get("thread"):
        headers |= {"References": _one_line(said["thread"]), "In-Reply-To": _one_line(said["thread"])}
    headers["X-Mailer"] = f"news-watcher/{__version__}"
    folded = b"".join(_header(name, value) for name, value in headers.items())
    leave = _one_line(said.get("unsubscribe") or "")
    boundary = f"=_{delivery.message_id.strip('<>').partition('@')[0]}"
    parts = (("plain", with_leave_in_text(delivery.text, leave)), ("html", with_leave_in_html(delivery.html, leave)))
    body = b"".join(b"--" + boundary.encode() + b"\r\n" + _part(form, text) for form, text in parts)
    return (
        folded
        + _list_headers(_label(_one_line(said.get("name", "digest"))), sender, options.get("reply_to"), leave)
        + f'MIME-Version: 1.0\r\nContent-Type: multipart/alternative; boundary="{boundary}"\r\n\r\n'.encode()
        + body
        + f"--{boundary}--\r\n".encode()
    )


def _header(name: str, value: str) -> bytes:
    """Write a header; one that fits on a line of ASCII stands as it is."""
    if value.isascii() and value.isprintable() and len(name) + len(value) < 76 and name not in {"From", "Reply-To"}:
        return f"{name}: {value}\r\n".encode()
    return _folded(name, value)


@lru_cache(maxsize=256)
def _folded(name: str, value: str) -> bytes:
    """Encode and fold a header; it takes longer than all the rest, and many messages share theirs."""
    message = EmailMessage(policy=SMTP)
    message[name] = _address(value) if name in {"From", "Reply-To"} else value
    return b"".join(SMTP.fold_binary(key, said) for key, said in message.raw_items())


def _list_headers(name: str, sender: str, reply_to: object, leave: str) -> bytes:
    # Written here: the email package breaks an address that is longer than a line into encoded words.
    by_mail = f"<mailto:{_parsed(str(reply_to or sender))[1]}?subject=unsubscribe%20{name}>"
    lines = [
        f"List-Id: <{name}.news-watcher.{_domain(sender)}>",
        f"List-Unsubscribe: <{leave}>,\r\n {by_mail}" if leave else f"List-Unsubscribe: {by_mail}",
        # RFC 8058 knows one click over HTTPS alone.
        *(["List-Unsubscribe-Post: List-Unsubscribe=One-Click"] if leave.startswith("https://") else []),
        "Auto-Submitted: auto-generated",
        "Precedence: bulk",
    ]
    return "".join(f"{line}\r\n" for line in lines).encode()


def _part(form: str, said: str) -> bytes:
    """Write a part as quoted-printable, by the C function: the email package's own takes longer than all the rest."""
    head = f'Content-Type: text/{form}; charset="utf-8"\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n'
    plain = said.replace("\r\n", "\n").replace("\r", "\n").encode(errors="replace")
    return head.encode() + b2a_qp(plain, istext=True).replace(b"\n", b"\r\n") + b"\r\n"


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


def _parsed(said: str) -> tuple[str, str]:
    """Take `Name <address>` apart, as the configuration has it: a comma in the name needs no quotes."""
    found = re.fullmatch(r"\s*(.*?)\s*<([^<>]+)>\s*", said, re.DOTALL)
    if found is None:
        return "", said.strip()
    return re.sub(r"\\(.)", r"\1", found[1].removeprefix('"').removesuffix('"')), found[2].strip()


def _address(said: str) -> Address | str:
    name, address = _parsed(said)
    return Address(display_name=_one_line(name), addr_spec=address) if name and address.isascii() else address


def _domain(sender: str) -> str:
    return _parsed(sender)[1].rpartition("@")[2] or "localhost"


def _label(name: str) -> str:
    return "".join(c if (c.isascii() and c.isalnum()) or c in "-_." else "-" for c in name) or "digest"


def _one_line(said: str) -> str:
    return " ".join("".join(c if c.isprintable() else " " for c in said).split())
