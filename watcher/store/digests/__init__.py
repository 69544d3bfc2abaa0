"""Digests as composed, the hits that they reported, and who unsubscribed."""
