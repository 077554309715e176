"""What a partner's page shows: how to connect, what was written, how far its reader is, and what comes next."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from asyncpg import Pool, Record

from services.notifications import partners
from services.notifications.database import transaction
from services.notifications.lag import Readers, readers_of
from services.notifications.partners import Partner
from services.notifications.provisioning import connection_of
from services.notifications.streams import topic_of
from shared.contracts.partner_view import Heartbeat
from shared.messaging.cluster import Access
from shared.runtime import sql
from shared.runtime.settings import Settings
from shared.web import say
from shared.web.parts import Bead, Fact, Line, Tag

SQL = sql.load(__file__, "portal.sql")
LAST = 12  # events on the page
READ = ("referral", "setback", "receipt")


@dataclass(frozen=True, slots=True)
class Written:
    """One line of the last events."""

    at: datetime
    type: str  # referral.received
    stream: str
    reference: str
    sequence: int
    is_read: bool | None  # None: nobody can say


@dataclass(frozen=True, slots=True)
class Portal:
    partner: Partner
    connection: dict[str, Any]
    last: Sequence[Written]
    unread: int | None
    oldest_unread: datetime | None
    connected: bool | None
    waiting: int
    accepted: int
    refused: int
    now: datetime
    zone: ZoneInfo


async def look(pool: Pool, settings: Settings, slug: str) -> Portal:
    """Everything at one moment. Kafka may not answer; the rest of the page stands all the same."""
    async with transaction(pool) as tx:
        partner = await partners.find(tx, slug)
    readers = await readers_of(settings, partner.rules.group_prefix)
    async with transaction(pool) as tx:
        rows = await tx.fetch(SQL["last_sent"], partner.id, Heartbeat.type, LAST)
        behind = await _behind(tx, partner, readers) if readers else None
        answers = await tx.fetchrow(SQL["answers"], partner.id)
        if readers and any(readers.committed.values()) and partner.first_read_at is None:
            await tx.execute(SQL["note_first_read"], partner.id)
            partner = await partners.find(tx, slug)
        return Portal(
            partner,
            connection_of(partner, _reachable(settings)),
            [_written(row, partner, readers) for row in rows],
            behind["count"] if behind else None,
            behind["oldest"] if behind else None,
            readers.connected if readers else None,
            await tx.fetchval(SQL["waiting"], partner.id),
            answers["accepted"] if answers else 0,
            answers["refused"] if answers else 0,
            partner.now,
            ZoneInfo(partner.zone),
        )


def _reachable(settings: Settings) -> Access:
    return Access(settings.kafka, security=settings.kafka_security)


async def _behind(tx: Any, partner: Partner, readers: Readers) -> Record:
    ends = [readers.committed.get(topic_of(partner.slug, stream), 0) for stream in READ]
    row: Record = await tx.fetchrow(SQL["unread"], partner.id, partner.life, list(READ), ends)
    return row


def _written(row: Record, partner: Partner, readers: Readers | None) -> Written:
    name = row["type"].removeprefix("partner.").removesuffix(".v1")
    read = None
    if readers is not None:
        read = row["life"] < partner.life or row["kafka_offset"] < readers.committed.get(
            topic_of(partner.slug, row["stream"]), 0
        )
    return Written(row["sent_at"], name, row["stream"], row["reference"] or "", row["sequence"], read)


def as_json(portal: Portal) -> dict[str, Any]:
    """The same for programs; never the password."""
    return {
        "connection": {key: value for key, value in portal.connection.items() if key != "password"},
        "reads": "real people" if portal.partner.is_agreed else "synthetic people only",
        "last_events": [
            {
                "written_at": written.at.isoformat(),
                "type": written.type,
                "stream": written.stream,
                "reference": written.reference or None,
                "sequence": written.sequence,
                "read": written.is_read,
            }
            for written in portal.last
        ],
        "behind": {
            "unread": portal.unread,
            "oldest_unread_at": portal.oldest_unread.isoformat() if portal.oldest_unread else None,
            "reader_connected": portal.connected,
        },
        "waiting_to_be_written": portal.waiting,
        "answers": {"accepted": portal.accepted, "refused": portal.refused},
        "first_event_read_at": portal.partner.first_read_at.isoformat() if portal.partner.first_read_at else None,
    }


def facts(portal: Portal) -> list[Fact]:
    """How far behind the reader is, in words."""
    if portal.unread is None:
        return [Fact("Your reader", Tag("waits", "Kafka is not answering"))]
    oldest = say.span(portal.now - portal.oldest_unread) if portal.oldest_unread else "Nothing waits"
    connected = Tag("kept", "Connected") if portal.connected else Tag("waits", "Not connected")
    return [
        Fact("Not read yet", say.many(portal.unread, "event", "events")),
        Fact("The oldest waits", oldest),
        Fact("Your reader", connected),
        Fact("Your answers", f"{portal.accepted:,} counted, {portal.refused:,} refused"),
        Fact("You may read", f"{portal.partner.quota / 1_000_000:g} MB/s"),
    ]


def ten_minutes(portal: Portal) -> list[Bead]:
    """The way to the first event, and on to real people."""
    partner = portal.partner

    def when(at: datetime) -> str:
        return say.moment(at, portal.now, portal.zone)

    beads = [Bead(say.sentence(when(partner.made_at)), "kept", title="Connected")]
    beads.append(Bead(say.sentence(when(partner.rotated_at)), "kept", title="Password made"))
    if partner.first_read_at is None:
        beads.append(Bead("Press “Send me a test event”, and read it", "now", ahead=True, title="First event read"))
    else:
        beads.append(Bead(f"Noticed {when(partner.first_read_at)}", "kept", title="First event read"))
    if partner.is_agreed:
        beads.append(Bead(f"Until {_last_day(portal)}", "kept", title="Agreement recorded"))
        beads.append(Bead("", "now", title="Real people, each with consent"))
    else:
        text = "The network’s office records it once both have signed"
        beads.append(Bead(text, "now" if partner.first_read_at else "", True, "Agreement recorded"))
        beads.append(Bead("", "", True, "Real people, each with consent"))
    return beads


def may_read(portal: Portal) -> list[Line]:
    topics = portal.connection["topics"]
    return [
        Line(topics["referral"], "Read. Kept 72 hours."),
        Line(topics["setback"], "Read. Only when the person says so, each time."),
        Line(topics["answer"], "Write. You get a receipt for each answer."),
        Line(topics["receipt"], "Read. What became of each answer of yours."),
    ]


def agreement(portal: Portal) -> tuple[str, str]:
    """Title and sentence of the notice on top."""
    partner = portal.partner
    if partner.is_agreed:
        return "Real people.", f"Your agreement holds until {_last_day(portal)}. Each record rests on a live consent."
    if partner.agreed_from and partner.agreed_until and partner.agreed_from > partner.today:
        first = say.on_date(partner.agreed_from, partner.today)
        return "Synthetic people only.", f"Your agreement is recorded and begins on {first}."
    return "Synthetic people only.", "You read invented people until the agreement is recorded by the network’s office."


def _last_day(portal: Portal) -> str:
    assert portal.partner.agreed_until is not None
    return say.on_date(portal.partner.agreed_until, portal.partner.today)


def properties(connection: dict[str, Any]) -> str:
    """What most Kafka clients take as their settings."""
    return "\n".join(
        (
            f"bootstrap.servers={connection['bootstrap_servers']}",
            f"security.protocol={connection['security_protocol']}",
            f"sasl.mechanism={connection['mechanism']}",
            f"sasl.username={connection['user']}",
            f"group.id={connection['group_prefix']}desk",
            f"isolation.level={connection['isolation_level']}",
            "auto.offset.reset=earliest",
        )
    )


def try_it(connection: dict[str, Any]) -> str:
    """One command that reads both streams."""
    topics = connection["topics"]
    return (
        'kcat -F client.properties -X sasl.password="$PASSWORD" \\\n'
        f"  -G {connection['group_prefix']}try \\\n  {topics['referral']} {topics['setback']}"
    )


def sample(connection: dict[str, Any]) -> str:
    """A reader in Python: confluent-kafka and nothing of ours."""
    topics = connection["topics"]
    return f'''import json, os
from confluent_kafka import Consumer

consumer = Consumer({{
    "bootstrap.servers": "{connection["bootstrap_servers"]}",
    "security.protocol": "{connection["security_protocol"]}",
    "sasl.mechanism": "{connection["mechanism"]}",
    "sasl.username": "{connection["user"]}",
    "sasl.password": os.environ["PASSWORD"],
    "group.id": "{connection["group_prefix"]}desk",
    "isolation.level": "{connection["isolation_level"]}",
    "auto.offset.reset": "earliest",
}})
consumer.subscribe(["{topics["referral"]}", "{topics["setback"]}"])
while True:
    message = consumer.poll(1)
    if message and not message.error():
        event = json.loads(message.value())
        print(event["type"], event["subject"], event["sequence"])'''
