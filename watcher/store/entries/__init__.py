"""Entries: what is known of a feed's items, the texts, the full-text index and the search over them."""
