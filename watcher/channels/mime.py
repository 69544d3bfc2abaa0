"""Writes a mail: text and HTML, with the headers that mailing lists carry, in ASCII or, with SMTPUTF8, in UTF-8."""

from __future__ import annotations

import re
from binascii import b2a_qp
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP, SMTPUTF8
from email.utils import format_datetime
from functools import lru_cache
from urllib.parse import quote

from watcher import __version__
from watcher.channels.payload import load_payload
from watcher.digest.unsubscribe_links import add_unsubscribe_to_html, add_unsubscribe_to_text
from watcher.model.digest import Channel, Delivery
from watcher.text.idn import encode_address, encode_domain
from watcher.text.lines import one_line


def compose_mail(delivery: Delivery, channel: Channel, *, utf8: bool = False) -> bytes:
    """Write the message: text and HTML, with the headers that lists carry (RFC 2369, 2919, 3834, 8058).

    With `utf8` addresses may hold letters beyond ASCII before their @ (RFC 6532); without it they raise ValueError.
    """
    said = load_payload(delivery.payload)
    options = channel.options
    sender = str(options["sender"])
    headers = {
        "Subject": one_line(said["subject"]),
        "From": sender,
        "To": encode_address(delivery.recipient),
        "Date": format_datetime(delivery.created_at),
        "Message-ID": delivery.message_id,
    }
    if options.get("reply_to"):
        headers["Reply-To"] = str(options["reply_to"])
    if said.get("thread"):
        headers |= {"References": one_line(said["thread"]), "In-Reply-To": one_line(said["thread"])}
    headers["X-Mailer"] = f"news-watcher/{__version__}"
    folded = b"".join(_header(name, value, utf8=utf8) for name, value in headers.items())
    leave = one_line(said.get("unsubscribe") or "")
    boundary = f"=_{delivery.message_id.strip('<>').partition('@')[0]}"
    parts = (
        ("plain", add_unsubscribe_to_text(delivery.text, leave)),
        ("html", add_unsubscribe_to_html(delivery.html, leave)),
    )
    body = b"".join(b"--" + boundary.encode() + b"\r\n" + _part(form, text) for form, text in parts)
    return (
        folded
        + _list_headers(_label(one_line(said.get("name", "digest"))), sender, options.get("reply_to"), leave)
        + f'MIME-Version: 1.0\r\nContent-Type: multipart/alternative; boundary="{boundary}"\r\n\r\n'.encode()
        + body
        + f"--{boundary}--\r\n".encode()
    )


def _header(name: str, value: str, *, utf8: bool) -> bytes:
    """Write a header; one that fits on a line of ASCII stands as it is."""
    if name == "To" and not value.isascii():
        if not utf8:
            raise ValueError(f"{value} needs a server with SMTPUTF8")
        return f"{name}: {value}\r\n".encode()
    if value.isascii() and value.isprintable() and len(name) + len(value) < 76 and name not in {"From", "Reply-To"}:
        return f"{name}: {value}\r\n".encode()
    return _folded(name, value, utf8)


@lru_cache(maxsize=256)
def _folded(name: str, value: str, utf8: bool) -> bytes:
    """Encode and fold a header; it takes longer than all the rest, and many messages share theirs."""
    policy = SMTPUTF8 if utf8 and name in {"From", "Reply-To"} else SMTP
    message = EmailMessage(policy=policy)
    message[name] = _address(value, utf8=utf8) if name in {"From", "Reply-To"} else value
    return b"".join(policy.fold_binary(key, said) for key, said in message.raw_items())


def _list_headers(name: str, sender: str, reply_to: object, leave: str) -> bytes:
    # Written here: the email package breaks an address that is longer than a line into encoded words.
    address = encode_address(parse_mailbox(str(reply_to or sender))[1])
    by_mail = f"<mailto:{quote(address, safe='@+-_.=~')}?subject=unsubscribe%20{name}>"
    lines = [
        f"List-Id: <{name}.news-watcher.{domain_of(sender)}>",
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


def parse_mailbox(said: str) -> tuple[str, str]:
    """Take `Name <address>` apart, as the configuration has it: a comma in the name needs no quotes."""
    found = re.fullmatch(r"\s*(.*?)\s*<([^<>]+)>\s*", said, re.DOTALL)
    if found is None:
        return "", said.strip()
    return re.sub(r"\\(.)", r"\1", found[1].removeprefix('"').removesuffix('"')), found[2].strip()


def _address(said: str, *, utf8: bool) -> Address | str:
    name, address = parse_mailbox(said)
    address = encode_address(address)
    if not address.isascii():
        if not utf8:
            raise ValueError(f"{address} needs a server with SMTPUTF8")
        local, _, domain = address.rpartition("@")
        return Address(display_name=one_line(name), username=local, domain=domain)
    return Address(display_name=one_line(name), addr_spec=address) if name else address


def domain_of(sender: str) -> str:
    """Return the domain of a sender's address in its ASCII form."""
    return encode_domain(parse_mailbox(sender)[1].rpartition("@")[2]) or "localhost"


def _label(name: str) -> str:
    return "".join(c if (c.isascii() and c.isalnum()) or c in "-_." else "-" for c in name) or "digest"
