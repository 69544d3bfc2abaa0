"""The rows of bench/table.py: which script runs in which small size, and what its figures say beside limit and aim."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, TypeAlias

Figures: TypeAlias = dict[str, Any]
"""What a script prints with --json."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One line of the table; `is_met` is None where nothing was aimed at."""

    work: str
    limit: str = ""
    peers: str = ""
    ours: str
    aim: str = ""
    is_met: bool | None = None


@dataclass(frozen=True, slots=True)
class Row:
    """A script of this folder, its arguments, the seconds that it may take, and who reads its figures."""

    name: str
    script: str
    arguments: tuple[str, ...]
    seconds: int
    read: Callable[[Figures], Iterator[Line]]


def read_leases(figures: Figures) -> Iterator[Line]:
    """Yield leases with turns at hosts, by 1, 2 and 4 processes, beside psycopg's barest statements."""
    leases = figures["leases"]
    ours, limit = leases["rates"]["shards"], leases["rates"]["psycopg"]
    counts = sorted(ours, key=int)
    first, most = ours[counts[0]], ours[counts[-1]]
    yield Line(
        work=f"leases with turns at hosts, {'/'.join(counts)} processes",
        limit=f"psycopg {_join(limit, counts)}/s",
        ours=f"{_join(ours, counts)}/s, {leases['doubled']} doubled",
        aim=f"20,000/s with {counts[-1]}, none doubled",
        is_met=most >= 20_000 and not leases["doubled"],
    )
    yield Line(
        work="the same, most processes to one",
        limit=f"psycopg {limit[counts[-1]] / limit[counts[0]]:.2f}",
        ours=f"{most / first:.2f}",
        aim="more than 1: it rises",
        is_met=most > first,
    )


def read_engine(figures: Figures) -> Iterator[Line]:
    """Yield feeds polled on loopback by 1, 2 and 4 workers: rates, and CPU a feed."""
    rates, cpu = figures["engine"]["rates"], figures["engine"]["cpu_ms"]
    names = ("1 worker", "2 workers", "4 workers")
    most = figures["engine"]["two_to_one_at_most"]
    yield Line(
        work="end to end, 1/2/4 workers, loopback feeds",
        limit=f"local engine {rates['local engine']:,.0f}/s; 2 to 1 at most {most:.2f} on these cores",
        ours=f"{_join(rates, names)} feeds/s; 2 to 1: {rates[names[1]] / rates[names[0]]:.2f}",
        aim="2 to 1: at least 1.7",
        is_met=rates[names[1]] >= 1.7 * rates[names[0]],
    )
    yield Line(
        work="the same, CPU a feed",
        limit=f"local engine {cpu['local engine']:.1f} ms",
        ours=f"{'/'.join(f'{cpu[name]:.1f}' for name in names)} ms; 4 to 1: {cpu[names[2]] / cpu[names[0]]:.2f}",
        aim="4 to 1: at most 1.15",
        is_met=cpu[names[2]] <= 1.15 * cpu[names[0]],
    )


def read_polling(figures: Figures) -> Iterator[Line]:
    """Yield the first cycle and mixed cycles beside reader and bare httpx, and the memory of that run."""
    arms, reader, httpx = figures["arms"], figures["ours_to_reader"], figures["ours_to_httpx"]
    ours = arms["ours"]
    yield Line(
        work="first cycle, all items new",
        limit=f"httpx, only fetching {arms['httpx']['first']['rate']:,.0f}/s",
        peers=f"reader {arms['reader']['first']['rate']:,.0f}/s",
        ours=f"{ours['first']['rate']:,.0f} feeds/s, {ours['first']['cpu_ms']:.0f} ms CPU; {reader['first']:.1f} of it",
        aim="5 times reader",
        is_met=reader["first"] >= 5,
    )
    yield Line(
        work="mixed poll cycle, rate",
        limit=f"httpx, only fetching {arms['httpx']['mixed']['rate']:,.0f}/s",
        peers=f"reader {arms['reader']['mixed']['rate']:,.0f}/s",
        ours=f"{ours['mixed']['rate']:,.0f} feeds/s; {reader['rate']:.1f} of reader's",
        aim="15 times reader",
        is_met=reader["rate"] >= 15,
    )
    yield Line(
        work="the same, CPU a feed",
        limit=f"httpx {arms['httpx']['mixed']['cpu_ms']:.2f} ms",
        peers=f"reader {arms['reader']['mixed']['cpu_ms']:.2f} ms",
        ours=f"{ours['mixed']['cpu_ms']:.2f} ms; {1 / httpx['cpu']:.2f} of httpx",
        aim="at most 1.0 of httpx",
        is_met=httpx["cpu"] >= 1.0,
    )
    yield Line(
        work="the same, peak memory",
        limit=f"httpx {arms['httpx']['peak_mb']:.0f} MB",
        peers=f"reader {arms['reader']['peak_mb']:.0f} MB",
        ours=f"{ours['peak_mb']:.0f} MB",
        aim="at most 250 MB",
        is_met=ours["peak_mb"] <= 250,
    )


