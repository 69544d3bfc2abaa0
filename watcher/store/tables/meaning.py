"""What entries mean: encoder models, vectors, judgements, heads of topics, and proposals."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    Text,
    UniqueConstraint,
)

from watcher.store.sql.types import Id, Moment
from watcher.store.tables.base import metadata, partial_index

embedding_models = Table(
    "embedding_models",
    metadata,
    Column("id", Id, primary_key=True),
    Column("name", Text, nullable=False, unique=True, comment="with its version"),
    Column("dimensions", Integer, nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("state", String(12), nullable=False, comment="serving, building or retired"),
    Column("watermark_id", Id, nullable=False, server_default="0", comment="all entries up to this id have a vector"),
)

embeddings = Table(
    "embeddings",
    metadata,
    # The entry first: what is pruned takes its vectors along without a further index.
    Column("entry_id", Id, ForeignKey("entries.id", ondelete="CASCADE"), primary_key=True, autoincrement=False),
    Column("model_id", Id, ForeignKey("embedding_models.id", ondelete="CASCADE"), primary_key=True),
    Column("entry_version", Integer, nullable=False, comment="the version of the text that was read"),
    Column("text_hash", BigInteger, nullable=False, comment="of what was read: copies take the same vector"),
    Column("vector", LargeBinary, nullable=False, comment="int8; empty where the model cannot read the text"),
    Column("title_vector", LargeBinary, comment="int8; null where the title is all of the text"),
    Index("ix_embeddings_model_id_text_hash", "model_id", "text_hash"),
)

embedding_claims = Table(
    "embedding_claims",
    metadata,
    Column("model_id", Id, ForeignKey("embedding_models.id", ondelete="CASCADE"), primary_key=True),
    # No reference: an entry may be pruned while it is read.
    Column("entry_id", Id, primary_key=True, autoincrement=False),
    Column("owner", Text, nullable=False),
    Column("lease_until", Moment, nullable=False),
    Index("ix_embedding_claims_owner", "owner"),
)

embedding_queue = Table(
    "embedding_queue",
    metadata,
    Column("entry_id", Id, ForeignKey("entries.id", ondelete="CASCADE"), primary_key=True, autoincrement=False),
    Column("model_id", Id, ForeignKey("embedding_models.id", ondelete="CASCADE"), primary_key=True),
    comment="Entries that were edited after they were read.",
)

text_vectors = Table(
    "text_vectors",
    metadata,
    Column("model_id", Id, ForeignKey("embedding_models.id", ondelete="CASCADE"), primary_key=True),
    Column("text_hash", BigInteger, primary_key=True, autoincrement=False),
    Column("vector", LargeBinary, nullable=False),
    comment="Vectors of the sentences and examples of topics.",
)

judgements = Table(
    "judgements",
    metadata,
    Column("id", Id, primary_key=True),
    Column("topic_id", Text, nullable=False),
    # No reference: what was learned outlives the entry.
    Column("entry_id", Id, nullable=False),
    Column("verdict", String(12), nullable=False, comment="relevant or irrelevant"),
    Column("author", Text, comment="empty before there are users"),
    Column("judged_at", Moment, nullable=False),
    Column("topic_version", Text, nullable=False),
    Column("text", Text, nullable=False, comment="what was judged"),
    Column("model_id", Id, comment="whose vector it is"),
    Column("vector", LargeBinary),
    Column("undone_at", Moment, comment="taken back, or replaced by a later one"),
    Index("ix_judgements_topic_id_entry_id", "topic_id", "entry_id"),
    Index("ix_judgements_entry_id", "entry_id"),
)

topic_heads = Table(
    "topic_heads",
    metadata,
    Column("topic_id", Text, primary_key=True),
    Column("version", Text, primary_key=True),
    Column("model_id", Id, ForeignKey("embedding_models.id", ondelete="CASCADE"), primary_key=True),
    Column("topic_version", Text, nullable=False, comment="the hash of the topic's sentences"),
    Column("fitted_at", Moment, nullable=False),
    Column("weights", LargeBinary, nullable=False),
    Column("bias", Float, nullable=False),
    Column("threshold", Float, nullable=False),
    Column("training", Text, nullable=False, server_default="{}", comment="JSON: what it was fitted on"),
)

proposals = Table(
    "proposals",
    metadata,
    Column("id", Id, primary_key=True),
    Column("topic_id", Text, nullable=False),
    Column("entry_id", Id, ForeignKey("entries.id", ondelete="CASCADE"), nullable=False),
    Column("score", Float, nullable=False),
    Column("state", String(12), nullable=False),
    Column("proposed_at", Moment, nullable=False),
    Column("model_id", Id, nullable=False),
    Column("head_version", Text, nullable=False),
    Column("topic_version", Text, nullable=False, comment="the hash of the topic's sentences"),
    Column(
        "evidence", Text, nullable=False, server_default="[]", comment="JSON: [[kind, text, field, start, end], ...]"
    ),
    Column("judged_at", Moment),
    UniqueConstraint("topic_id", "entry_id"),
    Index("ix_proposals_topic_id_proposed_at", "topic_id", "proposed_at"),
    Index("ix_proposals_entry_id", "entry_id"),
    Index("ix_proposals_open", "id", **partial_index("state = 'open'")),
)
