"""Maps a delivery to its row."""

from __future__ import annotations

from sqlalchemy import RowMapping

from watcher.model.delivery import Delivery, DeliveryState

UNSUBSCRIBED_ERROR = "the recipient unsubscribed"


def read_delivery_row(row: RowMapping) -> Delivery:
    """Return the Delivery of a row."""
    return Delivery(
        id=row["id"],
        digest_id=row["digest_id"],
        channel=row["channel"],
        kind=row["kind"],
        recipient=row["recipient"],
        part=row["part"],
        payload=row["payload"],
        message_id=row["message_id"],
        state=DeliveryState(row["state"]),
        attempts=row["attempts"],
        next_try_at=row["next_try_at"],
        created_at=row["created_at"],
        sent_at=row["sent_at"],
        provider_ref=row["provider_ref"],
        error=row["error"],
        lease=row["lease"],
        doubts=row["doubts"],
        changed_at=row["changed_at"],
    )
