"""The first schema."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


# The types as they were at this revision: a migration imports nothing of the watcher, whose code may change.
def Id() -> sa.types.TypeEngine:  # noqa: N802
    return sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def Moment() -> sa.types.TypeEngine:  # noqa: N802
    """Return timestamptz on PostgreSQL, milliseconds since 1970 on SQLite."""
    return sa.BigInteger().with_variant(sa.DateTime(timezone=True), "postgresql")


def Length() -> sa.types.TypeEngine:  # noqa: N802
    """Return whole seconds."""
    return sa.BigInteger()


def upgrade() -> None:
    op.create_table(
        "digests",
        sa.Column("id", Id(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False, comment="the subscription's name"),
        sa.Column("slot_at", Moment(), nullable=False),
        sa.Column("title", sa.Text(), server_default="", nullable=False),
        sa.Column("subject", sa.Text(), server_default="", nullable=False),
        sa.Column("window_from", Moment(), nullable=False),
        sa.Column("window_to", Moment(), nullable=False),
        sa.Column("composed_at", Moment(), nullable=False),
        sa.Column("hits", sa.Integer(), nullable=False),
        sa.Column("stories", sa.Integer(), nullable=False),
        sa.Column("sent", sa.Boolean(), server_default="1", nullable=False, comment="false: empty, and so not sent"),
        sa.Column("html", sa.Text(), server_default="", nullable=False),
        sa.Column("text", sa.Text(), server_default="", nullable=False),
        sa.Column("coverage", sa.Text(), server_default="{}", nullable=False, comment="JSON"),
        sa.PrimaryKeyConstraint("id", name="pk_digests"),
        sa.UniqueConstraint("name", "slot_at", name="uq_digests_name_slot_at"),
    )
    op.create_table(
        "feeds",
        sa.Column("id", Id(), nullable=False),
        sa.Column("url", sa.Text(), nullable=False, comment="as configured: its identity"),
        sa.Column("fetch_url", sa.Text(), nullable=False, comment="where it is fetched now, after permanent moves"),
        sa.Column("host", sa.Text(), server_default="", nullable=False),
        sa.Column("configured", sa.Boolean(), server_default="1", nullable=False, comment="named in feeds.yaml now"),
        sa.Column("source", sa.Text(), server_default="{}", nullable=False, comment="what feeds.yaml says of it, JSON"),
        sa.Column(
            "name", sa.Text(), server_default="", nullable=False, comment="what to call it: configured or own title"
        ),
        sa.Column("title", sa.Text(), server_default="", nullable=False),
        sa.Column("language", sa.Text(), nullable=True),
        sa.Column("site_url", sa.Text(), nullable=True),
        sa.Column("state", sa.String(length=16), server_default="active", nullable=False),
        sa.Column("etag", sa.Text(), nullable=True),
        sa.Column("last_modified", sa.Text(), nullable=True),
        sa.Column("validators_url", sa.Text(), nullable=True),
        sa.Column("body_hash", sa.LargeBinary(), nullable=True),
        sa.Column("key_rule", sa.String(length=20), server_default="guid", nullable=False),
        sa.Column("next_poll_at", Moment(), nullable=False),
        sa.Column("interval", Length(), nullable=False),
        sa.Column("rhythm", Length(), nullable=True),
        sa.Column("polled_at", Moment(), nullable=True),
        sa.Column("succeeded_at", Moment(), nullable=True),
        sa.Column("read_at", Moment(), nullable=True),
        sa.Column("new_at", Moment(), nullable=True),
        sa.Column("baseline_at", Moment(), nullable=True),
        sa.Column("barren", sa.Integer(), server_default="0", nullable=False),
        sa.Column("failures", sa.Integer(), server_default="0", nullable=False),
        sa.Column("failing_since", Moment(), nullable=True),
        sa.Column("error_kind", sa.String(length=20), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("move_url", sa.Text(), nullable=True),
        sa.Column("move_first_seen_at", Moment(), nullable=True),
        sa.Column("move_sightings", sa.Integer(), server_default="0", nullable=False),
        sa.Column(
            "document_keys", sa.Text(), server_default="", nullable=False, comment="of the last document, space between"
        ),
        sa.Column(
            "item_marks",
            sa.LargeBinary(),
            nullable=True,
            comment="of its items that are stored, as they stood: eight bytes each",
        ),
        sa.Column("gaps", sa.Integer(), server_default="0", nullable=False),
        sa.Column("lost", sa.Integer(), server_default="0", nullable=False),
        sa.Column("gap_at", Moment(), nullable=True),
        sa.Column("hub", sa.Text(), nullable=True),
        sa.Column("topic_url", sa.Text(), nullable=True, comment="what the feed calls itself at its hub"),
        sa.Column("pushed_at", Moment(), nullable=True, comment="the last push, while pushes are known to work"),
        sa.Column("entries", sa.Integer(), server_default="0", nullable=False, comment="how many are stored"),
        sa.Column(
            "lease",
            sa.BigInteger(),
            server_default="0",
            nullable=False,
            comment="fencing token: the claim that may settle",
        ),
        sa.Column("lease_until", Moment(), nullable=True),
        sa.Column("lease_by", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_feeds"),
        sa.UniqueConstraint("url", name="uq_feeds_url"),
        postgresql_with={"fillfactor": 60},
    )
    op.create_index("ix_feeds_due", "feeds", ["configured", "next_poll_at"], unique=False)
    op.create_table(
        "hit_days",
        sa.Column("topic_id", sa.Text(), nullable=False),
        sa.Column("day", sa.String(length=10), nullable=False, comment="YYYY-MM-DD of matched_at in UTC"),
        sa.Column("origin", sa.String(length=12), nullable=False),
        sa.Column("hits", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("topic_id", "day", "origin", name="pk_hit_days"),
    )
    op.create_table(
        "hosts",
        sa.Column("host", sa.Text(), nullable=False),
        sa.Column("next_allowed_at", Moment(), nullable=False, comment="when the turns are over that were taken"),
        sa.PrimaryKeyConstraint("host", name="pk_hosts"),
    )
    op.create_table(
        "leases",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("owner", sa.Text(), nullable=False),
        sa.Column("until", Moment(), nullable=False),
        sa.Column("token", sa.BigInteger(), nullable=False),
        sa.Column("note", sa.Text(), server_default="", nullable=False, comment="JSON: what the owner says of itself"),
        sa.PrimaryKeyConstraint("name", name="pk_leases"),
    )
    op.create_table(
        "meta",
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("key", name="pk_meta"),
    )
    op.create_table(
        "stories",
        sa.Column("id", Id(), nullable=False),
        sa.Column("first_at", Moment(), nullable=False),
        sa.Column("last_at", Moment(), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_stories"),
    )
    op.create_index("ix_stories_last_at", "stories", ["last_at"], unique=False)
    op.create_table(
        "topic_versions",
        sa.Column("topic_id", sa.Text(), nullable=False),
        sa.Column("version", sa.Text(), nullable=False),
        sa.Column("query", sa.Text(), nullable=False),
        sa.Column("since_at", Moment(), nullable=False),
        sa.PrimaryKeyConstraint("topic_id", "version", name="pk_topic_versions"),
    )
    op.create_table(
        "topics",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("query", sa.Text(), nullable=False),
        sa.Column("version", sa.Text(), nullable=False),
        sa.Column("active", sa.Boolean(), server_default="1", nullable=False),
        sa.Column("changed_at", Moment(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_topics"),
    )
    op.create_table(
        "unsubscribed",
        sa.Column("name", sa.Text(), nullable=False, comment="the subscription's name"),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("recipient", sa.Text(), nullable=False),
        sa.Column("at", Moment(), nullable=False),
        sa.PrimaryKeyConstraint("name", "channel", "recipient", name="pk_unsubscribed"),
    )
    op.create_table(
        "callbacks",
        sa.Column("id", Id(), nullable=False),
        sa.Column("feed_id", Id(), nullable=False),
        sa.Column("token", sa.Text(), nullable=False, comment="the part of the address that nobody can guess"),
        sa.Column("secret", sa.Text(), nullable=False),
        sa.Column("hub", sa.Text(), nullable=False),
        sa.Column("topic", sa.Text(), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("next_try_at", Moment(), nullable=False),
        sa.Column("expires_at", Moment(), nullable=True),
        sa.Column("failures", sa.Integer(), server_default="0", nullable=False),
        sa.Column("error", sa.Text(), server_default="", nullable=False),
        sa.ForeignKeyConstraint(["feed_id"], ["feeds.id"], name="fk_callbacks_feed_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_callbacks"),
        sa.UniqueConstraint("feed_id", name="uq_callbacks_feed_id"),
        sa.UniqueConstraint("token", name="uq_callbacks_token"),
        comment="Subscriptions at hubs (WebSub).",
    )
    op.create_table(
        "entries",
        sa.Column("id", Id(), nullable=False),
        sa.Column("feed_id", Id(), nullable=False),
        sa.Column(
            "key_mark", sa.BigInteger(), nullable=False, comment="short for the key, as the other marks: store/marks.py"
        ),
        sa.Column("url_mark", sa.BigInteger(), nullable=True, comment="empty where `key` is"),
        sa.Column("title_mark", sa.BigInteger(), nullable=True),
        sa.Column("published_at", Moment(), nullable=True),
        sa.Column("item_updated_at", Moment(), nullable=True, comment="what the feed says of its last edit"),
        sa.Column("first_seen_at", Moment(), nullable=False),
        sa.Column("updated_at", Moment(), nullable=True, comment="when an edit was seen"),
        sa.Column("story_id", Id(), nullable=True),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("baseline", sa.Boolean(), server_default="0", nullable=False),
        sa.Column("quarantined", sa.Boolean(), server_default="0", nullable=False),
        sa.Column(
            "copy",
            sa.Boolean(),
            server_default="0",
            nullable=False,
            comment="a near-verbatim copy of an earlier telling",
        ),
        sa.Column("published_doubtful", sa.Boolean(), server_default="0", nullable=False),
        sa.Column(
            "permalink", sa.Boolean(), server_default="0", nullable=False, comment="the guid is the address, said once"
        ),
        sa.Column("content_hash", sa.LargeBinary(), nullable=False),
        sa.Column("key", sa.Text(), nullable=True, comment="empty where it is `guid:` and the canonical address"),
        sa.Column("guid", sa.Text(), nullable=True, comment="empty where `permalink`"),
        sa.Column("url", sa.Text(), nullable=True),
        sa.Column("canonical_url", sa.Text(), nullable=True, comment="where it is not `url`"),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("summary", sa.Text(), server_default="", nullable=False),
        sa.Column("content", sa.Text(), server_default="", nullable=False),
        sa.Column("author", sa.Text(), server_default="", nullable=False),
        sa.Column("tags", sa.Text(), server_default="", nullable=False, comment="one a line"),
        sa.Column("language", sa.String(length=35), nullable=True),
        sa.Column("published_raw", sa.Text(), server_default="", nullable=False),
        sa.ForeignKeyConstraint(["feed_id"], ["feeds.id"], name="fk_entries_feed_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_entries"),
        sa.UniqueConstraint("feed_id", "key_mark", name="uq_entries_feed_id_key_mark"),
    )
    op.create_index("ix_entries_feed_id_id", "entries", ["feed_id", "id"], unique=False)
    op.create_index("ix_entries_feed_id_title_mark", "entries", ["feed_id", "title_mark"], unique=False)
    op.create_index(
        "ix_entries_feed_id_url_mark",
        "entries",
        ["feed_id", "url_mark"],
        unique=False,
        postgresql_where=sa.text("url_mark IS NOT NULL"),
        sqlite_where=sa.text("url_mark IS NOT NULL"),
    )
    op.create_index("ix_entries_first_seen_at", "entries", ["first_seen_at"], unique=False)
    op.create_index(
        "ix_entries_story_id",
        "entries",
        ["story_id"],
        unique=False,
        postgresql_where=sa.text("story_id IS NOT NULL"),
        sqlite_where=sa.text("story_id IS NOT NULL"),
    )
    op.create_table(
        "outbox",
        sa.Column("id", Id(), nullable=False),
        sa.Column("digest_id", Id(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("recipient", sa.Text(), server_default="", nullable=False),
        sa.Column("part", sa.Integer(), server_default="0", nullable=False),
        sa.Column("payload", sa.Text(), nullable=False),
        sa.Column("message_id", sa.Text(), nullable=False),
        sa.Column("state", sa.String(length=12), server_default="pending", nullable=False),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.Column("next_try_at", Moment(), nullable=False),
        sa.Column("created_at", Moment(), nullable=False),
        sa.Column("sent_at", Moment(), nullable=True),
        sa.Column("provider_ref", sa.Text(), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("lease", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("lease_until", Moment(), nullable=True),
        sa.Column("lease_by", sa.Text(), nullable=True),
        sa.Column("doubts", sa.Integer(), server_default="0", nullable=False, comment="how often its fate was unknown"),
        sa.Column("changed_at", Moment(), nullable=False, comment="when it last changed its state"),
        sa.ForeignKeyConstraint(["digest_id"], ["digests.id"], name="fk_outbox_digest_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_outbox"),
        sa.UniqueConstraint(
            "digest_id", "channel", "recipient", "part", name="uq_outbox_digest_id_channel_recipient_part"
        ),
    )
    op.create_index("ix_outbox_state_next_try_at", "outbox", ["state", "next_try_at"], unique=False)
    op.create_table(
        "polls",
        sa.Column("id", Id(), nullable=False),
        sa.Column("feed_id", Id(), nullable=False),
        sa.Column("at", Moment(), nullable=False),
        sa.Column("outcome", sa.String(length=20), nullable=False, comment="read, unchanged, or the kind of failure"),
        sa.Column("status", sa.Integer(), nullable=True),
        sa.Column("wire_bytes", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("seen", sa.Integer(), server_default="0", nullable=False),
        sa.Column("new", sa.Integer(), server_default="0", nullable=False),
        sa.Column("updated", sa.Integer(), server_default="0", nullable=False),
        sa.Column("hits", sa.Integer(), server_default="0", nullable=False),
        sa.Column("lost", sa.Integer(), server_default="0", nullable=False),
        sa.Column("elapsed_ms", sa.Integer(), server_default="0", nullable=False),
        sa.Column("message", sa.Text(), server_default="", nullable=False),
        sa.ForeignKeyConstraint(["feed_id"], ["feeds.id"], name="fk_polls_feed_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_polls"),
    )
    op.create_index("ix_polls_at", "polls", ["at"], unique=False)
    op.create_index("ix_polls_feed_id_id", "polls", ["feed_id", "id"], unique=False)
    op.create_table(
        "tombstones",
        sa.Column("feed_id", Id(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column(
            "seen_at", Moment(), nullable=False, comment="last listed by the feed; outlives the entry while it is"
        ),
        sa.Column("content_hash", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["feed_id"], ["feeds.id"], name="fk_tombstones_feed_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("feed_id", "key", name="pk_tombstones"),
    )
    op.create_table(
        "aliases",
        sa.Column("feed_id", Id(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("entry_id", Id(), nullable=False),
        sa.ForeignKeyConstraint(["entry_id"], ["entries.id"], name="fk_aliases_entry_id", ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["feed_id"], ["feeds.id"], name="fk_aliases_feed_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("feed_id", "key", name="pk_aliases"),
    )
    op.create_index("ix_aliases_entry_id", "aliases", ["entry_id"], unique=False)
    op.create_table(
        "entry_versions",
        sa.Column("entry_id", Id(), nullable=False),
        sa.Column(
            "version", sa.Integer(), nullable=False, comment="the version that this text was, until `replaced_at`"
        ),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("summary", sa.Text(), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.Column("content_hash", sa.LargeBinary(), nullable=False),
        sa.Column("seen_at", Moment(), nullable=False),
        sa.Column("replaced_at", Moment(), nullable=False),
        sa.ForeignKeyConstraint(["entry_id"], ["entries.id"], name="fk_entry_versions_entry_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("entry_id", "version", name="pk_entry_versions"),
    )
    op.create_table(
        "hits",
        sa.Column("id", Id(), nullable=False),
        sa.Column("topic_id", sa.Text(), nullable=False),
        sa.Column("entry_id", Id(), nullable=False),
        sa.Column("topic_version", sa.Text(), nullable=False),
        sa.Column("score", sa.Float(), nullable=False),
        sa.Column("evidence", sa.Text(), nullable=False, comment="JSON: [[field, start, end, text, clause], ...]"),
        sa.Column("origin", sa.String(length=12), nullable=False),
        sa.Column("matched_at", Moment(), nullable=False),
        sa.Column("label", sa.String(length=12), nullable=True),
        sa.Column("labelled_at", Moment(), nullable=True),
        sa.ForeignKeyConstraint(["entry_id"], ["entries.id"], name="fk_hits_entry_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_hits"),
        sa.UniqueConstraint("topic_id", "entry_id", name="uq_hits_topic_id_entry_id"),
    )
    op.create_index("ix_hits_entry_id", "hits", ["entry_id"], unique=False)
    op.create_index("ix_hits_matched_at", "hits", ["matched_at"], unique=False)
    op.create_index("ix_hits_topic_id_id", "hits", ["topic_id", "id"], unique=False)
    op.create_table(
        "story_marks",
        sa.Column("mark", sa.Integer(), nullable=False, autoincrement=False),
        sa.Column("entry_id", Id(), nullable=False),
        sa.PrimaryKeyConstraint("mark", "entry_id", name="pk_story_marks"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "digest_items",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("hit_id", Id(), nullable=False),
        sa.Column("digest_id", Id(), nullable=False),
        sa.Column(
            "version", sa.Integer(), server_default="1", nullable=False, comment="the entry's version that was told"
        ),
        sa.ForeignKeyConstraint(["digest_id"], ["digests.id"], name="fk_digest_items_digest_id", ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["hit_id"], ["hits.id"], name="fk_digest_items_hit_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("name", "hit_id", name="pk_digest_items"),
    )
    op.create_index("ix_digest_items_digest_id", "digest_items", ["digest_id"], unique=False)
    op.create_index("ix_digest_items_hit_id", "digest_items", ["hit_id"], unique=False)
    if op.get_bind().dialect.name == "sqlite":
        # Contentless: it holds index tokens alone; what was indexed is told again when a row leaves (store/search.py).
        op.execute("CREATE VIRTUAL TABLE archive USING fts5(tokens, content='', tokenize='ascii')")
        # Merged half as often as by default: each word is written fewer times, and a search asks some pieces more.
        op.execute("INSERT INTO archive (archive, rank) VALUES ('automerge', 8)")
    else:
        op.create_table(
            "archive",
            sa.Column("entry_id", Id(), primary_key=True, autoincrement=False),
            sa.Column("tokens", postgresql.TSVECTOR(), nullable=False),
        )
        op.create_index("ix_archive_tokens", "archive", ["tokens"], postgresql_using="gin")
        # How many hold a word chooses how it is looked for; by default a fifth as many words are known.
        op.execute("ALTER TABLE archive ALTER COLUMN tokens SET STATISTICS 500")
