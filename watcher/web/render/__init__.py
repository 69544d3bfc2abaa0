"""Rendering of pages: templates, text with its evidence, times and diffs."""
