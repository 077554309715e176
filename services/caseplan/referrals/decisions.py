"""What follows when somebody says something to a referral. Reads no clock, touches nothing."""

from dataclasses import replace
from typing import assert_never
from uuid import UUID

from services.caseplan.referrals import state as said
from services.caseplan.referrals.patience import Patience, clock_of
from services.caseplan.referrals.state import Command, Onward, Referral
from services.caseplan.referrals.table import LOOKING, PAUSABLE, PAUSES, UNDERWAY, WORKFLOW
from services.caseplan.sharing import Consent, covers_referral
from shared.contracts import referral as events
from shared.contracts.events import Event
from shared.contracts.referral import Stage
from shared.runtime.errors import Conflict
from shared.workflow import NETWORK, By, Decision, Move, MoveNotOffered, Party, check, fields_of


class AlreadyOpen(Conflict):
    """One person and one program have one open referral at a time; `referral` is the one there is."""

    title = "There is one already"

    def __init__(self, referral: UUID) -> None:
        self.referral = referral
        super().__init__("A referral to this program is open already. Go on with that one.", ("open_it",))


def is_open(referral: Referral) -> bool:
    return WORKFLOW.is_open(referral.stage)


def owner_of(referral: Referral) -> Party | None:
    """Who holds it now; None when it is at rest."""
    return WORKFLOW.owners.get(referral.stage)


def offers(referral: Referral, party: Party) -> dict[str, Move[Stage]]:
    """The moves that `party` can make now; pages draw their buttons from this."""
    here = WORKFLOW.offers(referral.stage, party)
    if referral.before is None or party not in (Party.AGENCY, Party.PERSON):
        return here
    return WORKFLOW.offers(referral.before, party) | here


def draft(referral: Referral, by: By, patience: Patience) -> Decision[Referral]:
    """A referral's first fact. Whether another one is open to this program is the store's to know."""
    return Decision(referral, (tell(events.Drafted, referral, by),), (clock_of(referral, patience),))


def decide(referral: Referral, command: Command, by: By, patience: Patience) -> Decision[Referral]:
    """The state after, its event, and the clock it starts or stops.

    Raises MoveNotOffered, which carries what is offered, or GuardNotMet, which says what would meet the rule.
    """
    offered = offers(referral, by.party)
    if command.verb not in offered:
        raise MoveNotOffered(command.verb, offered)
    move = offered[command.verb]
    check(move, referral, command, by, offered)
    is_beneath = command.verb not in WORKFLOW.moves[referral.stage]
    after = arrive(noted(referral, command), move, is_beneath)
    happened = (tell(move.event, after, by),) if move.event else ()
    if move.keeps_clock or (is_beneath and after.stage in PAUSES):
        return Decision(after, happened)
    return Decision(after, happened, (clock_of(after, patience),))


def arrive(referral: Referral, move: Move[Stage], is_beneath: bool) -> Referral:
    """Where `move` leads. Beneath a pause the referral moves on unseen, until it leaves the agency."""
    to = move.end(referral.before)
    if to in LOOKING:
        referral = replace(referral, not_taken_as=to)
    if to in UNDERWAY:
        referral = replace(referral, underway=True)
    if is_beneath and to in PAUSABLE:
        return replace(referral, before=to)
    if to in PAUSES:
        return replace(referral, stage=to, before=referral.before or referral.stage)
    return replace(referral, stage=to, before=None)


def tell(event: type[Event], after: Referral, by: By) -> Event:
    return event.model_validate(fields_of(event, after, by, referral=after.id, owner=owner_of(after)))


def noted(referral: Referral, command: Command) -> Referral:  # noqa: C901 - one line a command
    """The referral with what the command says, before it moves."""
    match command:
        case said.Send(consent, second):
            return replace(referral, consent=_id(consent), second=second)
        case said.Resume(consent) | said.Reopen(consent):
            return replace(referral, consent=_id(consent))
        case said.Waitlist(position):
            return replace(referral, position=position)
        case said.Decline(reason, rule, document, _):
            return replace(referral, reason=reason, rule=rule, document=document)
        case said.Attempt(contact):
            return replace(referral, attempts=referral.attempts + 1, contact=contact)
        case said.Await(waiting_for):
            return replace(referral, waiting_for=waiting_for)
        case said.Hold(hold_reason):
            return replace(referral, hold_reason=hold_reason)
        case said.Report(outcome):
            return replace(referral, outcome=outcome)
        case said.Confirm():
            return replace(referral, confirmed=True)
        case said.Dispute():
            return replace(referral, attempts=0)  # tried anew, or not at all, before "not reached" is said again
        case said.Tell(told):
            return replace(referral, told=told)
        case said.Offer(onward):
            return replace(referral, next=onward)
        case said.ChooseNext(onward, next_referral):
            return replace(referral, next=onward, next_referral=next_referral)
        case said.FollowSecond(next_referral, _):
            return replace(referral, next=referral.second, next_referral=next_referral)
        case said.Pause(cause):
            return replace(referral, cause=cause)
        case said.Withdraw(reason, _):
            return replace(referral, withdraw_reason=reason)
        case said.Lapse() if referral.stage is Stage.REPORTED:
            return replace(referral, confirmed=False)
        case (
            said.Deliver()
            | said.See()
            | said.Accept()
            | said.Begin()
            | said.Continue()
            | said.NotNow()
            | said.MarkError()
            | said.Lapse()
        ):
            return referral
        case _:
            assert_never(command)


def _id(consent: Consent | None) -> UUID | None:
    return consent.id if consent else None


def carry_on(
    referral: Referral, suggestion: Onward | None, consent: Consent | None, next_referral: UUID, patience: Patience
) -> Decision[Referral]:
    """What the network does by itself in the moment that nobody here takes it.

    To the second program only if the person had named it when sending and `consent` covers it now. Otherwise
    `suggestion` is shown to the person, and the program suggested hears nothing. Without one the worker looks.
    """
    if referral.stage not in LOOKING:
        return Decision(referral)
    second = referral.second
    if second and covers_referral(consent, referral.person, second.agency, referral.need):
        return decide(referral, said.FollowSecond(next_referral, consent), NETWORK, patience)
    door = second or suggestion
    if door is None or door.program == referral.program:
        return Decision(referral)
    return decide(referral, said.Offer(door), NETWORK, patience)


def follow(referral: Referral) -> Referral:
    """The draft that carries on where the person chose another program. Sending it takes a consent of its own."""
    assert referral.next is not None and referral.next_referral is not None, "only what has moved on is followed"
    return Referral(
        id=referral.next_referral,
        person=referral.person,
        program=referral.next.program,
        agency=referral.next.agency,
        need=referral.need,
        worker=referral.worker,
        home=referral.home,
        follows=referral.id,
    )
