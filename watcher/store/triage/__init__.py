"""What people do with a list: read state, stars, notes, saved views."""
