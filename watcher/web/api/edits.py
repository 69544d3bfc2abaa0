"""What the routes that edit share: the version that a client saw, and requests that may be repeated."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Awaitable, Callable, Mapping
from typing import Annotated, Any

from fastapi import Depends, Header, HTTPException, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import JSONResponse

from watcher.store.system.repeatable_requests import Answer, claim_request, release_request, store_answer
from watcher.web.context import Ctx, WebContext
from watcher.web.validation import Text, validate_text

_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f\x80-\x9f\ufffe\uffff\u2028\u2029]")
MAX_NESTING = 5

IdempotencyKey = Annotated[
    str | None,
    Header(
        description="Sent again with the same key within a day, a request is answered and not done again",
        pattern=r"^[!-~]{1,255}$",
    ),
]


def require_if_match(
    if_match: Annotated[
        Text | None, Header(description="The ETag of what is edited, as it was read; `*` edits whatever is there")
    ] = None,
) -> str:
    """Return the tag of what the client saw; raises HTTPException (428) without one."""
    tag = (if_match or "").strip()
    if not tag:
        raise HTTPException(428, "Send the ETag of what you edit in the header If-Match.")
    return tag.removeprefix('"').removesuffix('"')


IfMatch = Annotated[str, Depends(require_if_match)]


def set_etag(response: Response, etag: str) -> None:
    """Send the tag of what is answered."""
    response.headers["ETag"] = f'"{etag}"'


def check_body(body: Any, depth: int = 0) -> None:
    """Raise HTTPException (400) where a body holds characters that no configuration file holds."""
    match body:
        case str():
            try:
                validate_text(body)
            except ValueError as error:
                raise HTTPException(400, f"A text {error}.") from error
            if _CONTROL.search(body):
                raise HTTPException(400, "A text contains a control character.")
        case Mapping() if depth < MAX_NESTING:
            for key, value in body.items():
                check_body(key, depth + 1)
                check_body(value, depth + 1)
        case list() if depth < MAX_NESTING:
            for value in body:
                check_body(value, depth + 1)
        case _:
            return


async def create_once(
    request: Request,
    ctx: Ctx,
    key: str | None,
    body: Any,
    create: Callable[[], Awaitable[Mapping[str, Any]]],
) -> Response:
    """Answer a creation with 201; with an Idempotency-Key, repeat the answer of the first request of this key.

    Raises HTTPException: 409 while the first is being answered, 422 where its body was another.
    """
    check_body(body)
    if key is None:
        return _answer(201, await create())
    name = f"{request.method} {request.url.path} {key}"
    known = await run_in_threadpool(_claim, ctx, name, _make_fingerprint(ctx, body))
    if known is not None:
        response = Response(known.body, known.status, media_type="application/json")
        response.headers["Idempotent-Replayed"] = "true"
        if known.etag:
            set_etag(response, known.etag)
        return response
    try:
        document = await create()
        await run_in_threadpool(_store, ctx, name, document)
    except BaseException:
        await run_in_threadpool(_release, ctx, name)
        raise
    return _answer(201, document)


def _answer(status: int, document: Mapping[str, Any]) -> Response:
    response = JSONResponse(document, status)
    if "etag" in document:
        set_etag(response, document["etag"])
    return response


def _make_fingerprint(ctx: WebContext, body: Any) -> str:
    """Return a keyed hash: a body may hold a secret."""
    text = json.dumps(body, sort_keys=True, default=str)
    key = hashlib.blake2b(ctx.key, digest_size=32).digest()
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), key=key, digest_size=16).hexdigest()


def _claim(ctx: WebContext, name: str, fingerprint: str) -> Answer | None:
    with ctx.app.database.write() as db:
        known = claim_request(db, name, fingerprint, ctx.now)
    if known is not None and known.fingerprint != fingerprint:
        raise HTTPException(422, "This Idempotency-Key was used with another body.")
    if known is not None and not known.status:
        raise HTTPException(409, "The first request with this Idempotency-Key is still being answered.")
    return known


def _store(ctx: WebContext, name: str, document: Mapping[str, Any]) -> None:
    body = json.dumps(document, ensure_ascii=False)
    with ctx.app.database.write() as db:
        store_answer(db, name, status=201, body=body, etag=str(document.get("etag", "")))


def _release(ctx: WebContext, name: str) -> None:
    with ctx.app.database.write() as db:
        release_request(db, name)
