"""The command line: reads what was typed, asks the rooms below, prints. Heavy rooms are imported on demand."""
