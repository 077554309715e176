"""The fault harness's witness: every effect leaves a row that nothing updates, in the transaction of the effect.

Off unless `THROUGHCARE_TEST_WITNESS` is set; the harness makes the table. What was done twice, out of order or not at
all can be seen in it afterwards, whatever the projections look like.
"""

import os
from collections.abc import Sequence

from asyncpg import Connection

from shared.messaging.reactions import Fact

ON = bool(os.environ.get("THROUGHCARE_TEST_WITNESS"))
TABLE = """
CREATE TABLE IF NOT EXISTS witness (
    number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    consumer text NOT NULL, topic text NOT NULL, subject text NOT NULL, sequence bigint NOT NULL, id uuid NOT NULL)
"""
NOTE = """
INSERT INTO witness (consumer, topic, subject, sequence, id)
SELECT $1, $2, subject, sequence, id FROM unnest($3::text[], $4::bigint[], $5::uuid[]) AS seen (subject, sequence, id)
"""


async def note(tx: Connection, consumer: str, topic: str, facts: Sequence[Fact]) -> None:
    """Write down that these facts had their effect."""
    if ON:
        envelopes = [fact.envelope for fact in facts]
        columns = [e.subject for e in envelopes], [e.sequence for e in envelopes], [e.id for e in envelopes]
        await tx.execute(NOTE, consumer, topic, *columns)
