"""What a poll could not keep of a document, and at which text of its entry a hit matched."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "feeds",
        sa.Column(
            "left_marks",
            sa.LargeBinary(),
            comment="of items of the last document that are not stored, eight bytes each",
        ),
    )
    op.add_column(
        "feeds",
        sa.Column("baseline_marks", sa.LargeBinary(), comment="of those of them that the first document held"),
    )
    op.add_column(
        "feeds",
        sa.Column(
            "left_unmarked",
            sa.Integer(),
            server_default="0",
            nullable=False,
            comment="items that were not looked at",
        ),
    )
    op.add_column(
        "hits",
        sa.Column(
            "entry_version",
            sa.Integer(),
            server_default="1",
            nullable=False,
            comment="the text that made the match",
        ),
    )
