"""How things look: templates, words with their evidence, moments, charts and diffs."""