def read_rest(label: str, most_mb: int) -> Callable[[Figures], Iterator[Line]]:
    """Return what yields the memory of a daemon with feeds of which none is due."""

    def read(figures: Figures) -> Iterator[Line]:
        rest = figures["rest"]
        yield Line(
            work=f"resting daemon, {rest['feeds']:,} feeds, {label}",
            ours=f"{rest['mb']:.0f} MB, {100 * rest['core']:.1f} % of a core",
            aim=f"at most {most_mb} MB",
            is_met=rest["mb"] <= most_mb,
        )

    return read


def read_ingest(figures: Figures) -> Iterator[Line]:
    """Yield entries stored with a hundred topics, beside the bare driver that writes the same rows ready-made."""
    ingest = figures["sqlite"]["ingest"]
    for size, least in ((500, 0.8), (20, 0.5)):
        ratio = ingest[f"ours {size} to bare 20"]["cpu"]
        same = ingest[f"ours {size} to bare {size}"]["cpu"]
        yield Line(
            work=f"ingest in transactions of {size}, SQLite, CPU",
            limit=f"bare driver of 20 {ingest['bare 20']['cpu_rate']:,.0f}/s",
            ours=f"{ingest[f'ours {size}']['cpu_rate']:,.0f}/s; {ratio:.2f} ({same:.2f} of the driver in {size})",
            aim=f"{least} of the driver in 20",
            is_met=ratio >= least,
        )


def read_matching(figures: Figures) -> Iterator[Line]:
    """Yield which topics match an item, beside the bare scan for their literals; then with spans."""
    for kind, most in (("sparse", 1.8), ("dense", 2.0)):
        for size, engines in figures[kind].items():
            ours, limit, spans = engines["ours"], engines["bare scan"], engines["ours with spans"]
            yield Line(
                work=f"matching {int(size):,} topics, {kind}",
                limit=f"bare scan {limit['us']:,.0f} us",
                ours=f"{ours['us']:,.0f} us, {ours['to_limit']:.2f} times",
                aim=f"at most {most}",
                is_met=ours["to_limit"] <= most,
            )
            ratio = spans["us"] / ours["us"]
            yield Line(
                work="the same, with spans",
                limit=f"without {ours['us']:,.0f} us",
                ours=f"{spans['us']:,.0f} us, {ratio:.2f} times",
                aim="at most 1.5",
                is_met=ratio <= 1.5,
            )


def read_pages(figures: Figures) -> Iterator[Line]:
    """Yield pages beside the statements that they make, 4 clients."""
    for path, page in figures.items():
        yield Line(
            work=f"{path}, 4 clients, p95",
            limit=f"its SQL {page['bare_p95']:.1f} ms",
            ours=f"{page['p95']:.0f} ms, {page['to_bare']:.1f} times",
            aim="at most 4 times",
            is_met=page["to_bare"] <= 4,
        )


def read_lists(figures: Figures) -> Iterator[Line]:
    """Yield lists with facets and read state of twenty people: processor time beside that of their statements."""
    path, page = max(figures.items(), key=lambda item: item[1]["to_bare"])
    yield Line(
        work=f"lists of 20 people, CPU: worst, {path}",
        limit=f"its SQL {page['sql_ms']:.1f} ms",
        ours=f"{page['page_ms']:.1f} ms, {page['to_bare']:.1f} times",
        aim="at most 4 times",
        is_met=page["to_bare"] <= 4,
    )


def read_archive(figures: Figures) -> Iterator[Line]:
    """Yield the newest 50 entries with a word that pass a filter, on PostgreSQL, beside one statement."""
    database = figures["postgresql"]
    for what in ("topic", "source"):
        asked = {name: times for name, times in database["ask"].items() if name.startswith(f"newest 50 of a {what},")}
        name, worst = max(asked.items(), key=lambda item: item[1]["p99"] / item[1]["bare_p99"])
        ratio = worst["p99"] / worst["bare_p99"]
        yield Line(
            work=f"newest 50 of a {what}, PostgreSQL, {database['entries'] // 1000:,}k entries, p99",
            limit=f"statement {worst['bare_p99']:.1f} ms",
            ours=f"{worst['p99']:.1f} ms, {ratio:.1f} times (worst: {name.rpartition(', ')[2]})",
            aim="at most 3 times",
            is_met=ratio <= 3,
        )


def read_startup(figures: Figures) -> Iterator[Line]:
    """Yield commands before they do their work: `--help` beside `python -c pass`, `hits` beside opening a database."""
    for line, reference, most in (("--help", "python -c pass", 8.0), ("hits", "imports and database", 1.5)):
        figure = figures[line]
        yield Line(
            work=f"start-up of watcher {line}, CPU",
            limit=f"{reference} {figure['ms'] / figure['to_reference']:.0f} ms",
            ours=f"{figure['ms']:.0f} ms, {figure['to_reference']:.2f} times; {figure['mb']:.0f} MB",
            aim=f"at most {most:g}",
            is_met=figure["to_reference"] <= most,
        )


