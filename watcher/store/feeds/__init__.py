"""Feeds and their polls: the queue of due feeds, leases, history, hosts."""
