"""What the mirror has to hold and to count, worked out the slow, plain way: one dict a subject, one fact at a time.

It shares no code with the service. Facts come from records or from the archives of all four schemas; the JSON of each
is read as it stands, once what was sealed is opened.
"""

from collections import Counter
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import Any, NamedTuple
from uuid import UUID
from zoneinfo import ZoneInfo

import asyncpg

from shared.runtime.reach import SERVICE
from tests.opened import opened_as

Row = dict[str, Any]
Tables = dict[str, dict[UUID, Row]]
SCHEMAS = ("intake", "caseplan", "notifications", "reporting")
FAMILIES = ("agency", "program", "referral", "promise", "setback", "message", "arrival", "telling", "revocation")
HEARD = ("agency", "program", "referral", "promise", "setback", "message", "person", "portrait", "need", "consent")


class Told(NamedTuple):
    """One fact: its type, when it was said, what it says, its own id."""

    type: str
    at: datetime
    data: Row
    id: UUID


async def archived(url_of: Callable[[str], str], keys_of: Callable[[str], str], secret: str) -> list[Told]:
    """Every event that any service ever published, subject by subject, each in its own order, each once.

    Opened as the service that wrote them would, so also what the report itself may not read.
    """
    told: dict[UUID, tuple[tuple[str, str, int], Told]] = {}
    for schema in SCHEMAS:
        connection = await asyncpg.connect(url_of(schema), server_settings=SERVICE.settings)
        try:
            rows = await connection.fetch("SELECT id, topic, subject, sequence, type, at, data FROM event_archive")
        finally:
            await connection.close()
        async with opened_as(schema, keys_of(schema), secret) as opened:
            data = await opened.all(rows)
        for row, said in zip(rows, data, strict=True):
            place = row["topic"], row["subject"], row["sequence"]
            told[row["id"]] = place, Told(row["type"], row["at"], said, row["id"])
    places = Counter(place for place, _ in told.values())
    assert not [place for place, times in places.items() if times > 1], "two events of one sequence in the archives"
    return [fact for _, fact in sorted(told.values(), key=lambda one: one[0])]


def rows_of(facts: Iterable[Told]) -> Tables:
    """The projections after these facts, which come in the order of each subject."""
    tables: Tables = {table: {} for table in FAMILIES}
    for told in facts:
        family, _, fact = told.type.removeprefix("throughcare.").removesuffix(".v1").partition(".")
        table, id = _place(family, fact, told)
        if table in tables:
            FOLD[table](tables[table].setdefault(id, {"id": id, **EMPTY[table]}), fact, told.at, told.data)
    return tables


def _place(family: str, fact: str, told: Told) -> tuple[str, UUID]:
    """The table and the row of a fact; no table for what is not counted."""
    if family == "person":
        return ("arrival" if fact in ("acknowledged", "answer_late") else ""), told.id
    if family in ("portrait", "need"):
        return ("telling" if fact == "told" and told.data["answered"] else ""), told.id
    if family == "consent":
        return ("revocation" if fact in ("revoked", "halted") else ""), UUID(told.data["consent"])
    return family, UUID(told.data[family]) if family in FAMILIES else told.id


def _first(row: Row, name: str, value: Any) -> None:
    if row[name] is None:
        row[name] = value


def _fold_referral(row: Row, fact: str, at: datetime, data: Row) -> None:
    row["agency"], row["program"] = UUID(data["agency"]), UUID(data["program"])
    row["need"], row["stage"] = data["need"], data["stage"]
    if fact in ("sent", "delivered", "begun"):
        _first(row, f"{fact}_at", at)
    if fact in ("accepted", "waitlisted", "declined") and row["first_answer"] is None:
        row["first_answer"], row["first_answer_at"] = fact, at
    if fact == "reported":
        row["reported_at"], row["outcome"] = at, data["outcome"]
    if fact in ("confirmed", "closed"):
        row["closed_at"], row["closed_by"] = at, {"confirmed": "person", "closed": "silence"}[fact]
    if fact in ("disputed", "reopened"):
        row["closed_at"], row["closed_by"] = None, "open_again"
    if fact in ("escalated", "disputed", "reopened"):
        row[fact] += 1
    if fact == "told_worker":
        row["told_worker"] = data["told"]


