"""What a digest says and how it looks: composed from hits, written as HTML, text, Markdown and Slack blocks. Pure."""

from watcher.digest.compose import compose, is_sent
from watcher.digest.html import html
from watcher.digest.labels import check, sign
from watcher.digest.leaving import check_leave, sign_leave, with_leave_in_html, with_leave_in_text
from watcher.digest.parts import cut, split_markdown
from watcher.digest.pieces import Links, coverage_line, headline, marked, snippet, subject
from watcher.digest.plain import markdown, text
from watcher.digest.slack import slack
from watcher.digest.slots import due_slot, next_slot, parse_schedule, quiet_until
from watcher.digest.volume import unusual
from watcher.digest.words import IMMEDIATE, to_cron

__all__ = [
    "IMMEDIATE",
    "Links",
    "check",
    "check_leave",
    "compose",
    "coverage_line",
    "cut",
    "due_slot",
    "headline",
    "html",
    "is_sent",
    "markdown",
    "marked",
    "next_slot",
    "parse_schedule",
    "quiet_until",
    "sign",
    "sign_leave",
    "slack",
    "snippet",
    "split_markdown",
    "subject",
    "text",
    "to_cron",
    "unusual",
    "with_leave_in_html",
    "with_leave_in_text",
]
