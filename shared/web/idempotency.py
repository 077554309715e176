"""`Idempotency-Key`: a command that is sent twice is done once, and both senders get the first answer.

The key is claimed in the command's own transaction. A second sender waits on its row until the first has committed
(then it gets that answer) or rolled back (then it acts itself), so there is no moment in which both act.
A refusal rolls the claim back with everything else: asking again decides anew.
"""

import hashlib
import json
import re
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Annotated, Any
from uuid import UUID

import asyncpg
from asyncpg.pool import PoolConnectionProxy
from fastapi import Header, Request
from starlette.responses import Response

from shared.runtime import sql
from shared.runtime.errors import Conflict, Invalid
from shared.security.identity import Actor
from shared.web.forms import FORM_MEDIA, KEY, TOKEN, posted

SQL = sql.load(__file__, "idempotency.sql")
HEADER = "Idempotency-Key"
REPLAYED = "Idempotency-Replayed"
Named = Annotated[str | None, Header(alias=HEADER, description="Sent again under the same key, it is done once.")]
GOOD_KEY = re.compile(r"[!-~]{1,200}")

Tx = asyncpg.Connection | PoolConnectionProxy


@dataclass(frozen=True, slots=True)
class Answer:
    """What a command answers, in a form that can be kept: ids and codes, no names."""

    status: int
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    replayed: bool = False

    @classmethod
    def json(cls, status: int, data: object, **headers: str) -> "Answer":
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        body = json.dumps(data, separators=(",", ":"), default=str).encode()
        return cls(status, body, {"Content-Type": "application/json", **named})

    @classmethod
    def see(cls, path: str) -> "Answer":
        """For a page's form: go and look (303)."""
        return cls(303, headers={"Location": path})

    def response(self) -> Response:
        again = {REPLAYED: "true"} if self.replayed else {}
        return Response(self.body, self.status, {**self.headers, **again})


@dataclass(frozen=True, slots=True)
class Wanted:
    """A caller's wish to have this request done once."""

    key: str
    route: str
    body_hash: bytes


async def wanted(request: Request, named: Named = None) -> Wanted | None:
    """The dependency: the header, or a form's own hidden key; None where the caller named no key."""
    media = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    form = await posted(request) if media in FORM_MEDIA[:2] else None
    key = named or (form.get(KEY) if form else None)
    if not key:
        return None
    if not isinstance(key, str) or not GOOD_KEY.fullmatch(key):
        raise Invalid(HEADER, "An Idempotency-Key has 1 to 200 letters, digits or signs, no spaces. Best is a UUID.")
    raw = await request.body() if form is None else _of_fields(form.multi_items())
    return Wanted(key, f"{request.method} {request.url.path}", hash_body(raw))


def hash_body(raw: bytes) -> bytes:
    return hashlib.sha256(raw).digest()


async def claim(tx: Tx, key: str, actor: Actor, route: str, body_hash: bytes) -> Answer | None:
    """None: act, then `keep` the answer. Else the first answer to this key.

    Waits while another transaction holds the same key. Raises Invalid (422) where the key was used for something else.
    """
    if await tx.fetchval(SQL["claim_key"], actor.id, key, route, body_hash):
        return None
    row = await tx.fetchrow(SQL["find_answer"], actor.id, key)
    if row is None or row["status"] is None:
        raise Conflict("This was taken, but its answer was not kept. Look whether it was done before you ask anew.")
    if row["route"] != route or row["body_hash"] != body_hash:
        raise Invalid(HEADER, "This Idempotency-Key was used for another request. Use a new key for a new request.")
    return Answer(row["status"], row["body"], json.loads(row["headers"]), replayed=True)


async def keep(
    tx: Tx, key: str, actor: Actor, status: int, body: bytes, headers: Mapping[str, str] | None = None
) -> None:
    """Keep the answer for 24 hours, in the transaction that did what it says."""
    await tx.execute(SQL["keep_answer"], actor.id, key, status, json.dumps(dict(headers or {})), body)


async def once(tx: Tx, want: Wanted | None, actor: Actor, act: Callable[[], Awaitable[Answer]]) -> Answer:
    """`act()` inside `tx`, or the first answer to the same request. Without a key, simply `act()`."""
    if want is None:
        return await act()
    stored = await claim(tx, want.key, actor, want.route, want.body_hash)
    if stored is not None:
        actor.excuse()  # what the first caller was shown is theirs to see again: the key is per actor
        return stored
    answer = await act()
    await keep(tx, want.key, actor, answer.status, answer.body, answer.headers)
    return answer


async def mark_used(tx: Tx, key: str | None, actor: str | None) -> None:
    """After a restore: an event tells that `actor` (`role:id`) used this key for it; the answer is lost.

    Who sends the request again is told so (see `claim`), and it is not done twice.
    """
    _, _, id = (actor or "").partition(":")
    with suppress(ValueError):
        if key:
            await tx.execute(SQL["mark_used"], UUID(id), key)


async def forget_expired(tx: Tx, limit: int = 1000) -> int:
    """Delete up to `limit` answers older than a day; returns how many. A service's worker calls it now and then."""
    done: str = await tx.execute(SQL["forget_expired"], limit)
    return int(done.rpartition(" ")[2])


def _of_fields(fields: list[tuple[str, Any]]) -> bytes:
    """A form's content apart from how it was packed: the boundary of a multipart body differs with every press."""
    return json.dumps([(name, value) for name, value in fields if name not in (TOKEN, KEY)]).encode()
