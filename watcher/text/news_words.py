"""Words that nearly every English news item holds, apart from the stop words of many languages, which take longer to
read."""

from __future__ import annotations

_NEWS_WORDS = """
a about after against all an and any as at be been but by can for from had has have he her his how i if in into is it
its more new no not of on one or our out over s said she so than that the their there they this to two up us was we
were what when which who will with would year you state government president people world
"""
COMMON_IN_NEWS = frozenset(_NEWS_WORDS.split())
"""Words of which nearly every English news item holds some: finding one of them says little about a topic."""