def _fold_promise(row: Row, fact: str, at: datetime, data: Row) -> None:
    row["agency"], row["stage"] = UUID(data["agency"]), data["stage"]
    row["due"] = datetime.fromisoformat(data["due"])
    if fact == "made":
        row["made_at"], row["mends"] = at, data["mends"] is not None
    if fact == "kept":
        _first(row, "kept_at", at)
        row["late"], row["by_person"] = data["late"], data["by_person"]
    if fact == "broken":
        row["kept_at"], row["broken_at"], row["late"], row["by_person"] = None, at, False, data["by_person"]
    if fact in ("broken", "admitted") and data["admitted"] is not None:
        row["admitted"] = data["admitted"]
    if fact == "renegotiated":
        row["moved"] += 1


def _fold_setback(row: Row, fact: str, at: datetime, data: Row) -> None:
    row["stage"] = data["stage"]
    if fact == "reported":
        row["reported_at"] = at
    if fact == "contacted" and row["contacted_at"] is None:
        row["contacted_at"], row["late"] = at, data["late"]
    if fact == "nobody_came" and not row["asked_again"]:
        row["nobody_came_at"], row["contacted_at"], row["late"] = at, None, False
    if fact == "asked_again":
        row["asked_again"] = True
    if data["stage"] == "supported":
        _first(row, "supported_at", at)


def _fold_message(row: Row, fact: str, at: datetime, data: Row) -> None:
    row["audience"] = data["audience"]
    row[f"{fact}_at"] = at
    for name in ("occasion", "channel", "reason"):
        row[name] = data.get(name) or row[name]


def _fold_agency(row: Row, fact: str, at: datetime, data: Row) -> None:
    row |= {"name": data["name"], "holds_no_records": data["holds_no_records"], "calendar": data["calendar"]}


def _fold_program(row: Row, fact: str, at: datetime, data: Row) -> None:
    row |= {"agency": UUID(data["agency"]), "withdrawn": fact == "withdrawn", "name": data.get("name", row["name"])}


def _fold_arrival(row: Row, fact: str, at: datetime, data: Row) -> None:
    row |= {"answer_by": datetime.fromisoformat(data["answer_by"]), "late": fact == "answer_late"}


def _fold_telling(row: Row, fact: str, at: datetime, data: Row) -> None:
    row |= {"told_at": at, "told": len(data["answered"]), "retold": len(data["retold"])}


def _fold_revocation(row: Row, fact: str, at: datetime, data: Row) -> None:
    _first(row, "revoked_at" if fact == "revoked" else f"{data['service']}_at", at)


EMPTY: dict[str, Row] = {
    "referral": dict.fromkeys(
        ("sent_at", "delivered_at", "first_answer_at", "first_answer", "begun_at", "reported_at", "outcome",
         "closed_at", "closed_by", "told_worker")
    ) | dict.fromkeys(("escalated", "disputed", "reopened"), 0),
    "promise": dict.fromkeys(("made_at", "kept_at", "broken_at", "late", "by_person", "admitted"))
    | {"moved": 0, "mends": False},
    "setback": dict.fromkeys(("reported_at", "nobody_came_at", "contacted_at", "supported_at"))
    | {"late": False, "asked_again": False},
    "message": dict.fromkeys(("occasion", "channel", "decided_at", "sent_at", "withheld_at", "reason")),
    "agency": {},
    "program": {"name": None},
    "arrival": {},
    "telling": {},
    "revocation": dict.fromkeys(("revoked_at", "caseplan_at", "notifications_at")),
}  # fmt: skip
FOLD = {
    "referral": _fold_referral, "promise": _fold_promise, "setback": _fold_setback, "message": _fold_message,
    "agency": _fold_agency, "program": _fold_program, "arrival": _fold_arrival, "telling": _fold_telling,
    "revocation": _fold_revocation,
}  # fmt: skip


