"""What a digest contains and how it looks: composed from hits, rendered as HTML, text and Markdown. Pure.

Import from the modules: schedules are read by every command, and must not load the template engine.
"""
