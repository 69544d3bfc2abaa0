"""A web server on loopback that says what a test tells it to, in its own thread."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Self


@dataclass
class Reply:
    body: bytes = b""
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)


class Server:
    """Serves `pages` by path; a page may be a function of the request's headers. `asked` lists what came."""

    def __init__(self) -> None:
        self.pages: dict[str, Reply | Callable[[dict[str, str]], Reply]] = {}
        self.asked: list[tuple[str, dict[str, str]]] = []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                headers = {name.lower(): value for name, value in self.headers.items()}
                outer.asked.append((self.path, headers))
                page = outer.pages.get(self.path, Reply(status=404))
                reply = page(headers) if callable(page) else page
                self.send_response(reply.status)
                for name, value in reply.headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(reply.body)))
                self.end_headers()
                self.wfile.write(reply.body)

            def log_message(self, *_args: object) -> None:
                return

        class Quiet(ThreadingHTTPServer):
            daemon_threads = True
            request_queue_size = 256

            def handle_error(self, *_args: object) -> None:
                return

        self._server = Quiet(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


def rss(*items: tuple[str, str], title: str = "The Harbour Post", extra: str = "") -> bytes:
    """Write an RSS feed of (guid, title) items; what follows a | in the title is its summary."""
    written = "".join(
        f"<item><guid isPermaLink='false'>{guid}</guid><link>https://harbour.example/{guid}</link>"
        f"<title>{headline.split('|')[0]}</title><description>{([*headline.split('|'), ''])[1]}</description></item>"
        for guid, headline in items
    )
    head = f"<title>{title}</title><link>https://harbour.example/</link><description/>{extra}"
    return f"<?xml version='1.0' encoding='utf-8'?><rss version='2.0'><channel>{head}{written}</channel></rss>".encode()
