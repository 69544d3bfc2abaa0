"""The section of possibly related items of a digest as Slack blocks, and the count of its weak matches."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from watcher.channels.slack.escape import cut_mrkdwn, escape_mrkdwn, escape_url
from watcher.digest.links import Links
from watcher.digest.related import RELATED_LEAD, RELATED_TITLE, format_closeness, format_weak_count, get_weak_link
from watcher.model.digest import Digest
from watcher.model.digest_proposal import DigestProposal
from watcher.text.bidi import isolate

Block = dict[str, Any]


def render_related(digest: Digest, links: Links) -> Iterator[Block]:
    """Yield a block for each proposal below a heading, and one that counts the weak matches."""
    if digest.proposals:
        yield {"type": "divider"}
        yield _section(f"*{RELATED_TITLE}* ({len(digest.proposals)})\n{RELATED_LEAD}")
    for proposal in digest.proposals:
        yield _section(_render_proposal(proposal, links))
    if digest.weak:
        text, url = format_weak_count(digest), get_weak_link(digest, links)
        linked = f"<{escape_url(url)}|{text}>" if url else text
        yield {"type": "context", "elements": [{"type": "mrkdwn", "text": linked, "verbatim": True}]}


def _render_proposal(proposal: DigestProposal, links: Links) -> str:
    title = isolate(escape_mrkdwn(cut_mrkdwn(proposal.title, 300)).replace("|", "¦"))
    heading = f"*<{escape_url(proposal.url)}|{title}>*" if proposal.url and len(proposal.url) < 1_500 else f"*{title}*"
    facts = [isolate(escape_mrkdwn(cut_mrkdwn(proposal.source, 80))), escape_mrkdwn(cut_mrkdwn(proposal.topic, 80))]
    if closeness := format_closeness(proposal):
        facts.append(escape_mrkdwn(cut_mrkdwn(closeness, 300)))
    yes, no = links.proposal(proposal.proposal_id, "relevant"), links.proposal(proposal.proposal_id, "irrelevant")
    if yes and no:
        facts.append(f"<{escape_url(yes)}|relevant> / <{escape_url(no)}|not>")
    return f"{heading}\n{' · '.join(facts)}"


def _section(text: str) -> Block:
    return {"type": "section", "text": {"type": "mrkdwn", "text": text, "verbatim": True}}
