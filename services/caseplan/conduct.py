"""Lock, decide, save: every command to every concept goes this way, whoever gives it."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from services.caseplan import copies, referrals, store
from services.caseplan.concepts import CONCEPTS, REFERRAL, USUAL, Concept
from services.caseplan.sharing import covers_referral
from services.caseplan.store import Tx
from shared.messaging.outbox import Cause
from shared.messaging.timers import Due, claim
from shared.runtime.ids import uuid7
from shared.workflow import CLOCK, NETWORK, By, Decision, Party, Way

Authorize = Callable[[Any], None]


async def say(
    tx: Tx,
    concept: Concept,
    id: UUID,
    command: Any,
    by: By,
    *,
    cause: Cause = Cause(),
    authorize: Authorize | None = None,
) -> Any:
    """Say `command` to an aggregate; returns its state after. Raises what `decide` and `authorize` raise."""
    state = await store.lock(tx, concept, id)
    if authorize:
        authorize(state)
    decision = concept.decide(state, command, by, concept.patience(USUAL))
    await store.save(tx, concept, decision, command.verb, by, cause)
    if concept is REFERRAL:
        return await _follow(tx, decision.state, by, cause)
    return decision.state


async def begin(tx: Tx, concept: Concept, decision: Decision[Any], by: By, verb: str, cause: Cause = Cause()) -> None:
    """A new aggregate."""
    await store.insert(tx, concept, decision, verb, by, cause)


async def _follow(tx: Tx, referral: Any, by: By, cause: Cause) -> Any:
    """What the network does by itself: looks for another door when nobody takes it, carries on where the person chose."""
    patience = REFERRAL.patience(USUAL)
    if referral.stage in referrals.LOOKING:
        consent = await _consent_for_second(tx, referral)
        door = await copies.another_door(tx, referral.need, referral.program)
        onward = referrals.carry_on(referral, door, consent, uuid7(), patience)
        if onward.state != referral:
            await store.save(tx, REFERRAL, onward, "carry_on", NETWORK, cause)
            referral = onward.state
    if referral.stage is referrals.Stage.MOVED_ON:
        await _carry_on_elsewhere(tx, referral, by, cause)
    return referral


async def _consent_for_second(tx: Tx, referral: Any) -> Any:
    if referral.second is None:
        return None
    found = await copies.consents_towards(tx, referral.person, referral.second.agency)
    return next((c for c in found if covers_referral(c, referral.person, referral.second.agency, referral.need)), None)


async def _carry_on_elsewhere(tx: Tx, referral: Any, by: By, cause: Cause) -> None:
    """The draft to the chosen program; it goes out at once if the person's consent covers it already.

    It is the person's word that sends it: the one just spoken, or the one they gave when they named it second.
    """
    spoken = by if by.party is Party.PERSON else By(Party.PERSON, referral.person, Way.NONE)
    following = referrals.follow(referral)
    patience = REFERRAL.patience(USUAL)
    await begin(tx, REFERRAL, referrals.draft(following, NETWORK, patience), NETWORK, "draft", cause)
    for consent in await copies.consents_towards(tx, following.person, following.agency):
        if covers_referral(consent, following.person, following.agency, following.need):
            sent = referrals.decide(following, referrals.Send(consent), spoken, patience)
            await store.save(tx, REFERRAL, sent, "send", spoken, cause)
            return


def clock_handler(concept: Concept) -> Callable[[Tx, Due], Any]:
    """What happens when the clock of this concept runs out: silence moves it, as the table says."""

    async def ring(tx: Tx, due: Due) -> None:
        await store.lock(tx, concept, due.subject)
        if await claim(tx, due, copies.work_out):
            await say(tx, concept, due.subject, concept.commands["lapse"](), CLOCK, cause=Cause(f"clock:{due.id}"))

    return ring


CLOCKS = {concept.clock: clock_handler(concept) for concept in CONCEPTS.values()}
