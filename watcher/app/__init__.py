"""Wiring: what the doors share. Opens the application and says what it keeps in the words of the contract."""
