"""Takes what stands on partners' answer topics: each record once, with its offset, in one transaction a batch.

Nothing that a partner can write stops this: what can't be read is refused by a receipt, or, where not even its id
can be read, parked alone as foreign.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal
from uuid import UUID, uuid5

import structlog
from asyncpg import Connection, Pool, Record

from services.notifications.answers.judging import Known, refusal
from services.notifications.database import TROUBLE, transaction
from shared.contracts.answer import Received
from shared.contracts.envelope import BadRecord
from shared.contracts.partner_codec import Inbound, Unanswerable, from_partner
from shared.contracts.partner_view import Receipt
from shared.messaging.batch import SQL as OFFSETS
from shared.messaging.batch import Arrival, Batch, KafkaRecord, lock_offsets, save
from shared.messaging.careful import Taker
from shared.messaging.failpoints import reach
from shared.messaging.meters import Meters
from shared.messaging.outbox import put_events, shard_of
from shared.messaging.reactions import Reactions
from shared.runtime import sql
from shared.runtime.backoff import pause
from shared.runtime.ids import uuid7

SQL = sql.load(__file__, "taking.sql")
CONSUMER = "notifications"  # its parked records stand in the service's one list

log = structlog.get_logger("answers")


@dataclass(frozen=True, slots=True)
class Speaker:
    """Whose topic it is."""

    id: UUID
    agency: UUID
    shard: int


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a receipt says: why not, if it does not count, and which reference was answered."""

    refused: str | None
    called: str | None = None

    @property
    def result(self) -> Literal["accepted", "refused"]:
        return "refused" if self.refused else "accepted"


def key_of(partner: UUID, answer: str) -> UUID:
    """By what the network knows an answer: always the same, made of whose it is and what its sender calls it."""
    return uuid5(partner, answer)


class AnswerInbox:
    """What an edge needs: `process`, and where to read on."""

    def __init__(self, pool: Pool, meters: Meters | None = None) -> None:
        self.pool = pool
        self.meters = meters or Meters()
        self.cluster = ""

    async def next_offsets(self) -> dict[tuple[str, int], int]:
        return _places(await self.pool.fetch(OFFSETS["offsets"], CONSUMER, self.cluster))

    async def process(self, records: Sequence[KafkaRecord]) -> None:
        """Returns when every record is taken; no exception of a record leaves it."""
        attempt = 0
        while True:
            try:
                await self._take_all(records)
            except TROUBLE as error:
                attempt += 1
                log.warning("answers are tried again", error=type(error).__name__, attempt=attempt)
                await pause(attempt)
            else:
                return

    async def _take_all(self, records: Sequence[KafkaRecord]) -> None:
        batch = Batch(CONSUMER, self.cluster, [Arrival(record) for record in records])
        async with transaction(self.pool) as connection:
            await lock_offsets(connection, batch)
            taken = _places(await connection.fetch(OFFSETS["offsets"], CONSUMER, self.cluster))
            for record in records:
                if record.offset >= taken.get((record.topic, record.partition), 0):
                    await self._take_safely(connection, batch, record)
            await save(connection, batch)
            reach("answer.applied")

    async def _take_safely(self, tx: Connection, batch: Batch, record: KafkaRecord) -> None:
        """What surprises us is parked alone: a partner's record must not be able to stop everybody's answers."""
        try:
            async with tx.transaction():
                await self._take(tx, batch, record)
        except TROUBLE:
            raise
        except Exception as error:
            log.error("an answer can't be taken", topic=record.topic, exc_info=error)
            await self._park(tx, batch, record, BadRecord("poison", detail=type(error).__name__))

    async def _take(self, tx: Connection, batch: Batch, record: KafkaRecord) -> None:
        row = await tx.fetchrow(SQL["partner"], record.topic.split(".")[1])
        if row is None:
            batch.ignored[record.topic, record.partition] += 1  # removed since: nobody is there to read a receipt
            return
        speaker = Speaker(row["id"], row["agency"], row["shard"])
        try:
            inbound = from_partner(record.value, record.headers)
        except Unanswerable as bad:
            if bad.answer_id is None:
                await self._park(tx, batch, record, BadRecord(bad.reason, detail=bad.detail))
                return
            verdict, _ = await self._keep(tx, speaker, bad.answer_id, Verdict(bad.reason), None)
            await self._receipt(tx, speaker, bad.answer_id, uuid7(), verdict, None)
        else:
            await self._answer(tx, speaker, inbound)
        batch.applied[record.topic, record.partition] += 1

    async def _park(self, tx: Connection, batch: Batch, record: KafkaRecord, bad: BadRecord) -> None:
        """Alone, since no receipt could say which record it means."""
        await Taker(tx, CONSUMER, Reactions(), batch, self.meters).take(Arrival(record, bad=bad))

    async def _answer(self, tx: Connection, speaker: Speaker, inbound: Inbound) -> None:
        row = await tx.fetchrow(SQL["known"], speaker.id, inbound.answer.reference)
        known = Known(row["kind"], row["thing"], row["person"], row["stage"]) if row else None
        verdict = Verdict(refusal(inbound.answer, known), inbound.answer.reference)
        counts = known is not None and known.kind == "referral" and not verdict.refused
        receipt = uuid7()
        referral = known.thing if known and counts else None
        verdict, is_new = await self._keep(tx, speaker, inbound.id, verdict, referral)
        if is_new and referral and known and known.person:
            event = _received(inbound, speaker, referral, known.person, receipt)
            await put_events(tx, referral, [event], partitionkey=known.person, person=known.person)
        confirms = known.person if known and not verdict.refused else None
        await self._receipt(tx, speaker, inbound.id, receipt, verdict, confirms)

    async def _keep(
        self, tx: Connection, speaker: Speaker, answer: str, verdict: Verdict, referral: UUID | None
    ) -> tuple[Verdict, bool]:
        """The first with an id counts, whatever a later one says: its verdict, and whether this is the first."""
        key = str(key_of(speaker.id, answer))
        if await tx.fetchval(
            SQL["put_answer"], speaker.id, key, verdict.result, verdict.refused, verdict.called, referral
        ):
            return verdict, True
        first = await tx.fetchrow(SQL["first_answer"], speaker.id, key)
        assert first is not None
        return Verdict(first["reason"], first["reference"] or verdict.called), False

    async def _receipt(
        self, tx: Connection, speaker: Speaker, answer: str, id: UUID, verdict: Verdict, confirms: UUID | None
    ) -> None:
        """`confirms`: the person about whom something is said to the network. It leaves first, then the receipt."""
        receipt = Receipt(
            sequence=1, answer_id=answer, result=verdict.result, reason=verdict.refused, reference=verdict.called
        )
        data = json.dumps(receipt.model_dump(mode="json", exclude={"sequence", "life"}))
        follows = shard_of(str(confirms)) if confirms else None
        await tx.execute(SQL["put_receipt"], speaker.shard, speaker.id, id, Receipt.type, data, follows)


def _places(rows: Sequence[Record]) -> dict[tuple[str, int], int]:
    return {(row["topic"], row["partition"]): row["next_offset"] for row in rows}


def _received(inbound: Inbound, speaker: Speaker, referral: UUID, person: UUID, receipt: UUID) -> Received:
    answer = inbound.answer
    return Received(
        answer_id=key_of(speaker.id, inbound.id),
        referral=referral,
        person=person,
        partner=speaker.id,
        agency=speaker.agency,
        answer=answer.answer,
        reason=answer.reason,
        rule=answer.rule,
        document=answer.document,
        outcome=answer.outcome,
        position=answer.position,
        by="stream",
        receipt=receipt,
    )
