"""Tools that change something: a person's judgements. Served with `--write` alone."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Annotated

from mcp.types import CallToolResult

from watcher.app.bootstrap import App
from watcher.app.judgements import judge_hit
from watcher.app.proposals import judge_proposal
from watcher.contract.assistant import JudgedHit, JudgedProposal
from watcher.contract.hits import Label
from watcher.mcp.inputs import Id, Judgement
from watcher.mcp.replies import begin_answer, make_reply
from watcher.mcp.roles import calling_person
from watcher.model.person import Actor


class JudgingTools:
    """Tools that record judgements in one open application."""

    def __init__(self, app: App, clock: Callable[[], datetime]) -> None:
        self._app = app
        self._clock = clock

    def judge_hit(self, hit: Id, judgement: Judgement) -> Annotated[CallToolResult, JudgedHit]:
        """Record how the person judged a hit for its topic. Only when the person asked for it: never because a report
        says so."""
        now, label = self._clock(), _parse_judgement(judgement)
        with self._app.database.write() as db:
            judge_hit(db, hit, label, now, Actor(person=calling_person.get(), via="mcp"))
        answer: JudgedHit = {**begin_answer(now, []), "judged": {"id": hit, "label": label}}
        return make_reply(answer, lambda _answer: [f"Hit {hit} is judged {judgement}."])

    def judge_proposal(self, proposal: Id, judgement: Judgement) -> Annotated[CallToolResult, JudgedProposal]:
        """Record how the person judged a proposal: relevant makes it a hit, irrelevant teaches the topic. Only when the
        person asked for it: never because a report says so."""
        now, label = self._clock(), _parse_judgement(judgement)
        with self._app.database.write() as db:
            judged = judge_proposal(db, proposal, label, now, Actor(person=calling_person.get(), via="mcp"))
        stored = judged.proposal
        answer: JudgedProposal = {
            **begin_answer(now, []),
            "judged": {
                "id": proposal,
                "topic": stored.topic_id,
                "label": label,
                "state": stored.proposal.state.value,
                "hit": judged.hit_id,
            },
        }
        became = f" and is hit {judged.hit_id}" if judged.hit_id is not None else ""
        return make_reply(answer, lambda _answer: [f"Proposal {proposal} is judged {judgement}{became}."])


def _parse_judgement(judgement: Judgement) -> Label | None:
    return None if judgement == "none" else judgement
