"""Where messages go in tests, on real sockets: a mail server, a Slack with its limits, a webhook that checks."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import json
import re
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self
from urllib.parse import parse_qs

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from tests.ports import find_free_port


class MailServer:
    """Keeps what it is sent. `faults` names what it does to a recipient's message, once for each time it is listed.

    `refuse` 550 at RCPT, `busy` 451 at RCPT, `full` 452 after the body, `stall` and `drop` after the body: taken, and
    never said so; `hang-up` before DATA.
    """

    def __init__(self, *, login: tuple[str, str] | None = None, tls: Any = None, port: int = 0) -> None:
        self.messages: list[EmailMessage] = []
        self.recipients: list[str] = []
        self.connections = 0
        self.faults: dict[str, list[str]] = {}
        self._login = login
        how: dict[str, Any] = {"tls_context": tls, "require_starttls": True} if tls else {}
        if login:
            how |= {"authenticator": self._judge, "auth_required": True, "auth_require_tls": bool(tls)}
        self._controller = _Controller(self, hostname="127.0.0.1", port=port or find_free_port(), **how)
        self.port = self._controller.port

    def __enter__(self) -> Self:
        self._controller.start()
        self.connections = 0  # it knocks at its own door once
        return self

    def __exit__(self, *_error: object) -> None:
        self._controller.stop()

    def _judge(self, _server: SMTP, _session: Session, _envelope: Envelope, _how: str, data: object) -> AuthResult:
        assert isinstance(data, LoginPassword)
        login = data.login.decode(), data.password.decode()
        return AuthResult(success=login == self._login, handled=True)

    def _fault(self, address: str, *kinds: str) -> str | None:
        waiting = self.faults.get(address, [])
        return waiting.pop(0) if waiting and waiting[0] in kinds else None

    async def handle_RCPT(  # noqa: N802
        self, server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        match self._fault(address, "refuse", "busy", "hang-up"):
            case "refuse":
                return "550 5.1.1 nobody of that name here"
            case "busy":
                return "451 4.3.2 come back later"
            case "hang-up":
                assert server.transport is not None
                server.transport.abort()
                return "421 bye"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802
        address = envelope.rcpt_tos[0]
        fault = self._fault(address, "stall", "drop", "full")
        if fault == "full":
            return "452 4.2.2 mailbox full"
        assert isinstance(envelope.content, bytes)
        message = message_from_bytes(envelope.content, policy=default)
        assert isinstance(message, EmailMessage)
        self.messages.append(message)
        self.recipients.append(address)
        if fault == "stall":
            await asyncio.sleep(30)
        if fault == "drop":
            assert server.transport is not None
            server.transport.abort()
        return "250 taken"


class _Controller(Controller):
    def factory(self) -> SMTP:
        self.handler.connections += 1
        return super().factory()


@dataclass
class Answer:
    """What an HTTP endpoint says: `drop` closes the connection after the request was read, `stall` says nothing."""

    status: int = 200
    body: str = "ok"
    headers: dict[str, str] = field(default_factory=dict)
    drop: bool = False
    stall: float = 0


@dataclass
class Asked:
    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


class _Quiet(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def handle_error(self, *_args: object) -> None:
        return


class HttpServer:
    """An HTTP endpoint on a loopback port; `next_answers` are given before what `answer` makes of a request."""

    def __init__(self) -> None:
        self.asked: list[Asked] = []
        self.next_answers: list[Answer] = []
        self._server = _Quiet(("127.0.0.1", 0), self._handler())
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        self.port = self._server.server_port
        self.url = f"http://127.0.0.1:{self.port}"

    def answer(self, asked: Asked) -> Answer:
        return Answer()

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        take: Callable[[Asked], Answer] = self._take

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                given = take(Asked(self.path, {k.lower(): v for k, v in self.headers.items()}, body))
                time.sleep(given.stall)
                if given.drop or given.stall:
                    self.connection.close()
                    return
                self.send_response(given.status)
                for name, value in given.headers.items():
                    self.send_header(name, value)
                data = given.body.encode()
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            def log_message(self, *_what: object) -> None:
                pass

        return Handler

    def _take(self, asked: Asked) -> Answer:
        self.asked.append(asked)
        given = self.answer(asked)
        return self.next_answers.pop(0) if self.next_answers else given


class SlackServer(HttpServer):
    """Slack as far as a digest needs it: an incoming webhook, and a bot's chat.postMessage with history and threads.

    A message beyond the published limits is refused as Slack refuses it. What is taken is taken, whatever
    `next_answers` then say about it.
    """

    TOKEN = "xoxb-loopback"

    def __init__(self) -> None:
        super().__init__()
        self.messages: list[dict[str, Any]] = []
        self.webhook = f"{self.url}/services/T000/B000/secret"
        self.api = f"{self.url}/api"

    def answer(self, asked: Asked) -> Answer:
        if asked.path.startswith("/services/"):
            if fault := slack_fault(asked.json):
                return Answer(status=400, body=fault)
            self._keep(asked.json)
            return Answer()
        if asked.headers.get("authorization") != f"Bearer {self.TOKEN}":
            return _said(ok=False, error="invalid_auth")
        if asked.path == "/api/chat.postMessage":
            if fault := slack_fault(asked.json):
                return _said(ok=False, error=fault)
            return _said(ok=True, ts=self._keep(asked.json))
        form = {key: values[0] for key, values in parse_qs(asked.body.decode()).items()}
        if asked.path in {"/api/conversations.history", "/api/conversations.replies"}:
            thread = form.get("ts") if asked.path.endswith("replies") else None
            messages = [message for message in self.messages if message.get("thread_ts") == thread]
            if form.get("include_all_metadata") != "true":
                messages = [{key: value for key, value in message.items() if key != "metadata"} for message in messages]
            return _said(ok=True, messages=messages)
        return _said(ok=False, error="unknown_method")

    def _keep(self, message: dict[str, Any]) -> str:
        stamp = f"1770000000.{len(self.messages):06}"
        self.messages.append(message | {"ts": stamp})
        return stamp


def _said(**what: Any) -> Answer:
    return Answer(body=json.dumps(what), headers={"Content-Type": "application/json"})


def slack_fault(message: dict[str, Any]) -> str | None:
    """Find what Slack would refuse (docs.slack.dev/reference/block-kit/blocks); None for a message that it takes."""
    blocks = message.get("blocks", [])
    if not message.get("text") or len(message["text"]) > 40_000 or "\n" in message["text"]:
        return "no_text"
    if len(blocks) > 50:
        return "invalid_blocks: more than 50"
    total = 0
    for block in blocks:
        texts = [block["text"]] if "text" in block else list(block.get("elements", []))
        texts += [element["text"] for element in block.get("elements", []) if element.get("type") == "button"]
        match block["type"]:
            case "header":
                fine = 1 <= len(block["text"]["text"]) <= 150 and block["text"]["type"] == "plain_text"
            case "section":
                fine = 1 <= len(block["text"]["text"]) <= 3000
            case "context":
                fine = 1 <= len(block["elements"]) <= 10 and all(1 <= len(e["text"]) <= 3000 for e in block["elements"])
            case "actions":
                fine = 1 <= len(block["elements"]) <= 25 and all(len(e["url"]) <= 3000 for e in block["elements"])
                texts = [element["text"] for element in block["elements"]]
            case "divider":
                fine = True
            case _:
                fine = False
        if not fine:
            return f"invalid_blocks: {block['type']}"
        for text in texts:
            total += len(text["text"])
            if text["type"] == "mrkdwn" and (fault := mrkdwn_fault(text["text"])):
                return f"invalid_blocks: {fault}"
    return "msg_blocks_too_long" if total > 13_200 else None


_MARKUP = re.compile(r"<https?://[^\s<>|]+(\|[^<>|\n]+)?>")


def mrkdwn_fault(text: str) -> str | None:
    """Find what is not escaped: a bare & or <, or one that does anything but link."""
    if re.search(r"&(?!amp;|lt;|gt;)", text):
        return "bare &"
    rest = _MARKUP.sub("", text)
    return "bare < or >" if "<" in rest or ">" in rest else None


class HookServer(HttpServer):
    """A webhook that believes only what is signed (standardwebhooks.com, written here once more) and is fresh."""

    def __init__(self, secret: str) -> None:
        super().__init__()
        self._secret = secret
        self.taken: dict[str, Any] = {}

    def answer(self, asked: Asked) -> Answer:
        name, stamp = asked.headers["webhook-id"], asked.headers["webhook-timestamp"]
        key = base64.b64decode(self._secret.split("_", 1)[1])
        signed = hmac.new(key, f"{name}.{stamp}.{asked.body.decode()}".encode(), hashlib.sha256).digest()
        if asked.headers["webhook-signature"] != f"v1,{base64.b64encode(signed).decode()}":
            return Answer(status=401, body="bad signature")
        if abs(time.time() - int(stamp)) > 300:
            return Answer(status=401, body="stale")
        self.taken[name] = asked.json
        return Answer(status=202, body="")
