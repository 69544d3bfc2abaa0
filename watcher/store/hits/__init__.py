"""Hits: storing, listing, labels, and counts by topic and day."""
