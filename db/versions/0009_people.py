"""People with their sessions and tokens, and the audit of who changed what."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


# The types as they were at this revision.
def Moment() -> sa.types.TypeEngine:  # noqa: N802
    """Return timestamptz on PostgreSQL, milliseconds since 1970 on SQLite."""
    return sa.BigInteger().with_variant(sa.DateTime(timezone=True), "postgresql")


def Id() -> sa.types.TypeEngine:  # noqa: N802
    """Return the type of ids."""
    return sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "people",
        sa.Column("name", sa.Text(), nullable=False, comment="stays in notes, judgements and the audit"),
        sa.Column("login", sa.Text(), nullable=False, comment="the name as logins compare it"),
        sa.Column("role", sa.String(12), nullable=False, comment="reader, editor or admin"),
        sa.Column("password_hash", sa.Text(), nullable=True, comment="argon2; null where another service logs in"),
        sa.Column("subject", sa.Text(), nullable=True, comment="issuer and subject of OpenID Connect"),
        sa.Column("created_at", Moment(), nullable=False),
        sa.Column("disabled_at", Moment(), nullable=True),
        sa.PrimaryKeyConstraint("name"),
        sa.UniqueConstraint("login"),
        sa.UniqueConstraint("subject"),
    )
    op.create_table(
        "sessions",
        sa.Column("id_hash", sa.Text(), nullable=False, comment="SHA-256 of the id in the cookie"),
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("secret_mark", sa.Text(), nullable=False, comment="of the password that opened it; another ends it"),
        sa.Column("created_at", Moment(), nullable=False),
        sa.Column("last_seen_at", Moment(), nullable=False),
        sa.Column("last_seen_from", sa.Text(), nullable=False),
        sa.Column("agent", sa.Text(), nullable=False, server_default="", comment="what the browser calls itself"),
        sa.Column("ended_at", Moment(), nullable=True),
        sa.PrimaryKeyConstraint("id_hash"),
    )
    op.create_index("ix_sessions_person", "sessions", ["person"])
    op.create_table(
        "api_tokens",
        sa.Column("id", Id(), nullable=False),
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("label", sa.Text(), nullable=False),
        sa.Column("role", sa.String(12), nullable=False, comment="at most the person's own"),
        sa.Column("token_hash", sa.Text(), nullable=False, comment="SHA-256 of the token"),
        sa.Column("created_at", Moment(), nullable=False),
        sa.Column("last_used_at", Moment(), nullable=True),
        sa.Column("revoked_at", Moment(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("token_hash"),
    )
    op.create_index("ix_api_tokens_person", "api_tokens", ["person"])
    op.create_table(
        "audit",
        sa.Column("id", Id(), nullable=False),
        sa.Column("at", Moment(), nullable=False),
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("via", sa.String(12), nullable=False, comment="page, api, command, mcp, link, login or setup"),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("object", sa.Text(), nullable=False),
        sa.Column("before", sa.Text(), nullable=True),
        sa.Column("after", sa.Text(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=True, comment="number in the history of the configuration"),
        sa.PrimaryKeyConstraint("id"),
        comment="Only ever added to.",
    )
    op.create_index("ix_audit_person_id", "audit", ["person", "id"])
    op.create_index("ix_audit_action_id", "audit", ["action", "id"])
