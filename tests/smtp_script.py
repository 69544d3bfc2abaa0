"""An SMTP server that says what a test wrote for each command, on a real socket."""

from __future__ import annotations

import contextlib
import socket
import socketserver
import threading
from collections.abc import Mapping
from typing import Self

USUAL = {
    "GREETING": "220 post.example ready",
    "EHLO": "250-post.example\r\n250 8BITMIME",
    "AUTH": "235 2.7.0 fine",
    "MAIL": "250 2.1.0 fine",
    "RCPT": "250 2.1.5 fine",
    "DATA": "354 go on",
    "BODY": "250 2.0.0 taken",
    "RSET": "250 2.0.0 fine",
    "QUIT": "221 2.0.0 bye",
}


class ScriptedMailServer:
    """Answers each command as `answers` has it, `USUAL` otherwise; keeps the lines and the messages that came."""

    def __init__(self, answers: Mapping[str, str] | None = None) -> None:
        self.answers = {**USUAL, **(answers or {})}
        self.lines: list[str] = []
        self.messages: list[bytes] = []
        self.connections = 0
        self._server = _Server(("127.0.0.1", 0), _Handler)
        self._server.script = self
        self.port = int(self._server.server_address[1])

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        return self

    def __exit__(self, *_error: object) -> None:
        self._server.shutdown()
        self._server.server_close()


class _Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True
    script: ScriptedMailServer


class _Handler(socketserver.StreamRequestHandler):
    server: _Server

    def handle(self) -> None:
        script = self.server.script
        script.connections += 1
        with contextlib.suppress(OSError):
            self._say(script.answers["GREETING"])
            while line := self.rfile.readline():
                text = line.decode("utf-8", "replace").strip()
                script.lines.append(text)
                verb = text.split(" ", 1)[0].upper()
                self._say(script.answers.get(verb, "500 5.5.1 what?"))
                if verb == "QUIT":
                    return
                if verb == "DATA" and script.answers["DATA"].startswith("354"):
                    self._take_body()

    def _take_body(self) -> None:
        body = b""
        while (line := self.rfile.readline()) not in {b".\r\n", b""}:
            body += line
        self.server.script.messages.append(body)
        self._say(self.server.script.answers["BODY"])

    def _say(self, answer: str) -> None:
        self.wfile.write(answer.encode() + b"\r\n")
        if answer.startswith(("421", "554 5.3.2")):
            self.connection.shutdown(socket.SHUT_RDWR)
