"""The guided set-up at a real terminal: its questions, wrong answers, what fails, and a daemon that runs meanwhile."""

from __future__ import annotations

import fcntl
import os
import re
import select
import subprocess
import termios
import time
from pathlib import Path
from types import TracebackType
from typing import Self

import pytest
import yaml

from tests.e2e.machine import COMMAND, PATIENCE, Desk, wait_for
from tests.e2e.test_setup import serve_news
from tests.servers import MailServer
from tests.web_server import Server

CODES = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|\r")


class Conversation:
    """`watcher setup` at a pseudo-terminal of 80 columns: what it shows, and what is typed."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self.shown = ""

    def __enter__(self) -> Self:
        self._terminal, theirs = os.openpty()
        environ = {**self._desk.env, "COLUMNS": "80", "TERM": "xterm"}
        self.process = subprocess.Popen(
            [COMMAND, "setup"], env=environ, cwd=self._desk.folder, stdin=theirs, stdout=theirs, stderr=theirs,
            start_new_session=True, preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),
        )  # fmt: skip
        os.close(theirs)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        os.close(self._terminal)

    def answer(self, question: str, text: str) -> None:
        """Wait for a question, and type an answer to it."""
        self._read_until(question)
        os.write(self._terminal, f"{text}\n".encode())

    def expect(self, text: str) -> None:
        """Wait until something is shown after what was answered last."""
        self._read_until(text)

    def end(self) -> int:
        """Read on until the program ends; return its exit code."""
        self._read_until(None)
        return self.process.wait(PATIENCE)

    def _read_until(self, text: str | None) -> None:
        """Read what is shown, and drop what was waited for: the same question may be asked again."""
        deadline = time.monotonic() + PATIENCE
        while text is None or text not in self.shown[self._seen :]:
            assert time.monotonic() < deadline, f"{text!r} never came: {self.shown}"
            ready, _write, _error = select.select([self._terminal], [], [], 0.2)
            try:
                read = os.read(self._terminal, 65536) if ready else b""
            except OSError:
                read = b""  # Linux: the other side has closed
                assert text is None, f"{text!r} never came: {self.shown}"
                break
            self.shown += CODES.sub("", read.decode("utf-8", "replace"))
        if text is not None:
            self._seen = self.shown.index(text, self._seen) + len(text)

    _seen = 0


@pytest.fixture
def fresh(desk: Desk) -> Desk:
    """A folder without a configuration, where the machine's own addresses may be fetched."""
    desk.folder.mkdir(exist_ok=True)
    desk.environ |= {"WATCHER_FETCH__ALLOW": "127.0.0.0/8", "WATCHER_WEB__PORT": str(desk.port), "TZ": "Europe/London"}
    return desk


def answer_mail(setup: Conversation, mail: MailServer, port: int | None = None) -> None:
    """Answer the questions about a mailbox."""
    setup.answer("Send to", "ann@desk.example")
    setup.answer("Mail server", "127.0.0.1")
    setup.answer("Port", str(port or mail.port))
    setup.answer("Encryption", "none")
    setup.answer("User name", "")
    setup.answer("From", "Watcher <watcher@desk.example>")


def test_the_questions_lead_to_a_first_digest_and_the_running_daemon_uses_it(fresh: Desk, press: Server) -> None:
    site = serve_news(press)

    with MailServer() as mail, fresh.daemon() as daemon, Conversation(fresh) as setup:
        setup.answer("Language of the digest", "")
        setup.answer("Time zone [Europe/London]", "")
        setup.answer("Packs, by number", "99")
        setup.expect("Write numbers from 1 to")
        setup.answer("Packs, by number", "")
        setup.answer("What to watch", "A ferry is late, cancelled or delayed.")
        setup.answer("Words of which one must occur", "ferry~")
        setup.answer("Addresses of sites or feeds", site)
        setup.answer("Send by [email]", "pigeon")
        setup.expect("Write one of email, slack, webhook, file")
        setup.answer("Send by [email]", "")
        answer_mail(setup, mail, port=1)
        setup.answer("Use it all the same?", "n")
        setup.answer("Send by [email]", "email")
        answer_mail(setup, mail)
        setup.expect("ann@desk.example: the test message was accepted")
        setup.answer("Send by", "")
        setup.answer("When", "now and then")
        setup.answer("When", "weekdays at 7:00")
        setup.expect("Next: ")
        setup.answer("First digest now", "")
        code = setup.end()
        shown = daemon.text("/api/v1/topics")
        wait_for(lambda: "ferry" in daemon.text("/api/v1/topics"), "the topic in the running daemon")

    assert code == 0, setup.shown
    assert "First digest: 2 stories, sent." in setup.shown
    assert "The running daemon uses the new configuration." in setup.shown
    assert "Traceback" not in setup.shown + shown
    assert [str(message["Subject"]).strip()[:12] for message in mail.messages] == ["Test message", "Morning brie"]
    written = yaml.safe_load((Path(fresh.folder) / "watcher.yaml").read_text("utf-8"))
    assert written["digests"][0]["timezone"] == "Europe/London"


def test_a_first_digest_that_was_not_delivered_ends_with_1_and_says_why(fresh: Desk, press: Server) -> None:
    site = serve_news(press)

    with MailServer() as mail, Conversation(fresh) as setup:
        for question in ("Language of the digest", "Time zone", "Packs, by number"):
            setup.answer(question, "")
        setup.answer("What to watch", "A ferry is late, cancelled or delayed.")
        setup.answer("Words of which one must occur", "")
        setup.answer("Addresses of sites or feeds", site)
        setup.answer("Send by [email]", "")
        answer_mail(setup, mail)
        setup.expect("the test message was accepted")
        mail.faults["ann@desk.example"] = ["busy"] * 9
        for question in ("Send by", "When", "First digest now"):
            setup.answer(question, "")
        code = setup.end()

    assert code == 1, setup.shown
    assert "not delivered to ann@desk.example by email" in " ".join(setup.shown.split())
    assert "The daemon tries again" in setup.shown
    assert fresh.json("status")["outbox"] == {"retrying": 1}


def test_an_interrupted_set_up_writes_nothing_and_shows_no_traceback(fresh: Desk) -> None:
    with Conversation(fresh) as setup:
        setup.answer("Language of the digest", "en")
        setup.answer("Time zone", "\x03")
        code = setup.end()

    assert code == 130, setup.shown
    assert "Traceback" not in setup.shown
    assert "topics: []" in (Path(fresh.folder) / "topics.yaml").read_text("utf-8")
