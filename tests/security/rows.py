"""A row of one agency in every protected table of every schema, made from the tables as they are.

So a table that a migration adds is asked about too. The rows are about Ray, whom Dana of Welcome Alder walks with.
"""

from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID

import asyncpg

from shared.contracts.topics import SERVICES
from shared.runtime.reach import Reach
from shared.security import demo

Row = Mapping[str, Any]
Filled = Mapping[str, Mapping[str, Row]]  # by service and table

# Tables that hold nothing about anybody, and why.
OPEN = {
    "migration": "which migrations ran",
    "clock_shift": "what time it is",
    "life": "which life of the database this is",
    "relay_mark": "places in our own logs",
    "consumer_offset": "places in others' logs, and counts",
    "audit_chain": "hashes and places",
    "audit_chaining": "how far the chainer is",
    "token_fence": "ids of sessions and accounts, and moments; asked before anybody acts",
    "agency": "the public directory",
    "program": "the public directory",
    "program_place": "the public directory: where it is",
    "agency_card": "the public directory, and whether people read names or roles",
}
ALDER, CEDAR = demo.WELCOME_ALDER, demo.CEDAR_HOUSE
ROW = UUID(int=77)
WHOSE = {
    "agency": ALDER, "agency_id": ALDER, "home": ALDER, "receiving": ALDER, "recipient": ALDER, "discloser": ALDER,
    "welcoming": ALDER,
    "person": demo.RAY, "person_id": demo.RAY, "worker": demo.DANA, "worker_id": demo.DANA, "actor_id": demo.DANA,
}  # fmt: skip
BY_TYPE = {
    "uuid": ROW, "text": "a", "bigint": 1, "integer": 1, "smallint": 1, "boolean": False, "bytea": b"", "jsonb": "{}",
    "ARRAY": [], "point": None,
}  # fmt: skip
MOMENTS = ("timestamp with time zone", "date")  # None in a row: now
NEEDED = {  # what a check asks for
    "kind": "referral", "stream": "referral", "result": "accepted", "state": "waiting", "stage": "granted",
    "held": "nobody", "paper": "subpoena", "cannot": "too_ill", "verdict": "good_faith", "decision": "object",
}  # fmt: skip
COLUMNS = """
SELECT table_name, column_name, data_type FROM information_schema.columns
 WHERE table_schema = $1 AND is_generated = 'NEVER' AND is_identity = 'NO'
   AND (column_default IS NULL OR data_type = 'uuid') ORDER BY table_name, ordinal_position
"""
TABLES = """
SELECT c.relname AS name, c.relispartition AS part, c.relrowsecurity AS enabled, c.relforcerowsecurity AS forced,
       EXISTS (SELECT FROM pg_policy WHERE polrelid = c.oid) AS said
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = $1 AND c.relkind IN ('r', 'p')
"""


@asynccontextmanager
async def connected(dsn: str, reach: Reach | None = None) -> AsyncIterator[asyncpg.Connection]:
    """As one of the service's own roles; `reach` holds for the whole session."""
    connection = await asyncpg.connect(dsn, server_settings=reach.settings if reach else {})
    try:
        yield connection
    finally:
        await connection.close()


def row_of(columns: list[asyncpg.Record]) -> Row:
    """A row of Welcome Alder's, about Ray, whom Dana walks with. A person's own row has the person's id."""
    about_itself = columns[0]["table_name"] == "person"
    row: dict[str, Any] = {}
    for column in columns:
        name, kind = column["column_name"], column["data_type"]
        if name == "id" and about_itself:
            row[name] = demo.RAY
        elif kind == "uuid":
            row[name] = WHOSE.get(name, ROW)
        elif kind == "text" and name in NEEDED:
            row[name] = NEEDED[name]
        elif kind in BY_TYPE:
            row[name] = BY_TYPE[kind]
        elif kind in MOMENTS:
            row[name] = None
    return row


async def fill(dsn: str, without: set[str]) -> Filled:
    """By the administrator, whom no policy holds."""
    found: dict[str, dict[str, Row]] = {}
    async with connected(dsn) as admin:
        await admin.execute("SET session_replication_role = replica")  # a row alone, without what it refers to
        for service in SERVICES:
            await admin.execute(f"SET search_path = {service}")
            by_table: dict[str, list[asyncpg.Record]] = {}
            for column in await admin.fetch(COLUMNS, service):
                by_table.setdefault(column["table_name"], []).append(column)
            found[service] = {}
            for table, columns in by_table.items():
                if table not in without:
                    row = found[service][table] = row_of(columns)
                    await admin.execute(*inserting(table, row))
    return found


def inserting(table: str, row: Row) -> tuple[Any, ...]:
    """Moments are now."""
    places, values = [], []
    for value in row.values():
        if value is None:
            places.append("now()")
        else:
            values.append(value)
            places.append(f"${len(values)}")
    return (f"INSERT INTO {table} ({', '.join(row)}) VALUES ({', '.join(places)})", *values)  # noqa: S608 - our own names


async def seen(connection: asyncpg.Connection, tables: Iterable[str]) -> set[str]:
    return {table for table in tables if await connection.fetchval(f"SELECT count(*) FROM {table}")}  # noqa: S608
