"""Before a new writer writes: what its shard's logs really hold, and what that means for rows and counters.

An owner may have died between the log and the archive, a log may have lost its end, the database may have been set
back, the whole cluster may be another one. Each leaves the log and the counters apart in its own way.
"""

from collections.abc import Collection
from dataclasses import dataclass
from uuid import UUID

import structlog
from asyncpg import Connection, Record

from services.notifications.disclosing import catch_up_agency
from services.notifications.streams import STREAMS, topic_of
from services.notifications.streams.log import PartnerLogs, Said
from services.notifications.streams.rows import Row, archive
from shared.contracts.partner_view import Heartbeat
from shared.runtime import sql
from shared.runtime.settings import Settings

SQL = sql.load(__file__, "recovery.sql")

log = structlog.get_logger("partner relay")


@dataclass(frozen=True, slots=True)
class Recovery:
    """Everything that putting a shard in order needs."""

    connection: Connection
    settings: Settings
    logs: PartnerLogs
    cluster: str


async def absent_partners(recovery: Recovery, shards: Collection[int]) -> set[UUID]:
    """Partners whose topics are not all there, as after a lost cluster that is not yet rebuilt. They wait."""
    rows = await recovery.connection.fetch(SQL["partners"], sorted(shards))
    topics = await recovery.logs.topics() if rows else set()
    return {row["id"] for row in rows if not {topic_of(row["slug"], stream) for stream in STREAMS} <= topics}


async def recover(recovery: Recovery, shard: int, absent: Collection[UUID]) -> None:
    """Bring rows and counters of `shard` to what its logs say. Its writer is open: nothing else can write there now."""
    connection = recovery.connection
    for partner in {row["partner"]: row for row in await _streams(recovery, shard, absent)}.values():
        if partner["cluster"] is None:
            await connection.execute(SQL["settle_here"], partner["partner"], recovery.cluster)
        elif partner["cluster"] != recovery.cluster:
            await begin_life(recovery, partner["partner"])
    streams = await _streams(recovery, shard, absent)
    ends = await recovery.logs.ends([topic_of(row["slug"], row["stream"]) for row in streams])
    for row in streams:
        await _compare(recovery, row, ends[topic_of(row["slug"], row["stream"])])
    await connection.execute(SQL["fill_places"], shard, Heartbeat.type)


async def has_lost_an_end(recovery: Recovery, shard: int, absent: Collection[UUID]) -> bool:
    """Whether some log of the shard ends before what was acknowledged there."""
    streams = await _streams(recovery, shard, absent)
    ends = await recovery.logs.ends([topic_of(row["slug"], row["stream"]) for row in streams])
    return any(ends[topic_of(row["slug"], row["stream"])] <= row["kafka_offset"] for row in streams)


async def _streams(recovery: Recovery, shard: int, absent: Collection[UUID]) -> list[Record]:
    return list(await recovery.connection.fetch(SQL["streams"], shard, list(absent)))


async def _compare(recovery: Recovery, row: Record, end: int) -> None:
    """One stream. In a log without troubles the last record is followed by the mark of its transaction and no more."""
    known: int = row["kafka_offset"]
    if end <= known:
        log.error("a partner's log lost its end", partner=str(row["partner"]), kind=row["stream"])
        async with recovery.connection.transaction():
            await recovery.connection.execute(
                SQL["put_back"], row["partner"], row["stream"], row["life"], end, row["shard"]
            )
        return
    if row["uncertain"] or end > known + 2 or (known < 0 < end):
        tail = await recovery.logs.tail(topic_of(row["slug"], row["stream"]), known + 1, end)
        await _settle(recovery, row, tail)


async def _settle(recovery: Recovery, row: Record, tail: list[Said]) -> None:
    """What stands in the log left, whatever the rows say since."""
    if not tail:
        return
    life = max(said.life for said in tail)
    async with recovery.connection.transaction():
        if life > row["life"]:
            log.error("a partner's stream is further on than this database", partner=str(row["partner"]))
            await recovery.connection.execute(SQL["adopt_life"], row["partner"], life, recovery.cluster)
        last = max(said.sequence for said in tail if said.life == life)
        await recovery.connection.execute(SQL["take_over"], row["partner"], row["stream"], last)
        left = [await _as_written(recovery.connection, row, said) for said in tail if said.life == life]
        await archive(recovery.connection, left, [said.offset for said in tail if said.life == life])


async def _as_written(connection: Connection, row: Record, said: Said) -> Row:
    """The record, with what it disclosed if its row still says so: one that was silenced since has another id."""
    known = await connection.fetchrow(SQL["row_with"], row["shard"], row["partner"], row["stream"], said.sequence)
    mine = known if known is not None and known["id"] == said.id else None
    about = [mine[name] if mine else None for name in ("kind", "thing", "person", "consent")]
    return Row(
        0, row["shard"], row["partner"], row["slug"], row["agency"], row["stream"], said.life, said.id, said.type,
        said.data, said.at, about[0], about[1], about[2], about[3], said.sequence,
    )  # fmt: skip


async def begin_life(recovery: Recovery, partner: UUID) -> None:
    """The cluster that held the streams is gone. They begin anew, empty, with what may be told today."""
    connection = recovery.connection
    async with connection.transaction():
        agency = await connection.fetchval(SQL["begin_life"], partner, recovery.cluster)
        if agency is None:
            return
        await connection.execute(SQL["clear_rows"], partner, Heartbeat.type)
        await connection.execute(SQL["unnumber_rows"], partner)
        await connection.execute(SQL["forget_told"], partner)
        await catch_up_agency(connection, recovery.settings, agency)
        await connection.execute(SQL["reset_streams"], partner)
    log.warning("a partner's streams begin a new life", partner=str(partner), cluster=recovery.cluster)
