"""Checks a query while it is typed."""

from __future__ import annotations

from fastapi import APIRouter, Query, Response
from fastapi.responses import JSONResponse

from watcher.contract.problems import QueryCheck
from watcher.errors import BusyError, QueryError
from watcher.web.context import Ctx, WebContext
from watcher.web.validation import validate_text

router = APIRouter(include_in_schema=False)
MAX_SHOWN = 400
"""Characters of the parsed query that are shown."""


@router.get("/query/check")
def check_query(ctx: Ctx, q: str = Query("", max_length=20_000)) -> Response:
    """Return how a query is understood, or what is wrong with it and where."""
    return JSONResponse(_check_query(ctx, q))


def _check_query(ctx: WebContext, text: str) -> QueryCheck:
    if not text.strip():
        return {"ok": True, "said": ""}
    try:
        named = ctx.parse_query(validate_text(text))
    except QueryError as error:
        return {"ok": False, "said": error.explanation, "line": error.line, "column": error.column}
    except BusyError as error:
        return {"ok": True, "said": str(error)}
    except ValueError as error:
        return {"ok": False, "said": f"the query {error}", "line": 1, "column": 1}
    return {"ok": True, "said": "Read as " + named.format_node(named.query.root, MAX_SHOWN)}
