"""Gathers the history that the judge reads: rows that nothing updates, and the partner's own file."""

from collections.abc import Mapping, Sequence
from uuid import UUID

from asyncpg import Connection

from services.caseplan.app import service as caseplan
from services.intake.app import service as intake
from services.notifications.app import service as notifications
from services.reporting.app import service as reporting
from shared.contracts.topics import SERVICES
from shared.messaging.repairs import CONTROL_TOPICS
from shared.runtime.settings import Settings
from shared.security import demo
from shared.security.references import reference
from tests.faults.answers import said
from tests.faults.history import Effect, Fact, History, Intent
from tests.faults.lives import Memory
from tests.faults.poison import Poison
from tests.faults.stage import Stage
from tests.opened import Opened, opened_as

DESCRIBE = {"intake": intake, "caseplan": caseplan, "notifications": notifications, "reporting": reporting}
FACTS = """
SELECT topic, subject, sequence, id, type, causationid, data FROM event_archive
UNION SELECT topic, subject, sequence, id, type, causationid, data FROM outbox
UNION SELECT topic, subject, sequence, id, type, causationid, data FROM outbox_blocked
"""
EFFECTS = "SELECT topic, subject, sequence, id FROM witness WHERE consumer = $1 ORDER BY number"
PARKED = "SELECT count(*) FROM dead_letter WHERE consumer = $1 AND state = 'parked'"
FOREIGN = f"{PARKED} AND subject IS NULL"
COUNTED = """
SELECT coalesce(sum(applied), 0)::bigint AS applied, coalesce(sum(ignored), 0)::bigint AS ignored
  FROM consumer_offset WHERE consumer = $1
"""
READ = ("throughcare.referral.sent.v1", "throughcare.referral.resumed.v1", "throughcare.setback.shared.v1")
DETAILED = (*READ, "throughcare.answer.received.v1", "throughcare.referral.contact_tried.v1")
REFERRAL = "throughcare.referral.v1"
OVER = tuple(
    f"throughcare.referral.{how}.v1"
    for how in ("confirmed", "closed", "declined", "next_offered", "not_taken", "withdrawn", "lapsed", "expired")
)
ENDS = tuple(f"throughcare.consent.{how}.v1" for how in ("revoked", "lapsed", "halted"))
PATIENCE = 120


def listens(settings: Settings) -> dict[str, frozenset[str]]:
    """What each service hears, as its own process would say."""
    heard = {name: describe(settings).reactions.topics for name, describe in DESCRIBE.items()}
    return {name: frozenset(topics) | frozenset(CONTROL_TOPICS) for name, topics in heard.items()}


async def facts_of(connection: Connection, poison: Poison, opened: Opened) -> list[Fact]:
    """The owner's facts. Poison that stood on its topic when it reconciled lies in its archive too, and is none."""
    rows = await connection.fetch(FACTS, timeout=PATIENCE)
    not_ours = poison.subjects
    detailed = [row for row in rows if row["type"] in DETAILED and row["subject"] not in not_ours]
    data = dict(zip((row["id"] for row in detailed), await opened.all(detailed), strict=True))
    return [
        Fact(
            row["topic"], row["subject"], row["sequence"], str(row["id"]), row["type"], row["causationid"],
            data.get(row["id"], {}),
        )
        for row in rows
        if row["subject"] not in not_ours
    ]  # fmt: skip


async def gather(
    stage: Stage, intents: Sequence[Intent], memory: Memory, poison: Poison
) -> tuple[History, dict[str, int]]:
    """The history, and what only the report counts: applied, ignored, foreign, parked."""
    facts: list[Fact] = []
    effects: dict[str, list[Effect]] = {}
    parked: dict[str, int] = {}
    ignored: dict[str, int] = {}
    totals = {"applied": 0, "foreign": 0}
    for service in SERVICES:
        connection = await stage.connect(service)
        try:
            secret = stage.settings.sealing_key.get_secret_value()
            async with opened_as(service, stage.network.keys.url(service), secret) as opened:
                facts += await facts_of(connection, poison, opened)
            rows = await connection.fetch(EFFECTS, service, timeout=PATIENCE)
            effects[service] = [Effect(r["topic"], r["subject"], r["sequence"], str(r["id"])) for r in rows]
            parked[service] = await connection.fetchval(PARKED, service)
            totals["foreign"] += await connection.fetchval(FOREIGN, service)
            counted = await connection.fetchrow(COUNTED, service)
            assert counted is not None, "sums are always a row"
            ignored[service] = counted["ignored"]
            totals["applied"] += counted["applied"]
        finally:
            await connection.close()
    text = stage.records.read_text(encoding="utf-8") if stage.records.exists() else ""
    history = History(
        intents, facts, effects, poison.listens, list(said(text)), owed(stage.settings, facts), memory.ended,
        memory.stuck, memory.answered, parked, poison.expected(unknown=False), ignored, poison.expected(unknown=True),
    )  # fmt: skip
    totals |= {"parked": sum(parked.values()), "ignored": sum(ignored.values())}
    return history, totals


def owed(settings: Settings, facts: Sequence[Fact]) -> Mapping[str, str]:
    """What the partner must have: sent or shared under consents that nobody took back and that did not lapse.

    Not a referral that was over before its consent was heard of: that was withheld, and there is nothing left to tell.
    """
    last = {fact.subject: fact.type for fact in sorted(facts, key=lambda fact: fact.sequence) if fact.topic == REFERRAL}
    withheld = {fact.subject for fact in facts if fact.type == "throughcare.delivery.withheld.v1"}
    too_late = {subject for subject in withheld if last.get(subject) in OVER}
    over = {fact.subject for fact in facts if fact.type in ENDS}
    cedar = str(demo.CEDAR_HOUSE)
    found = {}
    for fact in facts:
        if fact.type not in READ or str(fact.data["consent"]) in over or fact.subject in too_late:
            continue
        if fact.data.get("agency") == cedar:
            found[_called(settings, fact, "r")] = "partner.referral.received.v1"
        elif fact.data.get("recipient") == cedar:
            found[_called(settings, fact, "s")] = "partner.setback.shared.v1"
    return found


def _called(settings: Settings, fact: Fact, prefix: str) -> str:

    return reference(settings, demo.CEDAR_HOUSE, UUID(fact.subject), prefix)  # type: ignore[arg-type]
