"""The topic language: parses queries, finds which of many match an entry, and explains why. Pure."""

from watcher.match.budget import Check, limit_matching
from watcher.match.compiler import check_topics, compile_topics, format_keyword_query, hash_query
from watcher.match.entry_matcher import build_entry_matcher
from watcher.match.entry_text import EntryText
from watcher.match.explain import Clause, explain_match, match_entry
from watcher.match.format import format_query
from watcher.match.index import QueryIndex
from watcher.match.parser import parse_query
from watcher.match.required_terms import (
    AllOf,
    AnyOf,
    Anything,
    RequiredPhrase,
    RequiredPrefix,
    RequiredTerms,
    RequiredToken,
    required_terms,
)
from watcher.match.syntax import Query
from watcher.match.topic_matcher import TopicMatcher

__all__ = [
    "AllOf",
    "AnyOf",
    "Anything",
    "Check",
    "Clause",
    "EntryText",
    "Query",
    "QueryIndex",
    "RequiredPhrase",
    "RequiredPrefix",
    "RequiredTerms",
    "RequiredToken",
    "TopicMatcher",
    "build_entry_matcher",
    "check_topics",
    "compile_topics",
    "explain_match",
    "format_keyword_query",
    "format_query",
    "hash_query",
    "limit_matching",
    "match_entry",
    "parse_query",
    "required_terms",
]
