"""The terms on which a process holds shards of hosts, and how long hosts rest that come from another. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from watcher.store.feeds.shards import HostShard

UPDATE_INTERVAL = timedelta(seconds=1)
"""How often a process looks at the shards; after so long it knows of one that it has lost."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ShardTerms:
    """How shards are leased: for how long, how often that is renewed, and the `spacing` of requests to one host."""

    spacing: timedelta
    lease_for: timedelta
    renew_every: timedelta

    @property
    def rest_after_death(self) -> timedelta:
        """Return for how long hosts rest whose last request nobody recorded."""
        return self.spacing + 2 * UPDATE_INTERVAL

    def compute_rest(self, shard: HostShard, now: datetime, *, is_first: bool) -> timedelta:
        """Return for how long the hosts of a shard may not be asked yet, which was leased just now, as it was before.

        `is_first` is false where an earlier version, which leased no shards, has asked hosts lately.
        """
        if not shard.is_lease_possible(now):
            # The clock of the database was set: whoever held it may believe so for the length of a lease.
            return self.lease_for + self.spacing
        if shard.owner is not None:
            return self.rest_after_death
        if shard.lease_until is None:
            return timedelta() if is_first else self.rest_after_death
        return max(timedelta(), min(self.spacing, shard.lease_until + self.spacing - now))
