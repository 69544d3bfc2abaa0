"""Shards of hosts, which processes on one PostgreSQL lease whole."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

SHARDS = 64
"""As it was at this revision, with the hash."""


def Moment() -> sa.types.TypeEngine:  # noqa: N802
    """Return timestamptz on PostgreSQL, milliseconds since 1970 on SQLite."""
    return sa.BigInteger().with_variant(sa.DateTime(timezone=True), "postgresql")


def upgrade() -> None:
    op.create_table(
        "host_shards",
        sa.Column("shard", sa.Integer(), nullable=False, autoincrement=False),
        sa.Column("owner", sa.Text(), nullable=True, comment="the process that alone asks these hosts"),
        sa.Column(
            "lease_until",
            Moment(),
            nullable=True,
            comment="by the clock of the database; without an owner: when it was released",
        ),
        sa.Column("wanted_by", sa.Text(), nullable=True, comment="a command that waits for it"),
        sa.Column("wanted_until", Moment(), nullable=True),
        sa.PrimaryKeyConstraint("shard", name="pk_host_shards"),
        comment="Hosts by a hash of their names, leased whole to processes that share PostgreSQL.",
    )
    op.create_table(
        "shard_owners",
        sa.Column("owner", sa.Text(), nullable=False),
        sa.Column("until", Moment(), nullable=False, comment="by the clock of the database"),
        sa.PrimaryKeyConstraint("owner", name="pk_shard_owners"),
        comment="Processes that share the host shards out among themselves.",
    )
    shard = sa.Column(
        "shard",
        sa.Integer(),
        nullable=False,
        server_default="0",
        comment="which of the host shards its host is in",
    )
    op.add_column("feeds", shard)
    _divide_feeds()
    op.drop_index("ix_feeds_due", "feeds")
    op.create_index("ix_feeds_due", "feeds", ["configured", "next_poll_at", "shard"])


def _divide_feeds() -> None:
    connection = op.get_bind()
    feeds = sa.table("feeds", sa.column("id", sa.BigInteger()), sa.column("host", sa.Text()), sa.column("shard"))
    rows = connection.execute(sa.select(feeds.c.id, feeds.c.host)).all()
    found = [{"feed": row.id, "found": _crc32(row.host.encode("utf-8", "surrogatepass")) % SHARDS} for row in rows]
    if found:
        divided = sa.update(feeds).where(feeds.c.id == sa.bindparam("feed")).values(shard=sa.bindparam("found"))
        connection.execute(divided, found)


def _crc32(octets: bytes) -> int:
    """Return the checksum as zlib computes it (ISO 3309)."""
    value = 0xFFFFFFFF
    for octet in octets:
        value ^= octet
        for _bit in range(8):
            value = value >> 1 ^ (0xEDB88320 if value & 1 else 0)
    return value ^ 0xFFFFFFFF
