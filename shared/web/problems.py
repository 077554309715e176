"""Every error's answer, from one place: problem details (RFC 9457) for programs, a kind page for people.

What an answer may say is decided by the error's type. A `Refused` speaks for itself; anything unforeseen says
only that it broke, with a reference that stands in the log beside the place in the code and never beside data.
"""

import json
import re
import traceback
from collections.abc import Mapping
from secrets import token_hex
from typing import Any

import structlog
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from shared.runtime.errors import NotFound, Permanent, Refused, Retryable
from shared.security.sealing import NotGranted, Tampered
from shared.web.accept import is_htmx, wants_html
from shared.web.mending import Mend, mends
from shared.web.templates import render
from shared.web.words import EN, WORDS, lang_of, to_mend

MEDIA = "application/problem+json"
RETRY_AFTER = 3  # seconds; a broker or database that restarts here is back within three
PLAIN = {404, 405, 413, 415, 500, 503}  # statuses whose words stand in words.py, in each language

log = structlog.get_logger("shared.web")


class Problem(BaseModel):
    """The body of a problem: RFC 9457's members and ours."""

    type: str = "about:blank"
    title: str
    status: int
    detail: str
    field: str | None = None  # the first thing to mend
    errors: list[Mend] | None = None  # every thing to mend
    offered: list[str] | None = None  # what is possible instead
    reference: str | None = None  # stands in our log too


def _schema() -> dict[str, Any]:
    """Of a problem, with its parts written in place: a reference would point outside of the OpenAPI document."""
    schema = Problem.model_json_schema()
    mend = json.dumps(schema.pop("$defs")["Mend"])
    written: dict[str, Any] = json.loads(json.dumps(schema).replace('{"$ref": "#/$defs/Mend"}', mend))
    return written


RESPONSES: dict[int | str, dict[str, Any]] = {
    "4XX": {
        "description": "A refusal that says what to mend or what is offered instead",
        "content": {MEDIA: {"schema": _schema()}},
    }
}


def problem_of(error: Exception) -> Problem:
    """What may be told about `error`, and nothing more."""
    match error:
        case NotFound():  # the same words whatever is not there, or not theirs to see; and no id
            return Problem(type=_kind(error), title=EN["hidden_title"], status=404, detail=EN["hidden"])
        case Refused():
            return _refused(error)
        case RequestValidationError():
            return _unreadable(error)
        case Retryable():
            return _plain(503)
        case Tampered() | NotGranted():  # ours to mend, and its message says whom it is about
            return _plain(500, token_hex(4))
        case Permanent():
            return Problem(type=_kind(error), title="This can’t be accepted as it is", status=422, detail=str(error))
        case HTTPException(status_code=status) if status in PLAIN:
            return _plain(status)
        case HTTPException(status_code=status, detail=detail):
            return Problem(title="This can’t be done", status=status, detail=str(detail))
        case _:
            return _plain(500, token_hex(4))


def _refused(error: Refused) -> Problem:
    field = getattr(error, "field", None)
    offered = getattr(error, "offered", None)
    return Problem(
        type=_kind(error),
        title=error.title,
        status=error.status,
        detail=str(error) or error.title,
        field=field,
        errors=[_placed(field, str(error))] if field else None,
        offered=[str(move) for move in offered] if offered is not None else None,
    )


def _placed(field: str, detail: str) -> Mend:
    """A dotted name lies in the body; one with a hyphen is a header's."""
    if "-" in field:
        return Mend(field=field, detail=detail, parameter=field)
    return Mend(field=field, detail=detail, pointer=f"#/{field.replace('.', '/')}")


def _unreadable(error: RequestValidationError) -> Problem:
    errors = mends(error.errors())
    if error.errors()[0]["type"] == "json_invalid":
        return Problem(type=_urn("not-json"), title="This is not JSON", status=400, detail=errors[0].detail)
    title = to_mend(len(errors))
    detail = " ".join(mend.detail for mend in errors[:3])
    return Problem(type=_urn("invalid"), title=title, status=422, detail=detail, field=errors[0].field, errors=errors)


def _plain(status: int, reference: str | None = None) -> Problem:
    return Problem(title=EN[f"{status}_title"], status=status, detail=EN[str(status)], reference=reference)


def _kind(error: Exception) -> str:
    return _urn(re.sub(r"(?<=[a-z])(?=[A-Z])", "-", type(error).__name__).lower())


def _urn(name: str) -> str:
    return f"urn:throughcare:problem:{name}"


async def answer(request: Request, error: Exception) -> Response:
    """The one handler: same decision, same status, two ways to read it."""
    problem = problem_of(error)
    headers = dict(getattr(error, "headers", None) or {})
    if problem.status == 503:
        headers.setdefault("Retry-After", str(RETRY_AFTER))
    if problem.reference:
        _log_unforeseen(request, error, problem.reference)
    if not wants_html(request):
        body = problem.model_dump(exclude_none=True)
        return JSONResponse(body, problem.status, headers, media_type=MEDIA)
    return _page(request, problem, headers)


def _page(request: Request, problem: Problem, headers: Mapping[str, str]) -> Response:
    own = WORDS[lang_of(request)]
    if problem.type == "about:blank" and problem.status in PLAIN:
        words = {"title": own[f"{problem.status}_title"], "detail": own[str(problem.status)]}
        problem = problem.model_copy(update=words)
    elif problem.status == 404:
        problem = problem.model_copy(update={"title": own["hidden_title"], "detail": own["hidden"]})
    name = "parts/problem.html" if is_htmx(request) else "problem.html"
    typed = request.method == "POST" and problem.status < 500
    again = request.method == "GET" and problem.status >= 500
    return render(request, name, status=problem.status, headers=headers, problem=problem, typed=typed, again=again)


def _log_unforeseen(request: Request, error: Exception, reference: str) -> None:
    """Type and places only: an exception's message may quote what a person wrote."""
    frames = traceback.extract_tb(error.__traceback__)[-6:]
    route = request.scope.get("route")
    log.error(
        "request.broke",
        request=reference,
        error=type(error).__qualname__,
        method=request.method,
        route=getattr(route, "path", None),
        where=[f"{frame.filename.rpartition('/')[2]}:{frame.lineno} {frame.name}" for frame in frames],
    )


class CatchAll:
    """Answers what no handler knows from inside the header middleware. Starlette would answer it outside of every
    middleware, without our headers, and raise it again into the server's log, message and all."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return await self.app(scope, receive, send)
        started = False

        async def send_and_note(message: Message) -> None:
            nonlocal started
            started = started or message["type"] == "http.response.start"
            await send(message)

        try:
            await self.app(scope, receive, send_and_note)
        except Exception as error:
            request = Request(scope, receive)
            if started:  # too late for an answer: the cut connection is the sign
                _log_unforeseen(request, error, token_hex(4))
                raise ConnectionAbortedError("the answer had begun") from None
            response = await answer(request, error)
            await response(scope, receive, send)
