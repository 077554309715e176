"""Short lives: what people, workers and agencies say to each other, step by step, drawn from a seed.

Every way of the product that moves something is walked by some of them: referrals by each kind of answer, consents
stopped and in effect, setbacks shared one by one, promises kept, moved and forgotten, silence that rings a clock.
"""

import asyncio
import random
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from time import monotonic
from typing import Any
from uuid import UUID

from confluent_kafka import KafkaException

from shared.runtime.database import OUTAGES
from shared.runtime.ids import uuid7
from shared.security import demo
from shared.security.references import reference
from tests.faults.answers import Answers
from tests.faults.cast import KITCHEN, ROOMS
from tests.faults.history import Ended
from tests.faults.load import BORN, GivenUp, Load
from tests.faults.stage import PARTNER

KAFKA_TROUBLE = (KafkaException, RuntimeError)
STREAMS = tuple((f"partner.{PARTNER}.{stream}.v1", 0) for stream in ("referral", "setback"))
COMES_WITHIN = 400.0  # seconds for what no outage may keep away for ever: a receipt, a revocation in effect
LEADS_TO = {
    "seen": "seen", "accept": "accepted", "decline": "offered", "start": "in_progress", "report": "reported",
}  # fmt: skip
ASKED = {demo.CEDAR_HOUSE: (ROOMS, "housing", demo.YUSUF), demo.OPEN_TABLE: (KITCHEN, "food", demo.ELENA)}


@dataclass
class Memory:
    """What lives leave behind for the judge, and for the chaos to play with."""

    ended: list[Ended] = field(default_factory=list)
    answered: list[tuple[str, str]] = field(default_factory=list)
    spare_consents: list[UUID] = field(default_factory=list)  # unconfirmed, and nothing stands on them
    stuck: list[str] = field(default_factory=list)  # what must come and never came
    told: int = 0


