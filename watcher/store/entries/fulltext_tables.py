"""The tables of the word index: made, emptied, checked, and made anew where they are damaged."""

from __future__ import annotations

from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from watcher.store.database import Db
from watcher.store.tables import archive

_SHADOWS = ("data", "idx", "content", "docsize", "config")
# As the migrations make them.
_CREATE_ON_SQLITE = (
    "CREATE VIRTUAL TABLE archive USING fts5(tokens, content='', tokenize='ascii')",
    "INSERT INTO archive (archive, rank) VALUES ('automerge', 8)",
)
_FTS5_VERSION = 4
# A page's id begins with its segment's number, at bit 37; the rows up to 10 are the totals and the structure.
_UNREACHABLE = text("""
    SELECT id FROM archive_data WHERE id > 10 AND id >> 37 NOT IN (SELECT segid FROM archive_idx) LIMIT 1
""")
_COUNT_ON_SQLITE = text("SELECT count(*) FROM archive_docsize")
_COUNT_ON_POSTGRESQL = text("SELECT count(*) FROM archive")


def clear_index(db: Db) -> None:
    """Empty the index; the caller fills it again from the entries."""
    if db.dialect.name == "sqlite":
        db.execute(text("INSERT INTO archive (archive) VALUES ('delete-all')"))
    else:
        db.execute(text("TRUNCATE archive"))


def recreate_index(db: Db) -> None:
    """Drop the index, however damaged it is, and make an empty one."""
    if db.dialect.name == "sqlite":
        _drop_on_sqlite(db)
        for statement in _CREATE_ON_SQLITE:
            db.execute(text(statement))
    else:
        db.execute(text("DROP TABLE IF EXISTS archive"))
        archive.create(db)
        db.execute(text("ALTER TABLE archive ALTER COLUMN tokens SET STATISTICS 500"))


def find_index_faults(db: Db, entries: int) -> list[str]:
    """Return what is wrong with the tables, which should hold so many entries; what a statement raises, the caller
    takes for damage."""
    indexed = db.execute(_COUNT_ON_SQLITE if db.dialect.name == "sqlite" else _COUNT_ON_POSTGRESQL).scalar_one()
    wrong = [] if entries == indexed else [f"holds {indexed} entries of {entries}"]
    if db.dialect.name == "sqlite":
        if db.execute(text("SELECT v FROM archive_config WHERE k = 'version'")).scalar() != _FTS5_VERSION:
            wrong.append("its settings are damaged")
        if db.execute(_UNREACHABLE).first() is not None:
            wrong.append("pages of it cannot be reached")
        if indexed and _read_totals(db)[0] != indexed:
            wrong.append("its totals are damaged")
    else:
        valid = text("SELECT indisvalid FROM pg_index WHERE indexrelid = to_regclass('ix_archive_tokens')")
        if db.execute(valid).scalar() is not True:
            wrong.append("the index of its words is missing or unfinished")
    return wrong


def validate_index(db: Db) -> list[str]:
    """Return what is wrong inside the index on SQLite; a statement may raise where it is damaged. It needs the write
    lock.

    Of an index that keeps no text SQLite checks the form alone: pages that are missing altogether are noticed by the
    number of words that are found.
    """
    db.execute(text("INSERT INTO archive (archive) VALUES ('integrity-check')"))
    db.execute(text("CREATE VIRTUAL TABLE temp.archive_words USING fts5vocab('main', 'archive', 'row')"))
    try:
        found = db.execute(text("SELECT coalesce(sum(cnt), 0) FROM temp.archive_words")).scalar_one()
    finally:
        db.execute(text("DROP TABLE temp.archive_words"))
    _entries, words = _read_totals(db)
    return [] if found == words else [f"holds {found} words of {words}"]


def _read_totals(db: Db) -> tuple[int, int]:
    """Return how many entries and words FTS5 counts; ranking and taking out go by them."""
    block = db.execute(text("SELECT block FROM archive_data WHERE id = 1")).scalar()
    numbers = _read_varints(block or b"")
    return (numbers[0], numbers[1]) if len(numbers) >= 2 else (0, 0)


def _read_varints(block: bytes) -> list[int]:
    """Return the numbers of a block as SQLite writes them: seven bits a byte, the highest first."""
    numbers, number = [], 0
    for byte in block:
        number = number << 7 | byte & 0x7F
        if byte < 0x80:
            numbers.append(number)
            number = 0
    return numbers


def _drop_on_sqlite(db: Db) -> None:
    try:
        db.execute(text("DROP TABLE IF EXISTS archive"))
        return
    except DBAPIError:
        # FTS5 opens a table before it drops it, which it cannot where a table of its own is missing or unreadable.
        db.execute(text("PRAGMA writable_schema = ON"))
    try:
        db.execute(text("DELETE FROM sqlite_master WHERE type = 'table' AND name = 'archive'"))
    finally:
        # Reads the schema anew as well.
        db.execute(text("PRAGMA writable_schema = RESET"))
    for name in _SHADOWS:
        db.execute(text(f"DROP TABLE IF EXISTS archive_{name}"))
