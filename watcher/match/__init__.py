"""The topic language: reads queries, finds which of many match an entry, and shows why. Pure."""

from watcher.match.budget import Check, limit_matching
from watcher.match.document import Reading
from watcher.match.explain import Clause, explain, find
from watcher.match.index import Index, Watched, finder
from watcher.match.need import AllOf, AnyOf, Anything, Need, Phrase, Prefix, Token, needs
from watcher.match.parser import parse_query
from watcher.match.syntax import Query
from watcher.match.topics import check_topics, compile_topics, from_keywords, version_of

__all__ = [
    "AllOf",
    "AnyOf",
    "Anything",
    "Check",
    "Clause",
    "Index",
    "Need",
    "Phrase",
    "Prefix",
    "Query",
    "Reading",
    "Token",
    "Watched",
    "check_topics",
    "compile_topics",
    "explain",
    "find",
    "finder",
    "from_keywords",
    "limit_matching",
    "needs",
    "parse_query",
    "version_of",
]