@dataclass
class Life:
    load: Load
    answers: Answers
    memory: Memory
    random: random.Random
    person: UUID = field(default_factory=uuid7)

    async def live(self) -> None:
        """From the door on, until the script ends or a no is final."""
        BORN.set(monotonic())
        try:
            await self._welcome()
            parts = [self._plan, self._referral, self._promises, self._setback]
            self.random.shuffle(parts)
            for part in parts[: self.random.randint(2, 4)]:
                await part()
        except GivenUp:
            return
        self.memory.told += 1

    # Saying

    async def _i(self, path: str, body: dict[str, Any] | None = None, **how: Any) -> dict[str, Any]:
        return await self.load.say(self.person, path, body, **how)

    async def _dana(self, path: str, body: dict[str, Any] | None = None, **how: Any) -> dict[str, Any]:
        return await self.load.say(demo.DANA, path, body, **how)

    def _maybe(self, share: float) -> bool:
        return self.random.random() < share

    # The parts of a life

    async def _welcome(self) -> None:
        body = {"id": str(self.person), "name": "Alma", "synthetic": True}
        if self._maybe(0.6):
            body |= {"way": "sms", "contact": "+1 555 010 0199", "safe": True}
        await self._dana("/intake/people", body)
        if self._maybe(0.3):
            spare = uuid7()
            await self._consent(demo.LANTERN_CLINIC, id=spare, by_worker=True)
            self.memory.spare_consents.append(spare)

    async def _consent(
        self, recipient: UUID, *, id: UUID | None = None, setback: UUID | None = None, by_worker: bool = False
    ) -> UUID:
        id = id or uuid7()
        body: dict[str, Any] = {"id": str(id), "person": str(self.person), "recipient": str(recipient), "shown": True}
        body |= {"categories": ["setback"], "setback": str(setback)} if setback else {"categories": ["referral"]}
        if by_worker:
            await self._dana("/intake/consents", body | {"given": "in_person"})
        else:
            await self._i("/intake/consents", body)
        return id

    async def _plan(self) -> None:
        plan = f"/caseplan/plans/{self.person}"
        soon = (date.today() + timedelta(days=4)).isoformat()
        goal, mine, theirs = (str(uuid7()) for _ in range(3))
        version = {
            "goals": [{"id": goal, "words": "A door I can lock."}],
            "steps": [
                {"id": theirs, "goal": goal, "owner": "worker", "due": soon, "words": "Ask about a room."},
                {"id": mine, "goal": goal, "owner": "person", "due": soon, "words": "Say which part of town."},
            ],
        }
        if self._maybe(0.7):
            await self._dana(f"{plan}/suggest", version)
            if self._maybe(0.2):
                await self._i(f"{plan}/not-now")
                return
            await self._i(f"{plan}/sign")
        else:
            await self._i(f"{plan}/propose", version)
            await self._dana(f"{plan}/sign")
        if self._maybe(0.6):
            await self._dana(f"{plan}/finish-step", {"step": theirs})
        if self._maybe(0.5):
            await self._i(f"{plan}/finish-step", {"step": mine})
        if self._maybe(0.3):
            await self._i(f"{plan}/say-too-much")
            await self._i(f"{plan}/fits")

    async def _promises(self) -> None:
        for _ in range(self.random.randint(1, 2)):
            await self.random.choice((self._kept, self._moved, self._forgotten, self._broken))()

    async def _promise(self, seconds: float) -> str:
        id = str(uuid7())
        due = (datetime.now(UTC) + timedelta(seconds=seconds)).isoformat()
        body = {"id": id, "person": str(self.person), "words": "I will ask who drives you.", "due": due}
        await self._dana("/caseplan/promises", body, refusable=seconds < 60)
        return f"/caseplan/promises/{id}"

    async def _kept(self) -> None:
        here = await self._promise(7200)
        await self._dana(f"{here}/keep")
        if self._maybe(0.5):
            await self._i(f"{here}/say-kept")

    async def _moved(self) -> None:
        here = await self._promise(7200)
        later = (datetime.now(UTC) + timedelta(hours=30)).isoformat()
        await self._dana(f"{here}/ask-for-time", {"due": later})
        await self._i(f"{here}/{'agree' if self._maybe(0.6) else 'refuse'}")
        if self._maybe(0.5):
            await self._i(f"{here}/release")

    async def _broken(self) -> None:
        here = await self._promise(7200)
        await self._dana(f"{here}/admit")
        if self._maybe(0.3):
            await self._i(f"{here}/say-kept", {"late": True})

    async def _forgotten(self) -> None:
        """Its time passes; the clock says so, and nobody needs to."""
        await self._promise(self.random.uniform(4, 9))

    async def _setback(self) -> None:
        id = uuid7()
        here = f"/caseplan/setbacks/{id}"
        body = {"id": str(id), "words": "The bus was too full.", "pace": self.random.choice(("soon", "today"))}
        await self._i("/caseplan/setbacks", body)
        if self._maybe(0.3):
            await self._dana(f"{here}/try")
        if self._maybe(0.15):
            await self._time_passes(id)  # nobody was in touch in time: it rings
        await self._dana(f"{here}/contact")
        if self._maybe(0.5):
            await self._share(id)
        await self._i(f"{here}/reflect", {"next_time": "Go with Tony."})
        if self._maybe(0.5):
            await self._dana(f"{here}/offer-revision")
            await self._i(f"{here}/{self.random.choice(('accept', 'decline'))}-revision")
        else:
            await self._i(f"{here}/enough")
        if self._maybe(0.2):
            await self._i(f"{here}/ask-again", {"pace": "soon"})

    async def _share(self, setback: UUID) -> None:
        consent = await self._consent(demo.CEDAR_HOUSE, setback=setback)
        if self._maybe(0.4):
            await self._stop(consent, [])

    async def _referral(self) -> None:
        agency = demo.CEDAR_HOUSE if self._maybe(0.65) else demo.OPEN_TABLE
        program, need, staff = ASKED[agency]
        in_public = self._maybe(0.3)
        consent = await self._consent(agency, by_worker=in_public)
        if in_public and self._maybe(0.7):
            await self._i(f"/intake/consents/{consent}/confirm")
        id = uuid7()
        body = {"id": str(id), "person": str(self.person), "program": str(program), "need": need}
        send = self._i if self._maybe(0.3) else self._dana
        await send("/caseplan/referrals", body | {"consent": str(consent)})
        stop_at = self.random.choice((0, 1, 2, 3)) if self._maybe(0.35) else -1
        for number, step in enumerate((self._answer_it, self._work_on_it, self._end_it)):
            if number == stop_at:
                await self._stop_and_maybe_go_on(id, agency, consent)
                return
            if not await step(id, agency, staff):
                break
        if stop_at == 3:
            await self._stop(consent, [id] if agency == demo.CEDAR_HOUSE else [])

    async def _answer_it(self, id: UUID, agency: UUID, staff: UUID) -> bool:
        """Yes or no, by stream, page or phone. False when it goes no further."""
        here = f"/caseplan/referrals/{id}"
        if self._maybe(0.08):
            await self._time_passes(id)  # silence: its lead holds it now
            return False
        no = {"reason": "no_capacity"}
        is_yes = self._maybe(0.8)
        if agency == demo.CEDAR_HOUSE and self._maybe(0.5):
            if self._maybe(0.5):
                await self._stream(id, "seen")
            await self._stream(id, "accept" if is_yes else "decline", **({} if is_yes else no))
        elif self._maybe(0.4):
            verb = {"verb": "accept"} if is_yes else {"verb": "decline", **no}
            await self._dana(f"{here}/record-answer", verb)
        else:
            await self.load.say(staff, f"{here}/{'accept' if is_yes else 'decline'}", {} if is_yes else no)
        if not is_yes:
            await self._i(f"{here}/not-now")
        return is_yes

    async def _work_on_it(self, id: UUID, agency: UUID, staff: UUID) -> bool:
        here = f"/caseplan/referrals/{id}"
        if self._maybe(0.5):
            await self._crowd(here, staff)
        if agency == demo.CEDAR_HOUSE and self._maybe(0.4):
            await self._stream(id, "start")
        else:
            await self.load.say(staff, f"{here}/begin")
        return True

    async def _end_it(self, id: UUID, agency: UUID, staff: UUID) -> bool:
        here = f"/caseplan/referrals/{id}"
        if agency == demo.CEDAR_HOUSE and self._maybe(0.5):
            await self._stream(id, "report", outcome="got_help")
        else:
            await self.load.say(staff, f"{here}/report", {"outcome": "got_help"})
        if self._maybe(0.25):
            await self._i(f"{here}/dispute")
            await self.load.say(staff, f"{here}/report", {"outcome": "partly"})
        await self._i(f"{here}/confirm")
        return True

    async def _crowd(self, here: str, staff: UUID) -> None:
        """Several at the same referral in the same moment."""
        tries = (
            self.load.say(staff, f"{here}/attempt", {"contact": kind}) for kind in ("call", "text", "mail", "visit")
        )
        await _together(tries)

    # Partner, clocks, stopping

    async def _stream(self, id: UUID, answer: str, **more: str) -> None:
        """By the partner's own topic, until there is a receipt and caseplan has moved."""
        called = reference(self.load.stage.settings, demo.CEDAR_HOUSE, id)
        await self.load.going.wait()
        try:
            async with asyncio.timeout(COMES_WITHIN):
                counts = await self.answers.give(called, answer, **more)
        except TimeoutError:
            self.memory.stuck.append(f"the answer {answer} to {id} never got a receipt")
            raise GivenUp(answer) from None
        if counts:
            self.memory.answered.append((str(id), answer))
        await self._until(f"/caseplan/referrals/{id}", LEADS_TO[answer])

    async def _until(self, path: str, stage: str) -> None:
        since = monotonic()
        while monotonic() - since < self.load.patience:
            status, found = await self.load.see(demo.DANA, path)
            if status == 200 and found["stage"] == stage:
                return
            await asyncio.sleep(0.4)
        raise self.load.give_up(f"{path} did not become {stage}")

    async def _time_passes(self, subject: UUID) -> None:
        """In caseplan, and for this one alone. A database that is away leaves the clock as it is."""
        try:
            await self.load.stage.pull("caseplan", subject)
        except OUTAGES:
            return

    async def _stop_and_maybe_go_on(self, id: UUID, agency: UUID, consent: UUID) -> None:
        mine = agency == demo.CEDAR_HOUSE
        await self._stop(consent, [id] if mine else [])
        if not self._maybe(0.4):
            return
        await self._until(f"/caseplan/referrals/{id}", "paused")
        again = await self._consent(agency)
        await self._i(f"/caseplan/referrals/{id}/resume", {"consent": str(again)})

    async def _stop(self, consent: UUID, referrals: list[UUID]) -> None:
        """Taken back; once it is in effect, the ends of the streams are noted and the doors are tried."""
        who = self._i if self._maybe(0.7) else self._dana
        await who(f"/intake/consents/{consent}/revoke", {} if who == self._i else {"given": "in_person"})
        await self._in_effect(consent)
        ends = await self._ends()
        if ends is None:
            return
        settings = self.load.stage.settings
        ended = Ended(str(consent), reference(settings, demo.CEDAR_HOUSE, consent, "c"), ends)
        for id in referrals:
            path = f"/caseplan/partner/referrals/{reference(settings, demo.CEDAR_HOUSE, id)}"
            for door in (path, f"/intake/people/{self.person}/name"):
                status, _ = await self.load.see(demo.YUSUF, door)
                ended.reads.append((door, status))
        self.memory.ended.append(ended)

    async def _in_effect(self, consent: UUID) -> None:
        since = monotonic()
        while monotonic() - since < COMES_WITHIN:
            _, found = await self.load.see(self.person, f"/intake/consents/{consent}")
            if found.get("in_effect_at"):
                return
            await asyncio.sleep(0.5)
        self.memory.stuck.append(f"the revocation of {consent} never came into effect")
        raise GivenUp(str(consent))

    async def _ends(self) -> dict[str, int] | None:
        """Where the partner's topics end; None while the broker is away for long."""
        for _ in range(20):
            try:
                found = await asyncio.to_thread(self.load.stage.log_ends, STREAMS)
                return {topic: end for (topic, _), end in found.items()}
            except KAFKA_TROUBLE:
                await asyncio.sleep(1)
        return None


async def _together(several: Any) -> None:
    done = await asyncio.gather(*several, return_exceptions=True)
    for one in done:
        if isinstance(one, BaseException):
            raise one
