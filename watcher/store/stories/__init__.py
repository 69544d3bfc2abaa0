"""Stories: which entries report the same event."""
