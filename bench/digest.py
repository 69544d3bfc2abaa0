"""Composes, renders and sends digests: milliseconds by size, and messages a second beside bare smtplib.

    python bench/digest.py [--recipients 200]

Aims: 50 stories in 10 ms and 200 in 25 ms (compose, HTML, text, MIME); HTML below 95 kB whatever comes.
"""

from __future__ import annotations

import argparse
import asyncio
import smtplib
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import structlog

sys.path.insert(0, str(Path(__file__).parents[1]))

from bench.figures import collect_figures
from tests.servers import MailServer
from watcher.channels.base import DigestBody, OutgoingMessage, SenderContext
from watcher.channels.email.mime import build_mail
from watcher.channels.email.options import EmailOptions
from watcher.channels.payload import dump_payload
from watcher.channels.senders import Senders
from watcher.digest.compose import compose_digest
from watcher.digest.forms import DigestForms
from watcher.digest.html import render_html
from watcher.digest.links import Links
from watcher.digest.plain import render_text
from watcher.model.digest import Channel, Coverage, Delivery, DeliveryState, Digest, Subscription
from watcher.model.digest_story import DigestHit
from watcher.model.topic import Evidence, Origin, Topic
from watcher.pipeline.delivery import deliver_waiting
from watcher.pipeline.messages import build_messages
from watcher.store.database import Database
from watcher.store.database.migrate import upgrade_schema
from watcher.store.digests.commands import add_digest
from watcher.store.outbox.queries import find_deliveries
from watcher.store.outbox.queue import add_deliveries

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
TOPICS = [Topic(id=f"topic-{n}", name=f"Topic number {n}", query="") for n in range(5)]
COVERAGE = Coverage(feeds=52, fresh=47, stale=3, failing=2, gaps=2, lost=6, entries=1843, notes=("Wire: failing",))
LINKS = Links(base_url="https://watch.example", secret=b"0123456789abcdef")


def stories(count: int) -> list[DigestHit]:
    hits = []
    for number in range(count * 2):
        title = f"Partners weigh intelligence sharing, report number {number // 2} of the day says so"
        summary = "Three people with knowledge of the plans said that intelligence sharing goes on as before. " * 3
        marks = tuple(
            Evidence(field=field, start=start, end=start + 20, text="intelligence sharing", clause="sharing")
            for field, text in (("title", title), ("summary", summary))
            if (start := text.find("intelligence sharing")) >= 0
        )
        hits.append(
            DigestHit(
                hit_id=number, entry_id=number, topic_id=f"topic-{number // 2 % 5}", title=title, summary=summary,
                url=f"https://outlet-{number % 40}.example/2026/03/02/{number}", source=f"Outlet {number % 40}",
                language="en", published_at=NOON, first_seen_at=NOON - timedelta(minutes=number),
                matched_at=NOON - timedelta(minutes=number), score=number % 100 / 100, origin=Origin.LIVE,
                evidence=marks, story_id=number // 2,
            )
        )  # fmt: skip
    return hits


def mail_channel(port: int, recipients: tuple[str, ...]) -> Channel:
    options = EmailOptions(host="127.0.0.1", port=port, security="none", sender="w@desk.example", to=recipients)
    return Channel(name="mail", kind="email", recipients=recipients, options=options)


def build_bench_mail(delivery: Delivery, channel: Channel, body: DigestBody) -> bytes:
    assert isinstance(channel.options, EmailOptions)
    message = OutgoingMessage(
        recipient=delivery.recipient, payload=delivery.payload, message_id=delivery.message_id,
        created_at=delivery.created_at, body=body,
    )  # fmt: skip
    return build_mail(message, channel.options)


def measured(work: Callable[[], object], times: int) -> tuple[float, float, float]:
    """Give the median and the 95th percentile by the clock, and the median by the processor's."""
    taken, used = [], []
    for _ in range(times):
        begun, worked = time.perf_counter(), time.process_time()
        work()
        used.append((time.process_time() - worked) * 1000)
        taken.append((time.perf_counter() - begun) * 1000)
    taken.sort()
    return statistics.median(taken), taken[int(len(taken) * 0.95) - 1], statistics.median(used)


