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
from aiosmtplib.errors import SMTPAuthenticationError, SMTPException, SMTPRecipientsRefused, SMTPResponseException

from watcher import __version__
from watcher.deliver.outcome import Deferred, Outcome, Refused, Sent, Uncertain, brief
from watcher.deliver.payload import thaw
from watcher.model.digest import Channel, Delivery

PATIENCE = timedelta(seconds=30)


class EmailSender:
    """Sends by the SMTP server of the channel (`host`, `port`, `security`, `username`, `password`, `sender`)."""

    def __init__(self, context: ssl.SSLContext | None = None) -> None:
        self._context = context

    async def send(self, delivery: Delivery, channel: Channel, *, thread: str | None = None) -> Outcome:
        options = channel.options
        message = compose_mail(delivery, channel)
        patience = options.get("timeout") or PATIENCE
        assert isinstance(patience, timedelta)
        security = options.get("security", "starttls")
        client = aiosmtplib.SMTP(
            hostname=str(options["host"]),
            port=int(str(options.get("port", 587))),
            timeout=patience.total_seconds(),
            use_tls=security == "tls",
            start_tls=security == "starttls",
            tls_context=self._context,
            local_hostname=_domain(str(options["sender"])),
        )
        handed_over = False
        try:
            async with asyncio.timeout(2 * patience.total_seconds()):
                await client.connect()
                if options.get("username"):
                    await client.login(str(options["username"]), str(options.get("password", "")))
                sender = parseaddr(str(options["sender"]))[1]
                await client.mail(sender)
                await client.rcpt(delivery.recipient)
                handed_over = True
                _code, said = await client.data(message)
            return Sent(ref=brief(said))
        except SMTPAuthenticationError as error:
            return Deferred(reason=f"login refused: {error.code}")
        except SMTPRecipientsRefused as error:
            worst = error.recipients[0] if error.recipients else None
            return _answered(worst.code if worst else 550, worst.message if worst else "recipient refused")
        except SMTPResponseException as error:
            return _answered(error.code, error.message)
        except (SMTPException, OSError, TimeoutError, asyncio.IncompleteReadError) as error:
            said = brief(f"{type(error).__name__}: {error}")
            return Uncertain(reason=said) if handed_over else Deferred(reason=said)
        finally:
            await _leave(client)


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