def counts_of(tables: Tables, as_of: datetime, zone: str) -> dict[str, int]:
    """The mirror's counts in the demo: this month so far and the six before it, nothing hidden."""
    here = as_of.astimezone(ZoneInfo(zone))
    months = here.year * 12 + here.month - 1 - 6
    since = datetime(months // 12, months % 12 + 1, 1, tzinfo=ZoneInfo(zone)).astimezone(UTC)

    def began(table: str, when: str) -> list[Row]:
        return [row for row in tables[table].values() if row[when] is not None and since <= row[when] < as_of]

    referrals = [row for row in began("referral", "sent_at") if row["stage"] != "entered_in_error"]
    return (
        _count_referrals(referrals) | _count_promises(tables, since) | _count_setbacks(began("setback", "reported_at"))
        | _count_messages(began("message", "decided_at")) | _count_arrivals(began("arrival", "answer_by"))
        | _count_tellings(began("telling", "told_at")) | _count_revocations(began("revocation", "revoked_at"))
    )  # fmt: skip


def _count_referrals(rows: list[Row]) -> dict[str, int]:
    closed = Counter(row["closed_by"] for row in rows)
    return {
        "referrals_sent": len(rows),
        "referrals_answered": sum(row["first_answer_at"] is not None for row in rows),
        "referrals_begun": sum(row["begun_at"] is not None for row in rows),
        "referrals_reported": closed["person"] + closed["open_again"] + closed["silence"],
        "loops_confirmed": closed["person"],
        "loops_reopened": closed["open_again"],
        "loops_silent": closed["silence"],
        "told_worker": sum(row["told_worker"] is not None and row["closed_by"] != "person" for row in rows),
    }


def _count_promises(tables: Tables, since: datetime) -> dict[str, int]:
    over = [row for row in tables["promise"].values() if row["due"] >= since and row["stage"] in ("kept", "broken")]
    late = [row for row in over if row["stage"] == "broken" or row["late"]]
    on_time = [row for row in over if row not in late]
    return {
        "promises_due": len(over),
        "promises_kept": sum(not row["moved"] for row in on_time),
        "promises_moved": sum(row["moved"] > 0 for row in on_time),
        "promises_late": len(late),
    }


def _count_setbacks(rows: list[Row]) -> dict[str, int]:
    rows = [row for row in rows if row["contacted_at"] is not None or row["stage"] != "withdrawn"]
    reached = [row for row in rows if row["contacted_at"] is not None]
    return {
        "setbacks_told": len(rows),
        "setbacks_reached_in_time": sum(not row["late"] for row in reached),
        "setbacks_reached_late": sum(row["late"] for row in reached),
        "setbacks_waiting": len(rows) - len(reached),
        "setbacks_supported": sum(row["supported_at"] is not None for row in rows),
    }


def _count_messages(rows: list[Row]) -> dict[str, int]:
    sent = [row for row in rows if row["sent_at"] is not None]
    withheld = [row for row in rows if row["sent_at"] is None and row["withheld_at"] is not None]
    return {
        "messages_decided": len(rows),
        "messages_sent": len(sent),
        "messages_withheld": len(withheld),
        "messages_waiting": len(rows) - len(sent) - len(withheld),
    }


def _count_arrivals(rows: list[Row]) -> dict[str, int]:
    late = sum(row["late"] for row in rows)
    promised = len(rows) - late
    return {
        "first_answers_promised": promised,
        "first_answers_in_time": promised - late,
        "first_answers_late": late,
    }


def _count_tellings(rows: list[Row]) -> dict[str, int]:
    told, retold = sum(row["told"] for row in rows), sum(row["retold"] for row in rows)
    return {"answers_told": told, "answers_retold": retold, "answers_first_told": told - retold}


def _count_revocations(rows: list[Row]) -> dict[str, int]:
    in_effect = sum(row["caseplan_at"] is not None and row["notifications_at"] is not None for row in rows)
    return {
        "revocations": len(rows),
        "revocations_in_effect": in_effect,
        "revocations_waiting": len(rows) - in_effect,
    }
