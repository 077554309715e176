"""One day at Welcome Alder, lived through the public commands: something of everything that a page can show."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from shared.runtime.ids import uuid7
from shared.security.demo import DANA, GRACE, JO, RAY, SAM, TASHA, YUSUF
from tests.integration.caseplan.world import BEDS, CARE, CEDAR, CLINIC, HARBOR, World


async def plan_with(
    world: World, who: UUID = RAY, *, own: int = 1, ours: int = 1, days: int = 5, words: str = "My own key."
) -> dict[str, Any]:
    """A plan that both have signed; returns it as its worker reads it."""
    today = (await world.now()).date()
    due = str(today + timedelta(days=days))
    steps = [{"goal": 0, "owner": "person", "due": due, "words": f"Pick part {n + 1} of town."} for n in range(own)]
    steps += [{"goal": 0, "owner": "worker", "due": due, "words": f"I will call {n + 1}."} for n in range(ours)]
    await world.ok(DANA, f"/caseplan/plans/{who}/suggest", {"goals": [{"words": words}], "steps": steps})
    await world.ok(who, f"/caseplan/plans/{who}/sign")
    return await world.read(DANA, f"/caseplan/plans/{who}")


async def promise_by(world: World, who: UUID = RAY, *, by: UUID = DANA, words: str = "", **time: float) -> UUID:
    due = await world.now() + timedelta(**(time or {"hours": 6}))
    body = {"person": str(who), "words": words or "I will ask the clinic who drives you.", "due": due.isoformat()}
    return UUID((await world.ok(by, "/caseplan/promises", body))["id"])


async def a_day(world: World) -> dict[str, UUID]:
    """Ray in the middle of it, Jo waits for somebody, Tasha has not begun, Sam carries too much."""
    await plan_with(world, own=2, ours=1)
    await promise_by(world, words="I will have a phone for you.", hours=2)
    broken = await promise_by(world, words="I will bring bus passes.", hours=1)
    await world.later(hours=3)
    await world.ok(DANA, f"/caseplan/promises/{broken}/keep", {"late": True})
    await promise_by(world, hours=5)
    moving = await promise_by(world, words="I will show you the room.", hours=28)
    later = (await world.now() + timedelta(days=3)).isoformat()
    await world.ok(DANA, f"/caseplan/promises/{moving}/ask-for-time", {"due": later})

    for agency, categories in ((CEDAR, ()), (CLINIC, ("referral", "health")), (HARBOR, ())):
        await world.consent(RAY, agency, *categories)
    room = await world.refer(words="A room with a door I can lock.", second=str(BEDS))
    await world.ok(YUSUF, f"/caseplan/referrals/{room}/see")
    care = await world.refer(program=CARE, need="health")
    await world.ok(GRACE, f"/caseplan/referrals/{care}/accept")
    await world.ok(GRACE, f"/caseplan/referrals/{care}/begin")
    await world.ok(GRACE, f"/caseplan/referrals/{care}/report", {"outcome": "got_help"})
    await world.consent(TASHA, CEDAR)
    offered = await world.refer(TASHA)
    await world.ok(YUSUF, f"/caseplan/referrals/{offered}/decline", {"reason": "no_capacity"})

    words = "The bus was too full. I walked back."
    hard = await world.ok(JO, "/caseplan/setbacks", {"words": words, "pace": "soon"})
    worry = await world.ok(YUSUF, "/caseplan/concerns", {"person": str(RAY), "words": "He looked very tired."})
    await plan_with(world, SAM, own=7, ours=0, words="Start on Monday.")
    suggestion = {
        "goals": [{"words": "Be home for dinner."}],
        "steps": [{"goal": 0, "owner": "worker", "due": str((await world.now()).date()), "words": "I will ask her."}],
    }
    await world.ok(DANA, f"/caseplan/plans/{TASHA}/suggest", suggestion)
    contact = {"who": str(RAY), "how": "called", "what": "Slept well at his sister’s.", "id": str(uuid7())}
    await world.ok(DANA, "/caseplan/contacts", contact)
    ids = {"room": room, "care": care, "offered": offered, "moving": moving}
    return ids | {"hard": UUID(hard["id"]), "worry": UUID(worry["id"]), "broken": broken}
