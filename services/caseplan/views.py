"""Aggregates as JSON: what programs read. The asked agency's view of a referral is its own part and no more."""

import json
from datetime import datetime
from typing import Any
from uuid import UUID

from asyncpg import Record

from services.caseplan import plans
from services.caseplan.commands import fingerprint, is_asked
from services.caseplan.concepts import PLAN, PROMISE, REFERRAL, SETBACK, Concept
from services.caseplan.reading import Sheet, offered, recordable
from services.caseplan.referrals.fhir import task
from services.caseplan.states import to_json
from services.caseplan.store import Kept
from services.caseplan.written import CONTACT, SUGGESTED

ASKED_SEES = ("id", "person", "program", "agency", "need", "follows", "attempts", "contact", "position", "reason",
              "rule", "document", "waiting_for", "hold_reason", "outcome")  # fmt: skip
# Of a referral's history: what the asked agency did, and what it is told on its stream as well.
ASKED_HEARS = {"send", "deliver", "confirm", "dispute", "reopen", "withdraw"}


def item(sheet: Sheet, concept: Concept, kept: Kept) -> dict[str, Any]:
    """One aggregate: its state by id and code, its clock, what this reader can say to it, and what was written."""
    id = kept.state.id
    asked = is_asked(sheet.actor, concept, kept)
    told: dict[str, Any] = json.loads(to_json(kept.state))
    if asked:
        told = {name: told[name] for name in ASKED_SEES}
        told |= {"stage": task(kept.state).business_status, "status": task(kept.state).status}
    else:
        told["owner"] = _text(concept.workflow.owners.get(concept.stage_of(kept.state)))
        told["seen"] = fingerprint(kept)
        told |= {"moved_at": _at(kept.moved_at)}
    told |= {
        "due_at": None if asked and not with_agency(kept) else _at(sheet.due(concept, id)),
        "made_at": _at(kept.made_at),
        "offers": offered(sheet.actor, concept, kept),
    }
    if concept is REFERRAL:
        told |= {"program_name": sheet.names.get(kept.state.program), "agency_name": sheet.names.get(kept.state.agency)}
        told["record_answer"] = recordable(sheet.actor, kept)
    if concept is PROMISE:
        told["words"] = sheet.promised(id)
    elif concept is not PLAN:
        told |= sheet.words.get((concept.kind, id), {})
    else:
        _with_words(told, sheet.words.get((PLAN.kind, id), {}))
        told["promises"] = [str(step.id) for step in plans.staff_steps(kept.state)]
    return told


def with_agency(kept: Kept) -> bool:
    """Whether a referral's clock is one that the asked agency may know of: none runs for them beneath a pause."""
    return kept.state.before is None and task(kept.state).status not in ("rejected", "cancelled", "failed")


def _with_words(plan: dict[str, Any], words: dict[str, str]) -> None:
    """Goals and steps get their words back, each version its own."""
    for version, frame in (("agreed", ""), ("proposal", SUGGESTED)):
        for part in ("goals", "steps"):
            for one in (plan[version] or {}).get(part, ()):
                one["words"] = words.get(f"{frame}{part[:-1]}/{one['id']}", "")


def history(sheet: Sheet, concept: Concept) -> list[dict[str, Any]]:
    kept = sheet.one(concept)
    if is_asked(sheet.actor, concept, kept):
        heard = [row for row in sheet.timeline if row["party"] == "agency" or row["verb"] in ASKED_HEARS]
        return [{"at": _at(row["at"]), "verb": row["verb"], "party": row["party"]} for row in heard]
    return [_line(row) for row in sheet.timeline]


def _line(row: Record) -> dict[str, Any]:
    return {
        "at": _at(row["at"]),
        "verb": row["verb"],
        "stage": row["stage"],
        "party": row["party"],
        "way": row["way"],
        "by": _text(row["who"]),
        "about": _text(row["about"]),
    }


def single(sheet: Sheet, concept: Concept) -> dict[str, Any]:
    return item(sheet, concept, sheet.one(concept)) | {"history": history(sheet, concept)}


def many(sheet: Sheet, concept: Concept) -> list[dict[str, Any]]:
    return [item(sheet, concept, kept) for kept in sheet.of(concept)]


def whole(sheet: Sheet) -> dict[str, Any]:
    """Everything around one person."""
    lines = [
        _line(row) | {"kind": row["kind"], "id": str(row["id"])} | sheet.words.get((CONTACT, row["id"]), {})
        for row in sheet.timeline
    ]
    return {
        "person": _text(sheet.person.id) if sheet.person else None,
        "worker": _text(sheet.person.worker) if sheet.person else None,
        "plan": next(iter(many(sheet, PLAN)), None),
        "promises": many(sheet, PROMISE),
        "referrals": many(sheet, REFERRAL),
        "setbacks": many(sheet, SETBACK),
        "timeline": lines,
    }


def _at(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None


def _text(what: UUID | Any) -> str | None:
    return str(what) if what is not None else None
