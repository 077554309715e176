"""What a route of any service needs: its transaction, and a body that is JSON from programs and a form from pages.

One address takes both, so a page's button posts to the same command that a program calls.
"""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import cache
from typing import Any, TypeVar

from asyncpg import Connection
from fastapi import Request
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ValidationError

from shared.messaging.failpoints import reach
from shared.messaging.outbox import Cause
from shared.process import Running
from shared.runtime import database
from shared.runtime.errors import Invalid
from shared.runtime.reach import Reach, acting, current
from shared.security.identity import Actor
from shared.web import forms
from shared.web.forms import FORM_MEDIA, Form
from shared.web.idempotency import Wanted

M = TypeVar("M", bound=BaseModel)
LONGEST_CAUSE = 64


def running(request: Request) -> Running:
    found: Running = request.app.state.running
    return found


@asynccontextmanager
async def transaction(here: Running, reach: Reach | None = None) -> AsyncIterator[Connection]:
    """One connection, one transaction: what is written in it is written whole or not at all.

    It reaches what the request's actor may touch; another `reach` needs a reason beside it.
    """
    with database.outages(), acting(reach or current()):
        async with database.transaction(here.pool) as tx:
            yield tx


@asynccontextmanager
async def command(here: Running, reach_: Reach | None = None) -> AsyncIterator[Connection]:
    """The transaction of a command, with the places at which the fault harness ends the process."""
    async with transaction(here, reach_) as tx:
        yield tx
        reach("command.written")
    reach("command.committed")
    here.bell.ring()


def cause_of(actor: Actor, want: Wanted | None = None) -> Cause:
    """Why the events of a request were written."""
    return Cause(want.key if want and len(want.key) <= LONGEST_CAUSE else None, actor.cause)


def is_form(request: Request) -> bool:
    return request.headers.get("content-type", "").partition(";")[0].strip().lower() in FORM_MEDIA[:2]


async def read(request: Request, model: type[M], words: dict[str, str] | None = None) -> Form[M]:
    """The body as `model`: of a form with what to mend beside it, of JSON or refused."""
    if is_form(request):
        return await forms.read(request, model, words=words)
    try:
        value = model.model_validate(_json(await request.body()))
    except ValidationError as error:
        found = [{**one, "loc": ("body", *one["loc"])} for one in error.errors(include_url=False, include_input=False)]
        raise RequestValidationError(found) from None
    return Form(value=value)


def _json(body: bytes) -> Any:
    """No body at all is a word without particulars."""
    try:
        return json.loads(body) if body.strip() else {}
    except (ValueError, RecursionError):
        raise RequestValidationError([{"type": "json_invalid", "loc": ("body", 0), "msg": "", "ctx": {}}]) from None


def taken(form: Form[M]) -> M:
    """The value of a body that needs no page of its own to be mended on; Invalid names the first field to mend."""
    if form.value is None:
        field, says = next(iter(form.wrong.items()))
        raise Invalid(field, says)
    return form.value


@cache
def takes(model: type[BaseModel]) -> dict[str, Any]:
    """What a route's entry in openapi.json says of its body."""
    schema = model.model_json_schema(ref_template="#/components/schemas/{model}")
    schema = _inlined(schema, schema.pop("$defs", {}))
    content = {"schema": schema}
    media = {"application/json": content, "application/x-www-form-urlencoded": content}
    return {"requestBody": {"required": True, "content": media}}


def _inlined(node: Any, known: dict[str, Any]) -> Any:
    if isinstance(node, list):
        return [_inlined(item, known) for item in node]
    if not isinstance(node, dict):
        return node
    if "$ref" in node:
        return _inlined(known[node["$ref"].rpartition("/")[2]], known)
    return {name: _inlined(value, known) for name, value in node.items()}
