"""A query checked while it is typed."""

from __future__ import annotations

from fastapi import APIRouter, Query, Response
from fastapi.responses import JSONResponse

from watcher.errors import BusyError, QueryError
from watcher.web.context import Ctx
from watcher.web.validation import validate_text

router = APIRouter(include_in_schema=False)


@router.get("/query/check")
def check(ctx: Ctx, q: str = Query("", max_length=20_000)) -> Response:
    """Say how a query is read, or what is wrong with it and where."""
    if not q.strip():
        return JSONResponse({"ok": True, "said": ""})
    try:
        named = ctx.read(validate_text(q))
    except QueryError as error:
        said = error.message + (f" ({error.suggestion})" if error.suggestion else "")
        return JSONResponse({"ok": False, "said": said, "line": error.line, "column": error.column})
    except BusyError as error:
        return JSONResponse({"ok": True, "said": str(error)})
    except ValueError as error:
        return JSONResponse({"ok": False, "said": f"the query {error}", "line": 1, "column": 1})
    return JSONResponse({"ok": True, "said": "Read as " + named.format_node(named.query.root, 400)})
