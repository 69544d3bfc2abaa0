"""Which role each route needs: the one table, by method and path. A route that is not in it is an admin's.

A reader reads, and has an account of its own; an editor judges and changes topics, feeds and digests; an admin
changes channels, people and settings.
"""

from __future__ import annotations

from collections.abc import Mapping

from fastapi import HTTPException, Request

from watcher.model.person import Person, Role
from watcher.web.auth.person import get_person

API = "/api/v1"
_PUBLIC = """
GET /healthz
GET /help
GET /help/{name:path}
GET /label/{token}
GET /login
GET /login/oidc
GET /login/oidc/callback
GET /readyz
GET /unsubscribe/{token}
POST /label/{token}
POST /login
POST /logout
POST /unsubscribe/{token}
"""
"""Served without a login: health reveals nothing, and a signed address is its own proof."""
_READER = """
DELETE /api/v1/account/sessions/{session}
DELETE /api/v1/account/tokens/{token}
DELETE /api/v1/notes/{note_id}
DELETE /api/v1/views/{view_id}
GET /
GET /account
GET /api/docs
GET /api/v1/account
GET /api/v1/account/sessions
GET /api/v1/account/tokens
GET /api/v1/deliveries
GET /api/v1/digests
GET /api/v1/digests/{name}
GET /api/v1/entries
GET /api/v1/entries/{entry_id}
GET /api/v1/entries/{entry_id}/similar
GET /api/v1/facets/hits
GET /api/v1/facets/stories
GET /api/v1/feeds
GET /api/v1/feeds/show
GET /api/v1/hits
GET /api/v1/hits/{hit_id}
GET /api/v1/marks
GET /api/v1/notes
GET /api/v1/notes/{note_id}
GET /api/v1/notes/{note_id}/versions
GET /api/v1/proposals
GET /api/v1/proposals/{proposal_id}
GET /api/v1/status
GET /api/v1/stories
GET /api/v1/stories/{story_id}
GET /api/v1/stories/{story_id}/brief
GET /api/v1/stories/{story_id}/brief.docx
GET /api/v1/stories/{story_id}/brief.md
GET /api/v1/topics
GET /api/v1/topics/{topic_id}
GET /api/v1/topics/{topic_id}/settings
GET /api/v1/views
GET /archive
GET /as-of
GET /deliveries
GET /digests
GET /digests.atom
GET /digests/preview
GET /digests/times
GET /digests/preview/mail
GET /digests/{digest_id}
GET /digests/{digest_id}/mail
GET /entries/{entry_id}
GET /entries/{entry_id}/similar
GET /events
GET /feeds
GET /feeds.opml
GET /feeds/show
GET /hits
GET /hits.atom
GET /hits.csv
GET /hits.jsonl
GET /hits.md
GET /hits/{hit_id}
GET /metrics
GET /notes
GET /overview
GET /proposals
GET /query/check
GET /stories
GET /stories/{story_id}
GET /stories/{story_id}/brief.docx
GET /stories/{story_id}/brief.md
GET /topics
GET /topics/{topic_id}
GET /topics/{topic_id}.atom
GET /topics/{topic_id}.json
GET /views
GET /views/{key}.atom
GET /views/{view_id}
GET /workbench
DELETE /api/v1/account/digests/{name}
PATCH /api/v1/account/digests/{name}
PATCH /api/v1/notes/{note_id}
PATCH /api/v1/views/{view_id}
GET /account/digests/edit
GET /account/digests/new
GET /api/v1/account/digests
GET /api/v1/account/digests/{name}
POST /account/digests/act
POST /account/digests/edit
POST /account/digests/new
POST /account/password
POST /account/sessions
POST /account/tokens
POST /account/tokens/revoke
POST /api/v1/account/digests
POST /api/v1/account/tokens
POST /api/v1/notes
POST /api/v1/notes/{note_id}/restore
POST /api/v1/topics/draft
POST /api/v1/topics/preview
POST /api/v1/topics/test
POST /api/v1/views
POST /api/v1/views/{view_id}/restore
POST /notes
POST /notes/{note_id}/delete
POST /notes/{note_id}/done
POST /notes/{note_id}/edit
POST /notes/{note_id}/restore
POST /triage
POST /views
POST /views/{view_id}/delete
POST /views/{view_id}/move
POST /views/{view_id}/rename
POST /views/{view_id}/restore
POST /workbench
POST /workbench/preview
PUT /api/v1/account/password
PUT /api/v1/marks
PUT /api/v1/notes/{note_id}/done
PUT /api/v1/views
"""
_EDITOR = """
DELETE /api/v1/digests/{name}
DELETE /api/v1/feeds
DELETE /api/v1/topics/{topic_id}
GET /api/v1/channels
GET /api/v1/feeds/settings
GET /api/v1/history
GET /digests/edit
GET /digests/new
GET /feeds/add
GET /feeds/edit
GET /history
GET /topics/{topic_id}/settings
GET /workbench/article
PATCH /api/v1/digests/{name}
PATCH /api/v1/feeds
PATCH /api/v1/topics/{topic_id}
POST /api/v1/digests
POST /api/v1/digests/{name}/send
POST /api/v1/feeds
POST /api/v1/feeds/discover
POST /api/v1/history/{number}/undo
POST /api/v1/stories/{story_id}/merge
POST /api/v1/stories/{story_id}/split
POST /api/v1/stories/{story_id}/undo
POST /api/v1/topics
POST /api/v1/topics/{topic_id}/restore
POST /deliveries/{delivery_id}/retry
POST /digests/act
POST /digests/edit
POST /digests/new
POST /feeds/act
POST /feeds/add
POST /feeds/edit
POST /feeds/find
POST /feeds/import
POST /feeds/remove
POST /feeds/resume
POST /history/undo
POST /hits/{hit_id}/label
POST /proposals/{proposal_id}/label
POST /stories/{story_id}/merge
POST /stories/{story_id}/split
POST /stories/{story_id}/undo
POST /topics/{topic_id}/act
POST /topics/{topic_id}/settings
POST /workbench/article
PUT /api/v1/hits/{hit_id}/label
PUT /api/v1/proposals/{proposal_id}/label
"""
_ADMIN = """
DELETE /api/v1/channels/{name}
DELETE /api/v1/people/{name}/sessions
GET /api/v1/audit
GET /api/v1/channels/{name}
GET /api/v1/people
GET /api/v1/people/{name}
GET /api/v1/people/{name}/sessions
GET /api/v1/settings
GET /api/v1/setup
GET /audit
GET /channels/edit
GET /channels/new
GET /people
GET /settings
GET /setup
GET /setup/done
PATCH /api/v1/channels/{name}
PATCH /api/v1/people/{name}
PATCH /api/v1/settings
POST /api/v1/channels
POST /api/v1/channels/{name}/test
POST /api/v1/people
POST /api/v1/setup
POST /api/v1/setup/test
POST /channels/delete
POST /channels/edit
POST /channels/new
POST /channels/test
POST /people/act
POST /people/add
POST /settings
POST /setup
"""
MINIMAL_ROLES: Mapping[str, Role | None] = {
    route: role
    for role, routes in ((None, _PUBLIC), (Role.READER, _READER), (Role.EDITOR, _EDITOR), (Role.ADMIN, _ADMIN))
    for route in routes.split("\n")
    if route
}
"""The least role of each route, as `METHOD /path`; None where nobody needs to log in."""
_INCLUDED = frozenset((role, needed) for role in Role for needed in Role if role.includes(needed))


async def check_role(request: Request) -> None:
    """Raise HTTPException (403) where a route needs another role than the person's."""
    if (needed := find_missing_role(request)) is not None:
        require_role(get_person(request), needed)


def find_missing_role(request: Request) -> Role | None:
    """Return the role that a request needs and its person has not; None where nothing is missing, or no route is."""
    route = request.scope.get("route")
    if route is None:
        return None
    path = route.path
    # The scope's path: to build a request's URL takes as long as to find its route.
    if request.scope["path"].startswith(f"{API}/") and not path.startswith(API):
        path = API + path
    needed = MINIMAL_ROLES.get(f"{request.method} {path}", Role.ADMIN)
    return None if needed is None or (get_person(request).role, needed) in _INCLUDED else needed


def require_role(person: Person, needed: Role) -> None:
    """Raise HTTPException (403) where a person has not a role."""
    if person.role.includes(needed):
        return
    article = "an" if needed is not Role.READER else "a"
    raise HTTPException(
        403, f"This needs the role of {article} {needed.value}. {person.name or 'A visitor'} has that of {person.role}."
    )
