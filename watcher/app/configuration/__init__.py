"""Use cases that edit the configuration, for the page, the API and the command: one module for each noun."""
