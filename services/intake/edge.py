"""What every route of intake needs: its transaction, and a body that is JSON from programs and a form from pages.

One address takes both, so that the page of another service can post to the same command that a program calls.
"""

import json
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, TypeVar, cast
from uuid import UUID

from asyncpg import Connection
from fastapi import Request
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ValidationError

from shared.messaging.failpoints import reach
from shared.messaging.outbox import Cause
from shared.process import Running
from shared.runtime.database import outages
from shared.runtime.errors import Invalid
from shared.security.identity import Actor
from shared.security.permissions import Role
from shared.security.signin import LANDING
from shared.web import forms
from shared.web.forms import FORM_MEDIA, Form
from shared.web.idempotency import Wanted

M = TypeVar("M", bound=BaseModel)
MINE = LANDING[Role.PERSON]  # the person's own page
OWN_PATH = re.compile(r"/(?![/\\])[!-\[\]-~]{0,500}")  # no other host, no control character


def running(request: Request) -> Running:
    found: Running = request.app.state.running
    return found


@asynccontextmanager
async def transaction(request: Request) -> AsyncIterator[Connection]:
    """One connection, one transaction: what is written in it is written whole or not at all."""
    with outages():
        async with running(request).pool.acquire() as connection, connection.transaction():
            yield cast(Connection, connection)
    reach("command.committed")


def cause_of(actor: Actor, want: Wanted | None = None) -> Cause:
    """Why the events of this request were written."""
    return Cause(want.key if want and len(want.key) <= 64 else None, actor.cause)


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
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        raise RequestValidationError([{"type": "json_invalid", "loc": ("body", 0), "msg": "", "ctx": {}}]) from None


def taken(form: Form[M]) -> M:
    """The value of a body that needs no page of its own to be mended on; Invalid names the first field to mend."""
    if form.value is None:
        field, says = next(iter(form.wrong.items()))
        raise Invalid(field, says)
    return form.value


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


def back_to(path: str | None, otherwise: str) -> str:
    """Where a form leads afterwards: only to a path of our own."""
    return path if path and OWN_PATH.fullmatch(path) else otherwise


def page_of(person: UUID, actor: Actor) -> str:
    """Where somebody's page is: one's own, or the one that staff see of them."""
    return MINE if actor.person else f"/caseplan/people/{person}"


def shared_page(person: UUID) -> str:
    return f"/intake/people/{person}/shared"
