"""Whoever stole all of it: dumps of every database, the key store and the master key. What can they read?

They open everything that any key opens, and look at the bytes themselves, in clear, in hex and in base64.
"""

import asyncio
import json
import subprocess
from base64 import b64decode, b64encode
from collections.abc import Iterable, Mapping
from contextlib import asynccontextmanager
from uuid import UUID

import asyncpg

from services.caseplan.written import COMPARTMENTS, bound_to
from services.intake import naming, opening, seals, signing
from services.intake.api import first_days
from services.intake.pages import incidents
from shared.contracts.envelope import BadRecord
from shared.contracts.sealed import is_sealed, open_parts, take_apart
from shared.contracts.topics import SERVICES
from shared.local.postgres import BINARIES
from shared.security.keys import place_of
from shared.security.masters import Masters
from shared.security.sealing import Compartment, Tampered, _open

WORDS = """
SELECT w.kind, w.id, w.field, w.sealed, coalesce(a.person, c.person) AS person
  FROM caseplan.words w LEFT JOIN caseplan.aggregate a ON (a.kind, a.id) = (w.kind, w.id)
  LEFT JOIN caseplan.contact c ON w.kind = 'contact' AND c.id = w.id
"""
SEALED = (
    ("SELECT id, name FROM intake.person", seals.NAME),
    ("SELECT id, contact FROM intake.person", seals.CONTACT),
    ("SELECT id, asked FROM intake.person", seals.ASKED),
    ("SELECT id, care FROM intake.person", seals.CARE),
    ("SELECT id, born FROM intake.person", seals.BORN),
    ("SELECT person_id, contact FROM intake.contact_way", seals.CONTACT),
    ("SELECT person_id, care FROM intake.contact_way", seals.CARE),
    ("SELECT person_id, told FROM intake.first_days", first_days.TOLD),
    ("SELECT person_id, read FROM intake.consent_word", signing.READ),
    ("SELECT person_id, told FROM intake.opening", opening.TOLD),
    ("SELECT person_id, found FROM intake.opening", opening.FOUND),
    ("SELECT person_id, found FROM intake.incident", incidents.FOUND),
    ("SELECT id, told FROM intake.invited", naming.TOLD),
    ("SELECT id, contact FROM notifications.person", seals.CONTACT),
)
Keys = Mapping[tuple[UUID, Compartment], bytes]


async def tool(program: str, *arguments: str, given: bytes | None = None) -> bytes:
    command = [str(BINARIES / program), *arguments]
    done = await asyncio.to_thread(subprocess.run, command, input=given, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode()[-400:]
    return done.stdout


async def keys_in(owner: asyncpg.Connection, secret: str) -> Keys:
    """Every key that is there for anybody and that the master key opens. What a law has put away is for nobody."""
    masters, found = Masters.of(secret), {}
    for row in await owner.fetch("SELECT * FROM person_key WHERE wrapped IS NOT NULL"):
        master = masters.find(row["master"])
        assert master is not None
        place = place_of(row["person_id"], row["compartment"])
        found[row["person_id"], Compartment(row["compartment"])] = await master.unwrap(place, row["wrapped"])
    return found


@asynccontextmanager
async def inside(dsn: str):
    connection = await asyncpg.connect(dsn)
    try:
        yield connection
    finally:
        await connection.close()


async def everything_in(dsn: str, keys: Keys) -> str:
    """All that opens in the tables of one database, whoever it is about."""
    found: list[str] = []
    async with inside(dsn) as admin:
        for query, bound in SEALED:
            for person, content in await admin.fetch(query):
                found += opened(keys, person, *bound, content)
        for row in await admin.fetch("SELECT person_id, question, value FROM intake.answer"):
            found += opened(keys, row["person_id"], *seals.place_of(row["question"]), row["value"])
        for row in await admin.fetch(WORDS):
            bound = bound_to(row["kind"], row["id"], row["field"])
            found += opened(keys, row["person"], COMPARTMENTS[row["kind"]], bound, row["sealed"])
        for service in SERVICES:
            for table in ("event_archive", "outbox", "outbox_blocked"):
                for row in await admin.fetch(f"SELECT id, type, data FROM {service}.{table}"):  # noqa: S608 - ours
                    found += events(keys, row["id"], row["type"], row["data"])
    return "\n".join(found)


def opened(keys: Keys, person: UUID | None, where: Compartment, bound: str, content: bytes | None) -> list[str]:
    key = keys.get((person, where)) if person else None
    try:
        return [_open(key, person, where, bound, content)] if key and person and content else []
    except Tampered:
        return []


def events(keys: Keys, id: UUID, type: str, data: bytes) -> list[str]:
    """One event, and the contact that is sealed once more inside of it."""
    if not is_sealed(data):
        return [data.decode()]
    sealed = take_apart(data)
    own = {part: key for (person, part), key in keys.items() if person == sealed.person and part in sealed.parts}
    try:
        text = open_parts(sealed, own, id=id, type=type).decode()
    except BadRecord:
        return []
    contact = json.loads(text).get("sealed_contact")
    return [text, *opened(keys, sealed.person, *seals.CONTACT, b64decode(contact) if contact else None)]


def seen_in(content: bytes, canaries: Iterable[str]) -> set[str]:
    """Those that stand in these bytes, in any of the ways in which dumps and envelopes write them."""
    lower = content.lower()
    return {
        canary
        for canary in canaries
        for way in (canary.encode(), canary.encode().hex().encode(), *in_base64(canary.encode()))
        if way.lower() in lower
    }


def in_base64(text: bytes) -> list[bytes]:
    """Wherever it stands in what was encoded: its middle, for each of the three ways in which it can begin."""
    return [b64encode(b"\0" * skip + text)[4 if skip else 0 : -4] for skip in range(3)]
