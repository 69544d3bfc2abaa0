"""Serves the invented outlets over HTTP on loopback, poll by poll."""

from __future__ import annotations

import hashlib
import threading
from datetime import datetime
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from socketserver import TCPServer
from types import TracebackType

from watcher.demo.documents import Page, write_article, write_feed, write_shop
from watcher.demo.outlets import Answer, Outlet, get_answer, get_last_poll, list_shown, read_outlets
from watcher.model.feed import FeedConfig

HOST = "127.0.0.1"


class _Listener(ThreadingHTTPServer):
    daemon_threads = True

    def server_bind(self) -> None:
        """Bind the socket, without a look-up of the host's name."""
        # HTTPServer would ask the resolver for the host's full name, which takes seconds where there is no network.
        TCPServer.server_bind(self)
        self.server_name, self.server_port = HOST, self.server_address[1]


class DemoServer:
    """Serve the outlets on a loopback port, from `start` (or entering it) to `stop`.

    The news stands still until `advance` is called; each call is one more poll's worth of it. Port 0 takes a free one.
    """

    def __init__(self, started_at: datetime, *, port: int = 0) -> None:
        self.outlets = read_outlets()
        self.poll = 0
        self._started_at = started_at
        self._by_slug = {outlet.slug: outlet for outlet in self.outlets}
        self._listener = _Listener((HOST, port), _handler(self))
        self._thread = threading.Thread(target=self._listener.serve_forever, args=(0.05,), daemon=True)

    @property
    def url(self) -> str:
        """Return the address of the server, without a trailing slash."""
        return f"http://{HOST}:{self._listener.server_port}"

    @property
    def finished(self) -> bool:
        """Return whether a further `advance` would bring nothing new."""
        return self.poll >= get_last_poll(self.outlets)

    def sources(self) -> tuple[FeedConfig, ...]:
        """List the feeds as a configuration would."""
        return tuple(
            FeedConfig(url=self.feed_url(outlet), title=outlet.title, tags=("demo",), language=outlet.language)
            for outlet in self.outlets
        )

    def feed_url(self, outlet: Outlet) -> str:
        """Return the address of an outlet's feed."""
        return f"{self.url}/{outlet.slug}/feed"

    def advance(self) -> int:
        """Publish the news of the next poll and return the poll's number."""
        self.poll += 1
        return self.poll

    def start(self) -> None:
        """Answer from now on, in a thread of its own."""
        self._thread.start()

    def stop(self) -> None:
        """Stop answering and free the port."""
        self._listener.shutdown()
        self._listener.server_close()
        self._thread.join()

    def __enter__(self) -> DemoServer:
        self.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.stop()

    def find(self, path: str) -> tuple[HTTPStatus, Page]:
        """Return the status and the page of a path: a feed, an article, or 404."""
        slug, _, rest = path.strip("/").partition("/")
        outlet = self._by_slug.get(slug)
        if outlet is None:
            return HTTPStatus.NOT_FOUND, _plain("no such outlet")
        if rest == "feed":
            return self._feed(outlet)
        for piece in list_shown(outlet, self.poll, self._started_at):
            if rest == str(piece.number):
                return HTTPStatus.OK, write_article(outlet, piece)
        return HTTPStatus.NOT_FOUND, _plain("no such page")

    def _feed(self, outlet: Outlet) -> tuple[HTTPStatus, Page]:
        match get_answer(outlet, self.poll):
            case Answer.FEED:
                return HTTPStatus.OK, write_feed(outlet, list_shown(outlet, self.poll, self._started_at), self.url)
            case Answer.HTML:
                return HTTPStatus.OK, write_shop(outlet)
            case Answer.UNAVAILABLE:
                return HTTPStatus.SERVICE_UNAVAILABLE, _plain("the press is being repaired")


def _plain(text: str) -> Page:
    return Page(media_type="text/plain; charset=utf-8", body=text.encode())


def _handler(demo: DemoServer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        """Answers GET and HEAD, with an ETag and 304 where the reader has the document already (RFC 9110, 13.1.2)."""

        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            """Answer with a body."""
            self._answer(with_body=True)

        def do_HEAD(self) -> None:
            """Answer without a body."""
            self._answer(with_body=False)

        def _answer(self, *, with_body: bool) -> None:
            status, page = demo.find(self.path.partition("?")[0])
            etag = f'"{hashlib.sha256(page.body).hexdigest()[:20]}"'
            known = status is HTTPStatus.OK and self.headers.get("If-None-Match") == etag
            self.send_response(HTTPStatus.NOT_MODIFIED if known else status)
            if status is HTTPStatus.OK:
                self.send_header("ETag", etag)
            if status is HTTPStatus.SERVICE_UNAVAILABLE:
                self.send_header("Retry-After", "600")
            if not known:
                self.send_header("Content-Type", page.media_type)
                self.send_header("Content-Length", str(len(page.body)))
            self.end_headers()
            if with_body and not known:
                self.wfile.write(page.body)

        def log_message(self, *_: object) -> None:
            """Keep the terminal for the demonstration's own words."""

    return Handler