def sizes(figures: dict[str, Any]) -> None:
    channel = mail_channel(25, ("a@desk.example",))
    print("stories  compose  html   text   mime   all p50  all p95  all cpu  html kB  shown   (milliseconds)")
    for count, times in ((50, 60), (200, 40), (1000, 12)):
        hits = stories(count)
        to = Subscription(name="daily", schedule="0 7 * * *", channels=("mail",), max_stories=count)

        def made(hits: list[DigestHit] = hits, to: Subscription = to) -> Digest:
            return compose_digest(to, NOON, hits, TOPICS, COVERAGE, (NOON - timedelta(days=1), NOON))

        digest = made()
        html, text = render_html(digest, LINKS), render_text(digest, LINKS)
        delivery = Delivery(
            id=1, digest_id=1, channel="mail", kind="email", recipient="a@desk.example", part=0,
            payload=dump_payload(name="daily", subject="The day"), message_id="<1@desk.example>",
            state=DeliveryState.SENDING, attempts=1, next_try_at=NOON, created_at=NOON,
        )  # fmt: skip
        body = DigestBody(html=html, text=text)

        def everything(
            made: Callable[[], object] = made, delivery: Delivery = delivery, body: DigestBody = body
        ) -> None:
            digest = made()
            render_html(digest, LINKS)  # type: ignore[arg-type]
            render_text(digest, LINKS)  # type: ignore[arg-type]
            build_bench_mail(delivery, channel, body)

        parts = [
            measured(made, times)[0],
            measured(lambda d=digest: render_html(d, LINKS), times)[0],
            measured(lambda d=digest: render_text(d, LINKS), times)[0],
            measured(lambda d=delivery, b=body: build_bench_mail(d, channel, b), times)[0],
        ]
        middle, slow, used = measured(everything, times)
        shown = html.count('class="row"')
        figures[str(count)] = {"ms": middle, "cpu_ms": used, "html_kb": len(html.encode()) / 1000}
        print(
            f"{count:7}  " + "  ".join(f"{part:5.1f}" for part in parts)
            + f"    {middle:6.1f}   {slow:6.1f}   {used:6.1f}   {len(html.encode()) / 1000:6.1f}  {shown:5}"
        )  # fmt: skip


async def sending(recipients: int, figures: dict[str, Any]) -> None:
    to = tuple(f"reader-{number}@desk.example" for number in range(recipients))
    hits = stories(50)
    subscription = Subscription(name="daily", schedule="0 7 * * *", channels=("mail",), max_stories=50)
    digest = compose_digest(subscription, NOON, hits, TOPICS, COVERAGE, (NOON - timedelta(days=1), NOON))
    rates: dict[str, list[float]] = {"bare smtplib": [], "outbox and aiosmtplib": []}
    with tempfile.TemporaryDirectory() as folder, MailServer() as server:
        channel = mail_channel(server.port, to)
        with Database(f"sqlite:///{folder}/bench.db") as database:
            upgrade_schema(database)
            for number in range(3):
                server.messages.clear()
                slot = NOON + timedelta(days=number)
                with database.write() as db:
                    from dataclasses import replace

                    digest = replace(digest, slot_at=slot, hits=())
                    digest_id = add_digest(db, digest, slot, sent=True, html="", text="")
                    assert digest_id is not None
                    forms = DigestForms(digest, LINKS)
                    rows = build_messages(forms, [channel], installation="bench", not_before=slot)
                    add_deliveries(db, digest_id, rows, slot)
                    waiting = list(find_deliveries(db, digest_id=digest_id, limit=recipients).items)
                begun = time.perf_counter()
                with smtplib.SMTP("127.0.0.1", server.port) as bare:
                    for delivery in waiting:
                        mail = build_bench_mail(delivery, channel, DigestBody(html="", text=""))
                        bare.sendmail("w@desk.example", [delivery.recipient], mail)
                rates["bare smtplib"].append(recipients / (time.perf_counter() - begun))
                begun = time.perf_counter()
                async with httpx.AsyncClient() as http:
                    senders = Senders(SenderContext(http=http, clock=lambda slot=slot: slot))
                    done = await deliver_waiting(database, {"mail": channel}, senders, lambda slot=slot: slot)
                rates["outbox and aiosmtplib"].append(recipients / (time.perf_counter() - begun))
                assert done.sent == recipients, done
    print(f"\n{recipients} recipients, 50 stories each, to a loopback server in Python (3 rounds)")
    for name, series in rates.items():
        print(f"  {name:22} {statistics.median(series):6.0f} messages/s   ({min(series):.0f}..{max(series):.0f})")
    ratio = statistics.median(rates["outbox and aiosmtplib"]) / statistics.median(rates["bare smtplib"])
    print(f"  outbox / bare: {ratio:.2f}")
    figures["sending"] = {"recipients": recipients, "to_smtplib": ratio}
    figures["sending"] |= {name: statistics.median(series) for name, series in rates.items()}


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--recipients", type=int, default=200)
    arguments.add_argument("--json", action="store_true", help="print figures as JSON; lines go to standard error")
    given = arguments.parse_args()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(30))
    with collect_figures(as_json=given.json) as figures:
        sizes(figures)
        if given.recipients:
            asyncio.run(sending(given.recipients, figures))


if __name__ == "__main__":
    main()
