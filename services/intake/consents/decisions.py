"""What follows from a word about a consent: the state after it, its event, the clocks it starts."""

from dataclasses import replace
from datetime import date, timedelta
from typing import assert_never

from services.intake.consents.commands import (
    Command,
    Confirm,
    Erase,
    Grant,
    Halt,
    Lapse,
    NotNow,
    Remind,
    Renew,
    Revoke,
    Sign,
    TakeEffect,
    Use,
)
from services.intake.consents.state import (
    KIND,
    REMINDER,
    SETBACK,
    SUPERVISION,
    Consent,
    Patience,
    Stage,
    ends_at,
    given,
    last_day,
)
from services.intake.consents.table import WORKFLOW, has_halted
from shared.contracts.events import Event
from shared.runtime.errors import Invalid
from shared.workflow import NETWORK, By, Decision, Hours, Move, Party, Timer, Until, check, fields_of
from shared.workflow import Patience as Silence


def ask(consent: Consent, today: date, patience: Patience, *, at_intake: bool = False) -> Decision[Consent]:
    """The question, put to the person. Raises Invalid for terms that may not be asked for."""
    terms = consent.terms
    if not terms.categories:
        raise Invalid("categories", "Name what may be told.")
    if terms.recipient == terms.discloser:
        raise Invalid("recipient", "An agency needs no consent to tell itself.")
    _in_time(terms.expires_on, today, patience)
    if (SETBACK in terms.categories) != (terms.setback is not None):
        raise Invalid("setback", "Consent to tell of a setback names that one setback.")
    if terms.setback is not None and terms.categories != {SETBACK}:
        raise Invalid("categories", "A setback is asked for by itself.")
    if terms.once and terms.categories != {SUPERVISION}:
        raise Invalid("categories", "Supervision and courts are asked for apart from everything else.")
    if terms.once and at_intake:
        raise Invalid("categories", "Supervision and courts are never asked for at intake.")
    return Decision(consent, (), (clock_of(consent, patience),))


def _in_time(until: date, today: date, patience: Patience) -> None:
    if not today <= until <= today + timedelta(days=patience.longest_days):
        raise Invalid("expires_on", f"Choose a last day within {patience.longest_days} days.")


def offers(consent: Consent, party: Party) -> dict[str, Move[Stage]]:
    return WORKFLOW.offers(consent.stage, party)


def decide(consent: Consent, command: Command, by: By, patience: Patience) -> Decision[Consent]:
    """Raises MoveNotOffered, which carries what is offered, GuardNotMet, which says what would meet the rule, or
    Invalid for a last day that may not be asked for."""
    move = WORKFLOW.find(consent.stage, command.verb, by.party)
    check(move, consent, command, by, offers(consent, by.party))
    if isinstance(command, Renew):
        _in_time(command.until, command.today, patience)
        if command.until < consent.terms.expires_on:
            raise Invalid("expires_on", "Choose a day that is not before its last day now.")
    after = replace(noted(consent, command, by, patience), stage=move.end())
    happened = (tell(move.event, after, by),) if move.event else ()
    if move.keeps_clock:
        return Decision(after, happened)
    return Decision(after, happened, (clock_of(after, patience),))


def halt(consent: Consent, service: str, patience: Patience) -> Decision[Consent]:
    """A service has stopped; with the last of them the revocation is in effect. Said again, it changes nothing."""
    if consent.stage is not Stage.REVOKED:
        return Decision(consent)
    halted = decide(consent, Halt(service), NETWORK, patience)
    if not has_halted(halted.state, TakeEffect(), NETWORK):
        return halted
    return halted.then(decide(halted.state, TakeEffect(), NETWORK, patience))


def tell(event: type[Event], after: Consent, by: By) -> Event:
    terms = after.terms
    more = {
        "consent": after.id,
        "discloser": terms.discloser,
        "recipient": terms.recipient,
        "categories": tuple(sorted(terms.categories)),
        "purpose": terms.purpose,
        "expires_on": terms.expires_on,
        "setback": terms.setback,
        "once": terms.once,
        "given": after.given,
        "last_day": last_day(after),
    }
    return event.model_validate(fields_of(event, after, by, **more))


def noted(consent: Consent, command: Command, by: By, patience: Patience) -> Consent:
    match command:
        case Grant(today=today):
            return replace(consent, granted_on=today, given=_given(by, command))
        case Sign(today=today):
            confirm_by = today + timedelta(days=patience.confirm_days)
            return replace(consent, granted_on=today, confirm_by=confirm_by, given=_given(by, command))
        case Confirm():
            return replace(consent, confirm_by=None, given=_given(by, command))
        case Renew(today=today, until=until):
            renewed = replace(consent.terms, expires_on=until)
            return replace(consent, terms=renewed, granted_on=today, confirm_by=None, given=_given(by, command))
        case Revoke():
            return replace(consent, given=_given(by, command))
        case Use():
            return replace(consent, reason="used")
        case Erase():
            return replace(consent, reason="person_erased")
        case Halt(service):
            return replace(consent, halted=consent.halted | {service})
        case Lapse() if consent.stage in (Stage.GRANTED, Stage.CONFIRMED):
            is_expired = last_day(consent) == consent.terms.expires_on
            return replace(consent, reason="expired" if is_expired else "not_confirmed")
        case NotNow() | TakeEffect() | Lapse() | Remind():
            return consent
        case _:
            assert_never(command)


def _given(by: By, command: Grant | Sign | Confirm | Renew | Revoke) -> str:
    return "paper" if command.paper else given(by)


def silence_of(consent: Consent, patience: Patience) -> Silence | None:
    match consent.stage:
        case Stage.ASKED:
            return Hours.days(patience.ask_days)
        case Stage.GRANTED | Stage.CONFIRMED:
            return Until(ends_at(consent))
        case Stage.REVOKED:
            return Hours(patience.effect_hours)
        case Stage.IN_EFFECT | Stage.LAPSED | Stage.NOT_NOW:
            return None
        case _:
            assert_never(consent.stage)


def clock_of(consent: Consent, patience: Patience) -> Timer:
    return Timer(KIND, consent.id, silence_of(consent, patience))


def reminder_of(consent: Consent, patience: Patience) -> Timer:
    """When to tell the person that it ends: never of what nobody renews, nor of what was meant for a few days."""
    first = (consent.granted_on or last_day(consent)) + timedelta(days=patience.remind_days)
    stands = consent.stage in (Stage.GRANTED, Stage.CONFIRMED)
    if not stands or consent.terms.once or consent.terms.setback or last_day(consent) <= first:
        return Timer.none(REMINDER, consent.id)
    return Timer(REMINDER, consent.id, Until(ends_at(consent) - timedelta(days=patience.remind_days)))
