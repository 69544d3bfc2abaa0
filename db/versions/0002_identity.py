"""Keys of raw ids, counts of what was merged or left out, enclosures, and servers that know no conditions."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def _count(name: str, comment: str | None = None, start: str = "0") -> sa.Column[int]:
    return sa.Column(name, sa.Integer(), server_default=start, nullable=False, comment=comment)


def upgrade() -> None:
    """Add the columns, and let the first poll after the upgrade read each document whole, whatever is cached of it.

    That poll tells what keys of before had merged from what is news.
    """
    for column in (
        _count("identity_version", "which rules made its keys", "1"),
        _count("id_changes", "polls with known items under new ids"),
        _count("merged", "repetitions in the last document"),
        _count("recovered", "had been merged before an upgrade"),
        _count("left_out", "beyond its budget, possibly missing"),
        sa.Column("budget_day", sa.String(10), comment="YYYY-MM-DD in UTC that the two counts below belong to"),
        _count("budget_entries"),
        _count("budget_versions"),
        sa.Column(
            "conditional",
            sa.Boolean(),
            server_default="1",
            nullable=False,
            comment="its server answers conditional requests",
        ),
    ):
        op.add_column("feeds", column)
    if op.get_bind().dialect.name == "postgresql":
        op.alter_column("entries", "key", comment="empty where it is `guid:` and the guid")
        op.alter_column("entries", "url_mark", comment="empty where the key is `guid:` and the canonical address")
        op.alter_column("feeds", "key_rule", comment="of identity version 1: not written any more")
    op.execute("UPDATE feeds SET etag = NULL, last_modified = NULL, body_hash = NULL, item_marks = NULL")
    op.add_column("polls", _count("merged"))
    op.add_column("polls", _count("recovered"))
    op.add_column("polls", _count("left_out"))
    op.add_column(
        "entries",
        sa.Column(
            "enclosures", sa.Text(), server_default="", nullable=False, comment="JSON: [[url, type, bytes], ...]"
        ),
    )
