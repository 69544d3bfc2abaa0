"""Who judged an entry for a topic, as a column of the statements that list what is judged."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, Table, case, select

from watcher.store.tables import judgements


def select_judge(table: Table, is_judged: ColumnElement[bool]) -> ColumnElement[Any]:
    """Return the column with the person whose judgement stands for the `topic_id` and `entry_id` of a table's row.

    Few rows are judged: where `is_judged` is false, nothing is looked up.
    """
    newest = (
        select(judgements.c.author)
        .where(
            judgements.c.topic_id == table.c.topic_id,
            judgements.c.entry_id == table.c.entry_id,
            judgements.c.undone_at.is_(None),
        )
        .order_by(judgements.c.id.desc())
        .limit(1)
        .correlate(table)
        .scalar_subquery()
    )
    return case((is_judged, newest)).label("judged_by")
