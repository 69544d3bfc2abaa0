"""Checks of the code's own habits, run by `make check`."""
