"""After a restore: the receipts that partners have got stand in their logs, and what a receipt says stays so.

Read back before any answer is heard again. Without it an answer that came too early, was refused, and was given anew
under another name would count twice.
"""

import json
from uuid import UUID

from asyncpg import Connection, Pool, Record

from services.notifications.answers.taking import key_of
from services.notifications.streams import topic_of
from services.notifications.streams.log import PartnerLogs, Said
from shared.contracts.partner_view import Receipt
from shared.messaging.kafka import cluster_id
from shared.runtime import sql
from shared.runtime.database import transaction
from shared.runtime.settings import Settings

SQL = sql.load(__file__, "recalling.sql")


async def recall_receipts(pool: Pool, settings: Settings) -> int:
    """Take back the verdicts that this database does not know; returns how many. 0 on every ordinary start."""
    partners = await pool.fetch(SQL["receipts_read"], await cluster_id(settings))
    if not partners:
        return 0
    recalled = 0
    async with PartnerLogs(settings) as logs:
        known = await logs.topics()
        read = {topic: row for row in partners if (topic := topic_of(row["slug"], "receipt")) in known}
        for topic, end in (await logs.ends(read)).items():
            row = read[topic]
            said = await logs.tail(topic, row["first"], end) if _has_more(row, end) else []
            async with transaction(pool) as tx:
                recalled += sum([await _recall(tx, row["id"], one) for one in said if one.type == Receipt.type])
    return recalled


def _has_more(row: Record, end: int) -> bool:
    """The last known record is followed by the mark of its transaction."""
    return end > row["first"] + 1 or row["first"] == 0 < end


async def _recall(tx: Connection, partner: UUID, said: Said) -> bool:
    verdict = json.loads(said.data)
    key = str(key_of(partner, verdict["answer_id"]))
    columns = key, verdict["result"], verdict.get("reason"), verdict.get("reference")
    return await tx.fetchval(SQL["recall"], partner, *columns) is not None
