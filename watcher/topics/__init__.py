"""Topic care: what a topic brings, what it misses, what a change to it would change. Works over the archive."""
