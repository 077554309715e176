"""Random legal histories, walked on the workflows' own tables."""

import json
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any
from uuid import UUID

from services.caseplan import promises, referrals, setbacks
from shared.contracts import agency, consent, message, need, person, portrait, program
from shared.contracts import promise as promise_events
from shared.contracts import referral as referral_events
from shared.contracts import setback as setback_events
from shared.contracts.events import Event
from shared.contracts.halted import Forgotten, Halted
from shared.contracts.parties import Way
from shared.runtime.ids import uuid7
from shared.workflow import Workflow
from tests.integration.reporting.oracle import Tables, Told, rows_of
from tests.integration.reporting.world import HOURS, Log, Record

START = datetime(2026, 6, 1, 12, tzinfo=UTC)
AGENCIES = [UUID(int=number) for number in range(1, 4)]


def some_histories(random: Random, subjects: int) -> list[Record]:
    """Histories of all kinds, mixed; each subject's own facts stay in their order."""
    kinds = (
        _referral, _promise, _setback, _message, _agency, _program, _concern, _arrival, _telling, _revocation,
    )  # fmt: skip
    lives = [list(random.choice(kinds)(random)) for _ in range(subjects)]
    log, records, at = Log(), [], START
    while lives := [life for life in lives if life]:
        at += timedelta(minutes=random.randrange(1, 400), microseconds=random.randrange(1000))
        records.append(log.put(random.choice(lives).pop(0), at))
    return records


def some_deliveries(random: Random, records: Sequence[Record]) -> list[list[Record]]:
    """The records cut at random, with some batches, or parts of what came before them, delivered again."""
    batches: list[list[Record]] = []
    start = 0
    while start < len(records):
        end = start + random.randrange(1, 40)
        batches.append(list(records[start:end]))
        if random.random() < 0.3:
            batches.append(list(records[max(0, end - random.randrange(1, 60)) : end]))
        start = end
    return batches


def _walk(random: Random, workflow: Workflow[Any], first: type[Event]) -> Iterable[tuple[type[Event], Any]]:
    stage, before = workflow.first, None
    yield first, stage
    for _ in range(random.randrange(16)):
        moves = [move for move in workflow.moves[stage].values() if move.event is not None]
        if not moves:
            return
        going_on = [move for move in moves if move.to is None or len(workflow.moves[move.to]) > 2]
        move = random.choice(going_on if going_on and random.random() < 0.9 else moves)
        to = move.end(before)
        before = stage if to in referrals.PAUSES and stage not in referrals.PAUSES else before
        stage = to
        assert move.event is not None
        yield move.event, stage


def _filled(random: Random, kind: type[Event], **known: Any) -> Event:
    """An event with whatever else its type asks for."""
    choices = {
        "position": 2, "reason": random.choice(list(referral_events.DeclineReason)), "attempts": 1,
        "contact": referral_events.ContactKind.CALL, "waiting_for": referral_events.WaitingFor.FORM,
        "hold_reason": referral_events.HoldReason.FUNDING, "outcome": random.choice(list(referral_events.Outcome)),
        "told": random.choice(list(referral_events.Outcome)), "next_program": uuid7(), "next_referral": uuid7(),
        "cause": referral_events.PauseCause.REVOKED, "withdraw_reason": referral_events.WithdrawReason.NOT_ASKED,
        "asked_due": START, "late": random.random() < 0.5, "by_person": random.random() < 0.5,
        "admitted": random.choice([True, False, None] if kind is promise_events.Broken else [True, False]),
        "mends": random.choice([None, uuid7()]), "pace": setback_events.Pace.SOON, "recipient": AGENCIES[0],
        "consent": uuid7(), "asks": setback_events.Asks.KNOW, "occasion": "referral_accepted", "channel": "sms",
        "attempt": 1, "way": Way.PAGE, "gave": uuid7(),
    }  # fmt: skip
    if kind is message.Withheld:
        choices["reason"] = random.choice(["opted_out", "no_safe_way"])
    return kind(**{name: value for name, value in choices.items() if name in kind.model_fields} | known)