def read_digest(figures: Figures) -> Iterator[Line]:
    """Yield composing and rendering a digest; send it to many recipients beside bare smtplib."""
    for count, most in (("50", 10), ("200", 25)):
        yield Line(
            work=f"digest of {count} stories, CPU",
            ours=f"{figures[count]['cpu_ms']:.1f} ms, HTML {figures[count]['html_kb']:.0f} kB",
            aim=f"at most {most} ms",
            is_met=figures[count]["cpu_ms"] <= most,
        )
    sending = figures["sending"]
    yield Line(
        work=f"digest to {sending['recipients']} recipients",
        limit=f"bare smtplib {sending['bare smtplib']:,.0f}/s",
        ours=f"{sending['outbox and aiosmtplib']:,.0f}/s, {sending['to_smtplib']:.2f} of it",
    )


def read_readers(figures: Figures) -> Iterator[Line]:
    """Yield unusual documents read by four readers: items and processor time."""
    ours, fast, usual = figures["watcher"], figures["fastfeedparser"], figures["feedparser"]
    yield Line(
        work=f"reading {ours['documents']} unusual documents: items",
        peers=f"feedparser {usual['items']}, fastfeedparser {fast['items']}",
        ours=f"{ours['items']}",
        aim="no fewer than either",
        is_met=ours["items"] >= max(usual["items"], fast["items"]),
    )
    yield Line(
        work="the same, CPU",
        peers=f"feedparser {usual['seconds']:.2f} s, fastfeedparser {fast['seconds']:.2f} s",
        ours=f"{ours['seconds']:.2f} s",
    )


def read_meaning(figures: Figures) -> Iterator[Line]:
    """Yield items encoded a second beside the bare encoder; a fit of a topic with 500 judgements."""
    figure = figures["headlines, 1"]
    yield Line(
        work="vectors of headlines, one thread",
        limit=f"bare encoder {figure['bare_rate']:.0f}/s",
        ours=f"{figure['rate']:.0f}/s, {figure['ratio']:.2f} of it; {figure['mb']:.0f} MB",
        aim="at least 0.9",
        is_met=figure["ratio"] >= 0.9,
    )
    seconds = figures["fit"]["and 500 judgements"]
    yield Line(work="fit of a topic, 500 judgements", ours=f"{seconds:.2f} s", aim="below 1 s", is_met=seconds < 1)


def _join(rates: Figures, names: list[str] | tuple[str, ...]) -> str:
    return "/".join(f"{rates[name]:,.0f}" for name in names)


_PAGES = ("/hits", "/stories", "/hits?q=word7+word90")
_ENGINES = ("--engines", "raw_ac,ours,ours_spans", "--no-many", "--no-build")
ROWS = (
    Row("leases", "workers.py", ("--only", "leases", "--feeds", "20000"), 360, read_leases),
    Row("engine", "workers.py", ("--only", "engine", "--polled", "2000"), 540, read_engine),
    Row(
        "polling", "poll.py", ("--feeds", "250", "--rounds", "3", "--idle", "0", "--only", "ours,reader,httpx"), 540,
        read_polling,
    ),
    Row(
        "rest", "poll.py", ("--only", "none", "--idle", "10000", "--watch", "8", "--no-meaning"), 360,
        read_rest("no encoder", 100),
    ),
    Row(
        "rest-encoder", "poll.py", ("--only", "none", "--idle", "10000", "--watch", "8"), 360,
        read_rest("with encoder", 280),
    ),
    Row(
        "ingest", "store.py",
        ("--databases", "sqlite", "--only", "ingest", "--entries", "22000", "--sample", "5000"), 360, read_ingest,
    ),
    Row(
        "matching", "match.py", ("--topics", "1000,10000", "--rounds", "5", "--items", "1500", *_ENGINES), 450,
        read_matching,
    ),
    Row("pages", "web.py", ("20000", "--seconds", "4", "--pages", *_PAGES), 450, read_pages),
    Row("lists", "lists.py", ("10000",), 450, read_lists),
    Row(
        "archive", "store.py",
        ("--databases", "postgresql", "--only", "ask", "--entries", "100000", "--copies", "8", "--queries", "400",
         "--asked", "newest 50 of a", "--sample", "0"), 540, read_archive,
    ),
    Row("startup", "startup.py", ("--rounds", "3", "--only", "hits"), 180, read_startup),
    Row("digest", "digest.py", ("--recipients", "60"), 270, read_digest),
    Row("readers", "readers.py", (), 180, read_readers),
    Row("meaning", "meaning.py", ("--texts", "100", "--threads", "1"), 450, read_meaning),
)  # fmt: skip
