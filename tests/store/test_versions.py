"""The version of a database's content: another one after any change, so that what was read before can be kept."""

from __future__ import annotations

import sys
import threading
import time
from datetime import timedelta

from sqlalchemy import literal, select

from tests.moments import NOON
from watcher.store.database import Database
from watcher.store.sql.days import day_number, parse_day_number
from watcher.store.system.key_values import get_value, set_value
from watcher.store.tables import hits


def write(database: Database, value: str) -> None:
    with database.write() as db:
        set_value(db, "counted", value)


def read(database: Database) -> str | None:
    with database.read() as db:
        return get_value(db, "counted")


def test_a_version_stays_while_nobody_writes_and_is_another_after_each_change(database: Database) -> None:
    write(database, "0")
    first = database.read_version()

    assert read(database) == "0"
    assert database.read_version() == first
    versions = [first]
    with Database(str(database.url.render_as_string(hide_password=False))) as other:
        for number, writer in enumerate((database, other, database, other)):
            write(writer, str(number + 1))
            versions.append(database.read_version())
            other.read_version()
    assert len(set(versions)) == 5


def test_what_is_kept_under_a_version_is_never_older_than_what_was_written_before(database: Database) -> None:
    write(database, "0")
    written, ended = [0], threading.Event()
    interval = sys.getswitchinterval()

    def count() -> None:
        try:
            for number in range(1, 150):
                write(database, str(number))
                written[0] = number
                time.sleep(0.005 * (number % 10 == 0))  # so that what is kept is asked for, too
        finally:
            ended.set()

    writer = threading.Thread(target=count)
    kept: dict[object, str | None] = {}
    sys.setswitchinterval(1e-5)
    try:
        writer.start()
        while not ended.is_set():
            known = written[0]
            version = database.read_version()
            if version not in kept:
                kept[version] = read(database)
            assert int(kept[version] or 0) >= known
    finally:
        writer.join(60)
        sys.setswitchinterval(interval)


def test_a_day_that_the_database_computes_is_the_one_in_utc(database: Database) -> None:
    midnight = NOON.replace(hour=0)
    moments = [midnight, midnight - timedelta(milliseconds=1), midnight + timedelta(hours=23, minutes=59), NOON]
    with database.read() as db:
        for moment in moments:
            day = db.execute(select(day_number(literal(moment, hits.c.matched_at.type)))).scalar_one()
            assert parse_day_number(day) == moment.date()
