"""A mail as it leaves: headers that no name or subject breaks, parts that any reader reads."""

from __future__ import annotations

from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.moments import NOON
from watcher.channels.base import DigestBody, OutgoingMessage
from watcher.channels.email.mime import build_mail
from watcher.channels.email.options import EmailOptions
from watcher.channels.payload import dump_payload


def made(subject: str = "The day", html: str = "<p>x</p>", text: str = "x\n", to: str = "a@desk.example",
         unsubscribe: str | None = None, **options: Any) -> EmailMessage:  # fmt: skip
    given: dict[str, Any] = {"host": "h", "sender": "News watcher <w@desk.example>", "to": to} | options
    message = OutgoingMessage(
        recipient=to, created_at=NOON, body=DigestBody(html=html, text=text),
        payload=dump_payload(name="daily", subject=subject, thread="<t@desk.example>", unsubscribe=unsubscribe),
        message_id="<0123456789abcdef0123456789abcdef@desk.example>",
    )  # fmt: skip
    written = build_mail(message, EmailOptions(**given))
    assert all(len(line) <= 998 and b"\r" not in line and b"\n" not in line for line in written.split(b"\r\n"))
    read = message_from_bytes(written, policy=default)
    assert isinstance(read, EmailMessage)
    assert not read.defects
    return read


@settings(deadline=None)
@given(st.text(max_size=200))
def test_any_subject_is_one_header_and_adds_no_other(subject: str) -> None:
    plain = made()

    message = made(f"The day {subject}\r\nBcc: all@desk.example")

    assert message.keys() == plain.keys()
    assert message["Bcc"] is None
    assert len(str(message["Subject"]).splitlines()) == 1


@settings(deadline=None)
@given(st.text(max_size=400), st.text(st.sampled_from(" .=\tä私\n<>-_x"), max_size=400))
def test_text_and_html_arrive_as_they_were_written(text: str, html: str) -> None:
    wanted = [part_text.replace("\r\n", "\n").replace("\r", "\n") for part_text in (text, html)]

    message = made(text=text, html=html)

    parts = [part.get_content().replace("\r\n", "\n") for part in message.iter_parts()]
    clean = [part_text.encode(errors="replace").decode() for part_text in wanted]
    assert [part.rstrip("\n") for part in parts] == [part_text.rstrip("\n") for part_text in clean]
    assert message.get_content_type() == "multipart/alternative"


@pytest.mark.parametrize(
    ("sender", "shown"),
    [
        ("w@desk.example", "w@desk.example"),
        ("Wächter, Nachrichten <w@desk.example>", "Nachrichten"),
        ('"Desk: news" <w@desk.example>', "Desk: news"),
        ("Наблюдатель <w@desk.example>", "Наблюдатель"),
    ],
)
def test_a_senders_name_in_any_script_stays_a_name(sender: str, shown: str) -> None:
    message = made(sender=sender)

    assert message["From"].addresses[0].addr_spec == "w@desk.example"
    assert shown in str(message["From"])
    assert message["List-Id"] == "<daily.news-watcher.desk.example>"


def test_a_long_way_out_is_not_broken_by_folding() -> None:
    address = "https://watch.example/unsubscribe/" + "x" * 300

    message = made(unsubscribe=address)

    assert f"<{address}>" in str(message["List-Unsubscribe"])
    assert message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert address in message.get_body(("plain",)).get_content()  # type: ignore[union-attr]


def test_mails_of_one_digest_to_one_reader_hang_together() -> None:
    message = made(reply_to="desk@desk.example")

    assert message["References"] == message["In-Reply-To"] == "<t@desk.example>"
    assert message["Reply-To"] == "desk@desk.example"
    assert message["Message-ID"] == "<0123456789abcdef0123456789abcdef@desk.example>"
    assert message["Precedence"] == "bulk"
