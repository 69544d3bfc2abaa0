"""Builds a mail: text and HTML, with the headers of mailing lists, in ASCII or, with SMTPUTF8, in UTF-8."""

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
from watcher.channels.email.options import EmailOptions
from watcher.channels.payload import load_payload
from watcher.channels.sending import OutgoingMessage
from watcher.digest.unsubscribe_links import add_unsubscribe_to_html, add_unsubscribe_to_text
from watcher.text.idn import encode_address, encode_domain
from watcher.text.lines import one_line


def build_mail(message: OutgoingMessage, options: EmailOptions, *, utf8: bool = False) -> bytes:
    """Return a mail: text and HTML, with the headers of mailing lists (RFC 2369, 2919, 3834, 8058).

    With `utf8` addresses may hold letters beyond ASCII before their @ (RFC 6532); without it they raise ValueError.
    """
    body = message.body
    assert body is not None, "a mail is sent with the digest's body"
    parts = load_payload(message.payload)
    headers = {
        "Subject": one_line(parts["subject"]),
        "From": options.sender,
        "To": encode_address(message.recipient),
        "Date": format_datetime(message.created_at),
        "Message-ID": message.message_id,
    }
    if options.reply_to:
        headers["Reply-To"] = options.reply_to
    if parts.get("thread"):
        headers |= {"References": one_line(parts["thread"]), "In-Reply-To": one_line(parts["thread"])}
    headers["X-Mailer"] = f"news-watcher/{__version__}"
    folded = b"".join(_format_header(name, value, utf8=utf8) for name, value in headers.items())
    unsubscribe_url = one_line(parts.get("unsubscribe") or "")
    list_name = _format_list_name(one_line(parts.get("name", "digest")))
    boundary = f"=_{message.message_id.strip('<>').partition('@')[0]}"
    plain = _encode_part("plain", add_unsubscribe_to_text(body.text, unsubscribe_url))
    html = _encode_part("html", add_unsubscribe_to_html(body.html, unsubscribe_url))
    delimiter = b"--" + boundary.encode()
    return (
        folded
        + _format_list_headers(list_name, options, unsubscribe_url)
        + f'MIME-Version: 1.0\r\nContent-Type: multipart/alternative; boundary="{boundary}"\r\n\r\n'.encode()
        + b"".join(delimiter + b"\r\n" + part for part in (plain, html))
        + delimiter
        + b"--\r\n"
    )


def _format_header(name: str, value: str, *, utf8: bool) -> bytes:
    """Return a header field; one that fits on a line of ASCII is not encoded."""
    if name == "To" and not value.isascii():
        if not utf8:
            raise ValueError(f"{value} needs a server with SMTPUTF8")
        return f"{name}: {value}\r\n".encode()
    if value.isascii() and value.isprintable() and len(name) + len(value) < 76 and name not in {"From", "Reply-To"}:
        return f"{name}: {value}\r\n".encode()
    return _fold_header(name, value, utf8)


@lru_cache(maxsize=256)
def _fold_header(name: str, value: str, utf8: bool) -> bytes:
    """Encode and fold a header field. Cached: it takes longer than all the rest, and many messages share theirs."""
    policy = SMTPUTF8 if utf8 and name in {"From", "Reply-To"} else SMTP
    message = EmailMessage(policy=policy)
    message[name] = _parse_address(value, utf8=utf8) if name in {"From", "Reply-To"} else value
    return b"".join(policy.fold_binary(field, raw) for field, raw in message.raw_items())


def _format_list_headers(list_name: str, options: EmailOptions, unsubscribe_url: str) -> bytes:
    # Written here: the email package breaks an address that is longer than a line into encoded words.
    address = encode_address(parse_mailbox(options.reply_to or options.sender)[1])
    by_mail = f"<mailto:{quote(address, safe='@+-_.=~')}?subject=unsubscribe%20{list_name}>"
    by_link = f"<{unsubscribe_url}>,\r\n " if unsubscribe_url else ""
    lines = [
        f"List-Id: <{list_name}.news-watcher.{extract_domain(options.sender)}>",
        f"List-Unsubscribe: {by_link}{by_mail}",
        # RFC 8058 knows one click over HTTPS alone.
        *(["List-Unsubscribe-Post: List-Unsubscribe=One-Click"] if unsubscribe_url.startswith("https://") else []),
        "Auto-Submitted: auto-generated",
        "Precedence: bulk",
    ]
    return "".join(f"{line}\r\n" for line in lines).encode()


def _encode_part(subtype: str, text: str) -> bytes:
    """Return a part as quoted-printable, by the C function: the email package's own takes longer than all the rest."""
    head = f'Content-Type: text/{subtype}; charset="utf-8"\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n'
    lines = text.replace("\r\n", "\n").replace("\r", "\n").encode(errors="replace")
    return head.encode() + b2a_qp(lines, istext=True).replace(b"\n", b"\r\n") + b"\r\n"


def parse_mailbox(text: str) -> tuple[str, str]:
    """Return name and address of `Name <address>`, as the configuration has it: a comma in the name needs no quotes."""
    match = re.fullmatch(r"\s*(.*?)\s*<([^<>]+)>\s*", text, re.DOTALL)
    if match is None:
        return "", text.strip()
    return re.sub(r"\\(.)", r"\1", match[1].removeprefix('"').removesuffix('"')), match[2].strip()


def _parse_address(text: str, *, utf8: bool) -> Address | str:
    name, address = parse_mailbox(text)
    address = encode_address(address)
    if not address.isascii():
        if not utf8:
            raise ValueError(f"{address} needs a server with SMTPUTF8")
        local, _, domain = address.rpartition("@")
        return Address(display_name=one_line(name), username=local, domain=domain)
    return Address(display_name=one_line(name), addr_spec=address) if name else address


def extract_domain(mailbox: str) -> str:
    """Return the domain of a mailbox in its ASCII form."""
    return encode_domain(parse_mailbox(mailbox)[1].rpartition("@")[2]) or "localhost"


def _format_list_name(name: str) -> str:
    return "".join(c if (c.isascii() and c.isalnum()) or c in "-_." else "-" for c in name) or "digest"
