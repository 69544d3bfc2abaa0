"""The version of the tokenizer's rules, apart from them: opening a database compares the number, compiles no rule."""

ANALYSER_VERSION = 2
"""Changes whenever the same text may give other tokens: the archive's index has to be built anew then."""
