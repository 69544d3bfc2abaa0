"""What entries mean: vectors, judgements, heads of topics and proposals; what found a hit, and how well it fits."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


# The types as they were at this revision.
def Id() -> sa.types.TypeEngine:  # noqa: N802
    return sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def Moment() -> sa.types.TypeEngine:  # noqa: N802
    """Return timestamptz on PostgreSQL, milliseconds since 1970 on SQLite."""
    return sa.BigInteger().with_variant(sa.DateTime(timezone=True), "postgresql")


def _model(table: str, *, nullable: bool = False) -> tuple[sa.Column[int], sa.ForeignKeyConstraint]:
    """Return the column that names an encoder model, and its reference."""
    return (
        sa.Column("model_id", Id(), nullable=nullable),
        sa.ForeignKeyConstraint(["model_id"], ["embedding_models.id"], ondelete="CASCADE", name=f"fk_{table}_model_id"),
    )


def _entry(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(["entry_id"], ["entries.id"], ondelete="CASCADE", name=f"fk_{table}_entry_id")


def upgrade() -> None:
    op.create_table(
        "embedding_models",
        sa.Column("id", Id(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False, comment="with its version"),
        sa.Column("dimensions", sa.Integer(), nullable=False),
        sa.Column("created_at", Moment(), nullable=False),
        sa.Column("state", sa.String(12), nullable=False, comment="serving, building or retired"),
        sa.Column(
            "watermark_id", Id(), server_default="0", nullable=False, comment="all entries up to this id have a vector"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_embedding_models"),
        sa.UniqueConstraint("name", name="uq_embedding_models_name"),
    )
    _create_vectors()
    _create_learning()
    _create_proposals()
    op.add_column(
        "hits",
        sa.Column("found_by", sa.String(12), server_default="words", nullable=False, comment="words or meaning"),
    )
    op.add_column("hits", sa.Column("relevance", sa.Float(), comment="how well the topic's meaning fits, 0 to 1"))
    # What people judged before teaches, too: the text as a model reads it, a headline and the first of what follows.
    op.execute(
        "INSERT INTO judgements (topic_id, entry_id, verdict, judged_at, topic_version, text)"
        " SELECT h.topic_id, h.entry_id, h.label, coalesce(h.labelled_at, h.matched_at), h.topic_version,"
        " e.title || CASE WHEN e.summary || e.content = '' THEN '' ELSE"
        " '\n' || substr(CASE WHEN e.summary = '' THEN e.content ELSE e.summary END, 1, 300) END"
        " FROM hits h JOIN entries e ON e.id = h.entry_id WHERE h.label IN ('relevant', 'irrelevant') ORDER BY h.id"
    )


def _create_vectors() -> None:
    op.create_table(
        "embeddings",
        sa.Column("entry_id", Id(), autoincrement=False, nullable=False),
        *_model("embeddings"),
        sa.Column("entry_version", sa.Integer(), nullable=False, comment="the version of the text that was read"),
        sa.Column(
            "text_hash", sa.BigInteger(), nullable=False, comment="of what was read: copies take the same vector"
        ),
        sa.Column(
            "vector", sa.LargeBinary(), nullable=False, comment="int8; empty where the model cannot read the text"
        ),
        _entry("embeddings"),
        sa.PrimaryKeyConstraint("entry_id", "model_id", name="pk_embeddings"),
    )
    op.create_index("ix_embeddings_model_id_text_hash", "embeddings", ["model_id", "text_hash"])
    op.create_table(
        "embedding_claims",
        *_model("embedding_claims"),
        sa.Column("entry_id", Id(), autoincrement=False, nullable=False),
        sa.Column("owner", sa.Text(), nullable=False),
        sa.Column("lease_until", Moment(), nullable=False),
        sa.PrimaryKeyConstraint("model_id", "entry_id", name="pk_embedding_claims"),
    )
    op.create_index("ix_embedding_claims_owner", "embedding_claims", ["owner"])
    op.create_table(
        "embedding_queue",
        sa.Column("entry_id", Id(), autoincrement=False, nullable=False),
        *_model("embedding_queue"),
        _entry("embedding_queue"),
        sa.PrimaryKeyConstraint("entry_id", "model_id", name="pk_embedding_queue"),
        comment="Entries that were edited after they were read.",
    )
    op.create_table(
        "text_vectors",
        *_model("text_vectors"),
        sa.Column("text_hash", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("vector", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("model_id", "text_hash", name="pk_text_vectors"),
        comment="Vectors of the sentences and examples of topics.",
    )


def _create_learning() -> None:
    op.create_table(
        "judgements",
        sa.Column("id", Id(), nullable=False),
        sa.Column("topic_id", sa.Text(), nullable=False),
        sa.Column("entry_id", Id(), nullable=False),
        sa.Column("verdict", sa.String(12), nullable=False, comment="relevant or irrelevant"),
        sa.Column("author", sa.Text(), comment="empty before there are users"),
        sa.Column("judged_at", Moment(), nullable=False),
        sa.Column("topic_version", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False, comment="what was judged"),
        sa.Column("model_id", Id(), comment="whose vector it is"),
        sa.Column("vector", sa.LargeBinary()),
        sa.Column("undone_at", Moment(), comment="taken back, or replaced by a later one"),
        sa.PrimaryKeyConstraint("id", name="pk_judgements"),
    )
    op.create_index("ix_judgements_topic_id_entry_id", "judgements", ["topic_id", "entry_id"])
    op.create_index("ix_judgements_entry_id", "judgements", ["entry_id"])
    op.create_table(
        "topic_heads",
        sa.Column("topic_id", sa.Text(), nullable=False),
        sa.Column("version", sa.Text(), nullable=False),
        *_model("topic_heads"),
        sa.Column("topic_version", sa.Text(), nullable=False, comment="the hash of the topic's sentences"),
        sa.Column("fitted_at", Moment(), nullable=False),
        sa.Column("weights", sa.LargeBinary(), nullable=False),
        sa.Column("bias", sa.Float(), nullable=False),
        sa.Column("threshold", sa.Float(), nullable=False),
        sa.Column("training", sa.Text(), server_default="{}", nullable=False, comment="JSON: what it was fitted on"),
        sa.PrimaryKeyConstraint("topic_id", "version", "model_id", name="pk_topic_heads"),
    )


def _create_proposals() -> None:
    op.create_table(
        "proposals",
        sa.Column("id", Id(), nullable=False),
        sa.Column("topic_id", sa.Text(), nullable=False),
        sa.Column("entry_id", Id(), nullable=False),
        sa.Column("score", sa.Float(), nullable=False),
        sa.Column("state", sa.String(12), nullable=False),
        sa.Column("proposed_at", Moment(), nullable=False),
        sa.Column("model_id", Id(), nullable=False),
        sa.Column("head_version", sa.Text(), nullable=False),
        sa.Column("topic_version", sa.Text(), nullable=False, comment="the hash of the topic's sentences"),
        sa.Column(
            "evidence",
            sa.Text(),
            server_default="[]",
            nullable=False,
            comment="JSON: [[kind, text, field, start, end], ...]",
        ),
        sa.Column("judged_at", Moment()),
        _entry("proposals"),
        sa.PrimaryKeyConstraint("id", name="pk_proposals"),
        sa.UniqueConstraint("topic_id", "entry_id", name="uq_proposals_topic_id_entry_id"),
    )
    op.create_index("ix_proposals_topic_id_proposed_at", "proposals", ["topic_id", "proposed_at"])
    op.create_index("ix_proposals_entry_id", "proposals", ["entry_id"])
    is_open = sa.text("state = 'open'")
    op.create_index("ix_proposals_open", "proposals", ["id"], postgresql_where=is_open, sqlite_where=is_open)
