"""Vectors of titles beside those of whole texts."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    comment = "int8; null where the title is all of the text"
    op.add_column("embeddings", sa.Column("title_vector", sa.LargeBinary(), nullable=True, comment=comment))
