"""Repairs: whoever lacks an event asks its owner, and the owner publishes it again from the archive.

Questions and answers travel on each service's control topic, under the same guarantees as everything else.
"""

from collections.abc import Sequence

import structlog
from asyncpg import Connection

from shared.contracts.control import RepairImpossible, RepairRequested
from shared.contracts.envelope import LONGEST_TEXT
from shared.contracts.topics import BY_NAME, SERVICES
from shared.messaging.judging import Parked
from shared.messaging.outbox import Cause, put_again, put_events
from shared.messaging.reactions import Fact, Reactions

CONTROL_TOPICS = tuple(f"throughcare.{service}.control.v1" for service in SERVICES)
NOTE_LOSS = """
UPDATE progress SET parked = $5
 WHERE consumer = $1 AND topic = $2 AND subject = $3 AND parked = 'gap' AND sequence = $4 - 1
"""

log = structlog.get_logger("repairs")


def add_repairs(reactions: Reactions, service: str) -> None:
    """Make `service` answer the repairs asked of it, and take note of the answers it gets."""

    @reactions.on(*CONTROL_TOPICS)
    async def hear(tx: Connection, facts: Sequence[Fact]) -> None:
        for fact in facts:
            if isinstance(fact.event, RepairRequested) and _owns(service, fact.event.wanted_topic):
                await _repair(tx, service, fact)
            elif isinstance(fact.event, RepairImpossible) and fact.event.asker == service:
                await _note_loss(tx, service, fact.event)


def _owns(service: str, topic: str) -> bool:
    known = BY_NAME.get(topic)
    return known is not None and known.owner == service


async def _repair(tx: Connection, service: str, fact: Fact) -> None:
    asked = fact.event
    assert isinstance(asked, RepairRequested)
    if await put_again(tx, asked.wanted_topic, asked.wanted_subject, asked.from_sequence):
        return
    log.error("repair is impossible", topic=asked.wanted_topic, sequence=asked.from_sequence)
    answer = RepairImpossible(
        service=service,
        asker=asked.service,
        wanted_topic=asked.wanted_topic,
        wanted_subject=asked.wanted_subject,
        from_sequence=asked.from_sequence,
    )
    subject = f"{asked.wanted_topic}/{asked.wanted_subject}"[:LONGEST_TEXT]
    cause = Cause(causationid=str(fact.envelope.id))
    await put_events(tx, subject, [answer], partitionkey=asked.wanted_subject, cause=cause)


async def _note_loss(tx: Connection, service: str, answer: RepairImpossible) -> None:
    """The subject waits for an operator, who accepts the loss in writing. An old answer, to a gap that closed or to one
    further on, changes nothing."""
    where = answer.wanted_topic, answer.wanted_subject, answer.from_sequence
    if await tx.execute(NOTE_LOSS, service, *where, Parked.LOST) != "UPDATE 0":
        log.error("an event is lost", topic=answer.wanted_topic, sequence=answer.from_sequence)
