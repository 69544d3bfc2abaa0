"""The Model Context Protocol server: what assistants ask of the archive, over the same use cases as the page.

Needs the extra `mcp`; the command imports this package when it runs.
"""