def _referral(random: Random) -> Iterable[Event]:
    ids = {"referral": uuid7(), "person": uuid7(), "program": uuid7(), "agency": random.choice(AGENCIES)}
    for kind, stage in _walk(random, referrals.WORKFLOW, referral_events.Drafted):
        yield _filled(random, kind, **ids, need="food", stage=stage)


def _promise(random: Random) -> Iterable[Event]:
    ids = {"promise": uuid7(), "person": uuid7(), "worker": uuid7(), "agency": random.choice(AGENCIES)}
    for kind, stage in _walk(random, promises.WORKFLOW, promise_events.Made):
        due = START + timedelta(days=random.randrange(90))
        yield _filled(random, kind, **ids, stage=stage, due=due)


def _setback(random: Random) -> Iterable[Event]:
    ids = {"setback": uuid7(), "person": uuid7(), "worker": uuid7()}
    for kind, stage in _walk(random, setbacks.WORKFLOW, setback_events.Reported):
        yield _filled(random, kind, **ids, stage=stage)


def _concern(random: Random) -> Iterable[Event]:
    ids = {"concern": uuid7(), "person": uuid7(), "worker": uuid7()}
    yield setback_events.ConcernRaised(**ids, agency=AGENCIES[0], concern_stage=setback_events.ConcernStage.RAISED)
    yield setback_events.ConcernSetAside(**ids, concern_stage=setback_events.ConcernStage.SET_ASIDE)


def _message(random: Random) -> Iterable[Event]:
    ids = {"message": uuid7(), "person": uuid7(), "audience": "person"}
    yield _filled(random, message.Decided, **ids)
    yield _filled(random, random.choice([message.Sent, message.Withheld]), **ids)


def _agency(random: Random) -> Iterable[Event]:
    id = uuid7()
    yield agency.Registered(agency=id, name=f"House {id.hex[-4:]}", calendar=HOURS)
    for number in range(random.randrange(3)):
        yield agency.Updated(agency=id, name=f"House {number}", calendar=HOURS, holds_no_records=number == 1)


def _program(random: Random) -> Iterable[Event]:
    ids = {"program": uuid7(), "agency": random.choice(AGENCIES)}
    yield program.Listed(**ids, name="Rooms", needs=("housing",))
    if random.random() < 0.5:
        yield program.Updated(**ids, name="More rooms", needs=("housing",))
    if random.random() < 0.5:
        yield program.Withdrawn(**ids, reason="ended")


def _arrival(random: Random) -> Iterable[Event]:
    somebody, answer_by = uuid7(), START + timedelta(days=random.randrange(90))
    yield person.Acknowledged(person=somebody, answer_by=answer_by)
    if random.random() < 0.5:
        yield person.AnswerLate(person=somebody, agency=AGENCIES[0], answer_by=answer_by)
    yield person.WorkerAssigned(person=somebody, agency=AGENCIES[0], worker=uuid7(), reason="welcomed")


def _telling(random: Random) -> Iterable[Event]:
    somebody = uuid7()
    for number in range(1, random.randrange(2, 5)):
        answered = tuple(random.sample(["joys", "people", "day"], random.randrange(4)))
        sitting = {"by": "person", "section": "portrait", "sitting": number, "day": number}
        said: dict[str, Any] = {"agency": AGENCIES[0], "answered": answered, "retold": answered[:1], **sitting}
        yield (portrait if random.random() < 0.5 else need).Told(person=somebody, **said)


def _revocation(random: Random) -> Iterable[Event]:
    """Each service speaks on a topic of its own, so its word may come before the revocation is heard."""
    ids: dict[str, Any] = {"consent": uuid7(), "person": uuid7()}
    said: list[Event] = [consent.Revoked(**ids, given="page")]
    said += [Halted(**ids, service=service) for service in ("caseplan", "notifications") if random.random() < 0.8]
    random.shuffle(said)
    yield from said
    yield Forgotten(service="caseplan", person=ids["person"])


def oracle(records: Iterable[Record]) -> Tables:
    """What the projections have to hold after these records, each told once, in the order of its subject."""
    return rows_of(_told(record) for record in records)


def _told(record: Record) -> Told:
    header = {name: value.decode() for name, value in record.headers}
    at, id = datetime.fromisoformat(header["ce_time"]), UUID(header["ce_id"])
    return Told(header["ce_type"], at, json.loads(record.value or b""), id)
