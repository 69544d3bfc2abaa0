"""Topics by meaning, pure: passages, vectors, heads that separate what a topic is from the rest, budgets, ranking.

Everything but `passage` needs numpy, which only the extra `meaning` installs: import it where an encoder is at hand.
"""
