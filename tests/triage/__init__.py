"""Read state, stars, notes and saved views."""
