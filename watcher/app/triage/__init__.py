"""Use cases of a list that people work through: read state, stars, notes and saved views."""
