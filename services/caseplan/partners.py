"""What an agency's own system may fetch of a referral, by the reference that is this agency's alone.

Read under the consent as it is at this moment: its row is held, so a revocation waits for a read under way and the
next one finds nothing. No such reference, another agency's, no live consent: all look the same from outside.
"""

from typing import Any
from uuid import UUID

from services.caseplan import copies, reading, store, written
from services.caseplan.concepts import REFERRAL
from services.caseplan.referrals.fhir import task
from services.caseplan.store import Kept, Tx
from services.caseplan.views import with_agency
from shared.contracts.partner_view import REDISCLOSURE
from shared.process import Running
from shared.runtime.errors import NotFound
from shared.runtime.settings import Settings
from shared.security import audit
from shared.security.identity import Actor
from shared.security.permissions import Relation
from shared.security.references import reference as reference_of
from shared.security.references import seal_reference
from shared.web import edge


async def detail(here: Running, actor: Actor, reference: str) -> dict[str, Any]:
    """Raises NotFound."""
    async with edge.transaction(here) as tx:
        kept, consent = await _find(tx, here.settings, actor, reference)
        state = kept.state
        expires_on = await tx.fetchval(copies.SQL["expiry"], consent.id)
        sealed = await written.fetch(tx, {(REFERRAL.kind, state.id): state.person})
        clock = await tx.fetchrow(store.SQL["clocks"], [REFERRAL.clock], [str(state.id)])
        await audit.record(tx, actor, "referral.detail", state.person, f"referral/{state.id}", "referral")
    words = (await written.open_all(here.keys, sealed)).get((REFERRAL.kind, state.id), {})
    told = task(state)
    who = seal_reference(here.settings, state.agency, state.person, "p")  # another agency's is another
    return {
        "reference": reference,
        "program": str(state.program),
        "need": state.need,
        "status": told.status,
        "stage": told.business_status,
        "words": words.get("words"),
        "answer_by": clock["due_at"].isoformat() if clock and with_agency(kept) else None,
        "sent_at": kept.made_at.isoformat(),
        "name": f"/intake/partner/people/{who}/name",
        "reach": f"/intake/partner/people/{who}/reach",
        "consent": {
            "reference": reference_of(here.settings, state.agency, consent.id, "c"),
            "categories": sorted(consent.categories),
            "expires_on": expires_on.isoformat(),
        },
        "notice": REDISCLOSURE,
    }


async def _find(tx: Tx, settings: Settings, actor: Actor, reference: str) -> tuple[Kept, Any]:
    agency = actor.agency
    actor.require("referral.detail", Relation.RECEIVING_AGENCY if agency else (), reference)
    assert agency is not None, "the receiving side is an agency"
    id = await tx.fetchval(store.SQL["find_reference"], reference, agency)
    if id is None:
        await _refer(tx, settings, agency)
        id = await tx.fetchval(store.SQL["find_reference"], reference, agency)
    if id is None:
        raise NotFound("referral", "by this reference")
    kept = await store.get(tx, REFERRAL, id)
    return kept, await reading.live_consent(tx, kept, "by this reference")


async def _refer(tx: Tx, settings: Settings, agency: UUID) -> None:
    """References of what this agency was sent since it last asked: each is worked out once and kept."""
    for row in await tx.fetch(store.SQL["without_reference"], agency):
        own = reference_of(settings, agency, row["id"], "r")
        await tx.execute(store.SQL["put_reference"], own, agency, row["id"])
