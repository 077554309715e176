"""Lock, decide, save: every command to every concept goes this way, whoever gives it.

Locks are taken in one order in every transaction: consents, then the plan, then other aggregates, each sorted by id.
"""

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any
from uuid import UUID

from services.caseplan import copies, ledger, referrals, store
from services.caseplan.concepts import CONCEPTS, PLAN, PROMISE, REFERRAL, Concept
from services.caseplan.store import Kept, Tx, Word
from shared.messaging.outbox import Cause
from shared.messaging.timers import Due, claim
from shared.runtime.database import reaching
from shared.runtime.ids import uuid7
from shared.runtime.reach import SERVICE
from shared.workflow import CLOCK, NETWORK, By, Decision, Party, Way

NO_CAUSE = Cause()
Speaks = Callable[[Kept], By]  # who speaks, once the aggregate is locked; raises where they may not

# What may look at a consent, or lead on to another program, which does.
CONSULTS = frozenset({"send", "resume", "reopen", "decline", "choose_next", "lapse"})


async def hold(tx: Tx, concept: Concept, ids: Iterable[UUID], verb: str) -> None:
    """Lock what comes before these aggregates in the order of locks."""
    if concept is REFERRAL and verb in CONSULTS:
        await copies.hold_consents(tx, list(ids))
    elif concept is PROMISE and verb == "keep":
        for id in ids:
            await tx.execute(store.SQL["lock_plan_of"], id)


async def say(
    tx: Tx, concept: Concept, id: UUID, command: Any, by: By | Speaks, *, cause: Cause = NO_CAUSE
) -> Kept:  # fmt: skip
    """Say `command` to an aggregate; returns it as it stands after. Raises what `decide` and `by` raise."""
    await hold(tx, concept, (id,), command.verb)
    kept = await store.lock(tx, concept, id)
    speaker = by if isinstance(by, By) else by(kept)
    decision = concept.decide(kept.state, command, speaker, concept.patience)
    word = Word(command.verb, speaker, getattr(command, "step", None))
    await store.save(tx, concept, decision, word, cause)
    after = await _follow(tx, concept, kept.state, decision.state, word, cause)
    return replace(kept, state=after)


async def begin(tx: Tx, concept: Concept, decision: Decision[Any], word: Word, cause: Cause = NO_CAUSE) -> None:
    """A new aggregate."""
    await store.insert(tx, concept, decision, word, cause)


async def _follow(tx: Tx, concept: Concept, before: Any, after: Any, word: Word, cause: Cause) -> Any:
    """What follows at once, in the same transaction, from what was said."""
    if concept is REFERRAL and (after.stage in referrals.LOOKING or after.stage is referrals.Stage.MOVED_ON):
        async with reaching(tx, SERVICE):  # one agency declines, another is asked: no word of the first's own
            return await _look_further(tx, after, word.by, cause)
    if concept is PLAN:
        await ledger.follow_plan(tx, before, after, word, cause)
    elif concept is PROMISE and word.verb == "keep":
        async with reaching(tx, SERVICE):  # the plan may be with another agency by now
            await ledger.follow_promise(tx, after, word.by, cause)
    return after


async def _look_further(tx: Tx, referral: Any, by: By, cause: Cause) -> Any:
    """Looks for another door when nobody takes it, and carries on where the person chose."""
    if referral.stage in referrals.LOOKING:
        onward = await _another_door(tx, referral)
        if onward.state.stage is not referral.stage:
            await store.save(tx, REFERRAL, onward, Word("carry_on", NETWORK), cause)
            referral = onward.state
    if referral.stage is referrals.Stage.MOVED_ON:
        await _carry_on_elsewhere(tx, referral, by, cause)
    return referral


async def _another_door(tx: Tx, referral: Any) -> Decision[Any]:
    second, consent = referral.second, None
    if second and await tx.fetchval(store.SQL["open_referral"], referral.person, second.program):
        referral = replace(referral, second=None)  # the second is being asked already
    elif second:
        consent = await copies.consent_for(tx, referral.person, second.agency, referral.need)
    found = await copies.other_programs(tx, referral.need, referral.person, referral.program)
    door = found[0].onward if found else None
    return referrals.carry_on(referral, door, consent, uuid7(), REFERRAL.patience)


async def _carry_on_elsewhere(tx: Tx, referral: Any, by: By, cause: Cause) -> None:
    """The draft to the chosen program; it goes out at once if the person's consent covers it already.

    It is the person's word that sends it: the one just spoken, or the one they gave when they named it second.
    """
    spoken = by if by.party is Party.PERSON else By(Party.PERSON, referral.person, Way.NONE)
    following = referrals.follow(referral)
    draft = referrals.draft(following, NETWORK, REFERRAL.patience)
    await begin(tx, REFERRAL, draft, Word("draft", NETWORK), cause)
    consent = await copies.consent_for(tx, following.person, following.agency, following.need)
    if consent is not None:
        sent = referrals.decide(following, referrals.Send(consent), spoken, REFERRAL.patience)
        await store.save(tx, REFERRAL, sent, Word("send", spoken), cause)


def clock_handler(concept: Concept) -> Callable[[Tx, Due], Any]:
    """What happens when the clock of this concept runs out: silence moves it, as the table says."""

    async def ring(tx: Tx, due: Due) -> None:
        await hold(tx, concept, (due.subject,), "lapse")
        await store.lock(tx, concept, due.subject)
        if await claim(tx, due, copies.work_out):
            await say(tx, concept, due.subject, concept.commands["lapse"](), CLOCK, cause=Cause(f"clock:{due.id}"))

    return ring


CLOCKS = {concept.clock: clock_handler(concept) for concept in CONCEPTS.values()}
