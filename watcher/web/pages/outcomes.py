"""What a page about people says after a change: one of a few sentences, chosen by a word in the address."""

from __future__ import annotations

from fastapi import Request
from fastapi.responses import RedirectResponse

from watcher.web.render.environment import link

_SENTENCES = {
    "added": "The person was added and can log in.",
    "role": "The role was changed.",
    "password": "The password was changed, and the other sessions have ended.",
    "disable": "The person can no longer log in. The name stays on notes and judgements.",
    "enable": "The person can log in again.",
    "sessions": "The sessions have ended.",
    "session": "The session has ended.",
    "revoked": "The token was revoked.",
    "digest": "Your digest was saved.",
    "digest-pause": "Your digest is paused.",
    "digest-resume": "Your digest goes on.",
    "digest-end": "Your digest has ended. What it sent stays stored.",
}


def redirect_with_outcome(path: str, outcome: str) -> RedirectResponse:
    """Return a redirect to a page that says what was done."""
    return RedirectResponse(link(path, done=outcome), 303)


def show_outcome(request: Request) -> str:
    """Return the sentence about what was just done; empty where nothing was."""
    return _SENTENCES.get(request.query_params.get("done", ""), "")
