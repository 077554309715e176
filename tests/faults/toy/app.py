"""`python -m tests.faults.toy.app writer|reader`: both are ordinary services, run by the ordinary process.

The writer stands where notifications stands (it may write message topics), the reader where reporting does.
"""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated
from uuid import UUID

from asyncpg import Connection
from fastapi import APIRouter, Depends, Request, Response
from pydantic import BaseModel

from shared.contracts.envelope import Envelope
from shared.contracts.events import Event
from shared.contracts.message import Decided, MessageEvent
from shared.messaging.failpoints import MUTANT, reach
from shared.messaging.outbox import Cause, put_events
from shared.messaging.reactions import Fact, Reactions
from shared.messaging.timers import Due, claim, start_timers
from shared.process import Service, run
from shared.runtime.settings import Settings
from shared.security.edge import public
from shared.security.identity import ANYONE
from shared.web.idempotency import Answer, Wanted, once, wanted
from shared.workflow.clocks import Hours, Timer

TOPIC = MessageEvent.topic
RING = "toy.ring"
SOON = Hours(0.5 / 3600)
LOCK = "" if MUTANT == "no_aggregate_lock" else "FOR UPDATE"

router = APIRouter()


class Add(BaseModel):
    """Add to one total, once per key; `ring` starts a clock whose event carries the same key."""

    subject: UUID
    count: int
    ring: UUID | None = None


@router.post("/notifications/toy", dependencies=[Depends(public)])
async def add(body: Add, request: Request, want: Annotated[Wanted, Depends(wanted)]) -> Response:
    async with request.app.state.running.pool.acquire() as tx, tx.transaction():

        async def act() -> Answer:
            await tx.execute("INSERT INTO toy VALUES ($1, 0) ON CONFLICT DO NOTHING", body.subject)
            total = await tx.fetchval(f"SELECT total FROM toy WHERE id = $1 {LOCK}", body.subject)  # noqa: S608
            await put_events(
                tx,
                body.subject,
                [fact(body.subject)] * body.count,
                partitionkey=body.subject,
                cause=Cause(causationid=want.key),
            )
            await tx.execute("UPDATE toy SET total = $2 WHERE id = $1", body.subject, total + body.count)
            if body.ring:
                await tx.execute("INSERT INTO toy VALUES ($1, 0)", body.ring)
                await start_timers(tx, [Timer(RING, body.ring, SOON)])
            reach("command.written")
            return Answer.json(200, {"total": total + body.count})

        answer = await once(tx, want, ANYONE, act)
    reach("command.committed")
    return answer.response()


async def ring(tx: Connection, due: Due) -> None:
    await tx.fetchval("SELECT total FROM toy WHERE id = $1 FOR UPDATE", due.subject)
    if await claim(tx, due):
        await put_events(
            tx,
            due.subject,
            [fact(due.subject)],
            partitionkey=due.subject,
            cause=Cause(causationid=f"ring:{due.subject}"),
        )
        await tx.execute("UPDATE toy SET total = total + 1 WHERE id = $1", due.subject)


async def refold(tx: Connection, envelope: Envelope, event: Event) -> None:
    """After a restore: each forgotten event is one more."""
    await tx.execute(
        "INSERT INTO toy AS known VALUES ($1, 1) ON CONFLICT (id) DO UPDATE SET total = known.total + 1",
        UUID(envelope.subject),
    )
    await tx.execute("DELETE FROM timer WHERE kind = $1 AND subject = $2", RING, envelope.subject)


def fact(subject: UUID) -> Decided:
    return Decided(message=subject, audience="person", occasion="toy", channel="sms")


async def hear(tx: Connection, facts: Sequence[Fact]) -> None:
    """The reader's only effect is the witness."""


def writer(settings: Settings) -> Service:
    return Service("notifications", Path(__file__).parent, routers=(router,), clocks={RING: ring}, refold=refold)


def reader(settings: Settings) -> Service:
    reactions = Reactions()
    reactions.on(TOPIC)(hear)
    return Service("reporting", Path(__file__).parent, reactions)


if __name__ == "__main__":
    run({"writer": writer, "reader": reader}[sys.argv[1]])
