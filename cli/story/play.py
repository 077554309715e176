"""The story: Alma comes home, asks for a room, gets one, has a hard day, and stays in the driver's seat throughout.

Played through the public HTTP interfaces and the partner's own Kafka client. Each line is told only after somebody
looked and saw it; what is not seen in time ends the story.
"""

import asyncio
import json
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx

from cli.scenery import ROOMS
from cli.story.partner import PartnerClient
from cli.story.telling import Telling
from cli.story.voices import HEARD_WITHIN, NotHeard, Voice, until
from shared.local.network import Network
from shared.runtime.ids import uuid7
from shared.security import demo
from shared.web import say

RECEIVED, UPDATED, CLOSED = (f"partner.referral.{fact}.v1" for fact in ("received", "updated", "closed"))
SHARED = "partner.setback.shared.v1"
ALMA, DANA, CEDAR = "Alma", "Dana", "Cedar House"


class Story:
    def __init__(self, network: Network, client: httpx.AsyncClient, partner: PartnerClient, telling: Telling) -> None:
        self._network = network
        self._client = client
        self.partner = partner
        self.tell = telling
        self.dana = Voice(network, client, demo.DANA)
        self.lena = Voice(network, client, demo.LENA)
        self.yusuf = Voice(network, client, demo.YUSUF)
        self.office = Voice(network, client, demo.RUTH)

    async def play(self) -> None:
        before = await self._counted()
        await self.comes_home()
        await self.makes_a_plan()
        await self.asks_for_a_room()
        await self.gets_a_yes()
        await self.has_a_hard_day()
        await self.sees_a_promise_kept()
        await self.says_how_it_ended()
        await self.stops_sharing()
        await self.is_counted(before)

    async def comes_home(self) -> None:
        self.tell.chapter("Somebody asks for help")
        visitor = Voice(self._network, self._client, demo.DANA)
        answer = await visitor.say(
            "/intake/start",
            {
                "name": "Alma",
                "way": "sms",
                "contact": "+1 555 010 0199",
                "safe": True,
                "language": "en",
                "needs": ["housing"],
            },
        )
        self.id = answer["id"]
        self.alma = Voice(self._network, self._client, UUID(self.id))
        self.tell.saw(ALMA, "I told them my name and that I need a room. Nobody asked what I did.")
        await self.lena.say(
            f"/intake/people/{self.id}/worker", {"worker": str(demo.DANA), "reason": "welcomed"}, method="PUT"
        )
        await self.dana.see(f"/intake/people/{self.id}/name", lambda found: found["name"] == "Alma")
        self.tell.saw(
            DANA, "Lena named me for Alma. I see her name, and that she needs a room. She can see that I looked."
        )

    async def makes_a_plan(self) -> None:
        self.tell.chapter("A plan that both sides sign")
        plan = f"/caseplan/plans/{self.id}"
        await self.dana.see(plan, lambda found: found)
        soon = (date.today() + timedelta(days=6)).isoformat()
        await self.dana.say(
            f"{plan}/suggest",
            {
                "goals": [{"words": "A door I can lock."}],
                "steps": [
                    {"goal": 0, "owner": "worker", "due": soon, "words": "Ask Cedar House about a room."},
                    {"goal": 0, "owner": "person", "due": soon, "words": "Say which part of town feels right."},
                ],
            },
        )
        await self.alma.see(plan, lambda found: found["stage"] == "asked_person")
        self.tell.saw(ALMA, "Dana wrote down what I want, in my words. Nothing counts until I say yes.")
        await self.alma.say(f"{plan}/sign")
        await self.dana.see(plan, lambda found: found["stage"] == "active")
        self.tell.saw(DANA, "Alma signed. The plan is ours now; she can change it any day.")

    async def asks_for_a_room(self) -> None:
        self.tell.chapter("One need, one program")
        self.consent = str(uuid7())
        await self.alma.say(
            "/intake/consents",
            {
                "id": self.consent, "person": self.id, "recipient": str(demo.CEDAR_HOUSE), "categories": ["referral"],
                "shown": True,
            },
        )  # fmt: skip
        self.tell.saw(ALMA, "Dana may tell Cedar House that I want a room. I can stop that any time.")
        self.referral = str(uuid7())
        known = await self._known()
        await self.dana.say(
            "/caseplan/referrals",
            {"id": self.referral, "person": self.id, "program": str(ROOMS), "need": "housing", "consent": self.consent},
        )
        await self.dana.see(self._at, lambda found: found["stage"] in ("sent", "delivered", "seen"))
        self.tell.saw(DANA, "The referral is sent. Cedar House has two of its business days; then their lead has it.")
        record = await self._read(RECEIVED, lambda data: data["reference"] not in known)
        self.reference = record["data"]["reference"]
        self.tell.saw(CEDAR, f"Our own Kafka client read {RECEIVED}: somebody needs a room, {self.reference}. No name.")
        await self.dana.see(self._at, lambda found: found["stage"] == "delivered")
        self.tell.saw(DANA, "Delivered: it stands on their stream.")
        detail = await self.yusuf.see(f"/caseplan/partner/referrals/{self.reference}", lambda found: found)
        assert detail["reference"] == self.reference
        self.tell.saw(CEDAR, "We fetched the detail over HTTPS, under the consent that is live now.")

    async def _known(self) -> set[str]:
        """References of earlier referrals: the demo may have run before."""
        if not await asyncio.to_thread(self.partner.caught_up.wait, HEARD_WITHIN):
            raise NotHeard("The partner's own client did not get to the end of its streams.")
        return {record["data"]["reference"] for record in self.partner.records if record["type"] == RECEIVED}

    async def gets_a_yes(self) -> None:
        self.tell.chapter("The agency answers")
        await self._answer("seen")
        await self._answer("accept")
        self.tell.saw(CEDAR, "We said yes on our own topic, and got a receipt for it.")
        await self.dana.see(self._at, lambda found: found["stage"] == "accepted")
        self.tell.saw(DANA, "Accepted. If it gets quiet now, I hear of it.")
        await self.alma.see(self._at, lambda found: found["stage"] == "accepted")
        self.tell.saw(ALMA, "Cedar House said yes. I see it on my page.")
        self.tell.saw(ALMA, await self.alma.see(f"/notifications/people/{self.id}/messages", self._of_the_text))

    async def has_a_hard_day(self) -> None:
        self.tell.chapter("Something gets hard, so support opens")
        self.setback = str(uuid7())
        words = "The bus was too full. I walked back."
        await self.alma.say("/caseplan/setbacks", {"id": self.setback, "words": words, "pace": "today"})
        self.tell.saw(ALMA, "I said that something got hard. Only Dana can read it.")
        here = f"/caseplan/setbacks/{self.setback}"
        await self.dana.see(here, lambda found: words in json.dumps(found))
        self.tell.saw(DANA, "I read Alma's words. I have real hours to be in touch, weekends included.")
        await self.dana.say(f"{here}/contact")
        await self.alma.say(f"{here}/reflect", {"next_time": "Go with Tony, at ten."})
        await self.dana.say(f"{here}/offer-revision")
        await self.alma.say(f"{here}/accept-revision")
        await self.dana.see(here, lambda found: found["stage"] == "supported")
        self.tell.saw(DANA, "We spoke. Alma said what could help, and took a lighter plan.")
        await self.alma.see(self._at, lambda found: found["stage"] == "accepted")
        self.tell.saw(ALMA, "My room is still mine. Nothing was closed because of it.")
        await self._share_it()

    async def _share_it(self) -> None:
        known = {r["data"]["reference"] for r in self.partner.records if r["type"] == SHARED}
        await self.alma.say(
            "/intake/consents",
            {
                "person": self.id, "recipient": str(demo.CEDAR_HOUSE), "categories": ["setback"],
                "setback": self.setback, "shown": True,
            },
        )  # fmt: skip
        self.tell.saw(ALMA, "I want Cedar House to know of this one thing. That took a yes of its own.")
        await self._read(SHARED, lambda data: data["reference"] not in known)
        self.tell.saw(
            CEDAR, "Our client read partner.setback.shared.v1: one setback, because she said so. Nothing ends by it."
        )

    async def sees_a_promise_kept(self) -> None:
        self.tell.chapter("A promise, kept in the open")
        promise = str(uuid7())
        due = (datetime.now(UTC) + timedelta(hours=20)).isoformat()
        words = "I will be at the door when you move in."
        await self.dana.say("/caseplan/promises", {"id": promise, "person": self.id, "words": words, "due": due})
        await self.alma.see(f"/caseplan/promises/{promise}", lambda found: words in json.dumps(found))
        self.tell.saw(ALMA, "Dana promised to be there when I move in. It stands on my page.")
        await self.dana.say(f"/caseplan/promises/{promise}/keep")
        await self.alma.say(f"/caseplan/promises/{promise}/say-kept")
        await self.dana.see(f"/caseplan/promises/{promise}", lambda found: found["stage"] == "kept")
        self.tell.saw(DANA, "Kept, and Alma says so too. Her word counts where ours differ.")

    async def says_how_it_ended(self) -> None:
        self.tell.chapter("The person says how it ended")
        await self._answer("start")
        await self._answer("report", outcome="got_help")
        await self.dana.see(self._at, lambda found: found["stage"] == "reported")
        self.tell.saw(DANA, "Cedar House says that it is done. It is not closed: Alma has yet to say.")
        await self.alma.say(f"{self._at}/confirm")
        await self.alma.see(self._at, lambda found: found["stage"] == "closed")
        self.tell.saw(ALMA, "I have my key. I said yes, and that closed it.")
        closed = await self._read(CLOSED, lambda data: data["reference"] == self.reference)
        assert closed["data"]["by"] == "person"
        self.tell.saw(CEDAR, "Our client read partner.referral.closed.v1, confirmed by the person.")

    async def stops_sharing(self) -> None:
        self.tell.chapter("Sharing stops")
        await self.alma.say(f"/intake/consents/{self.consent}/revoke")
        found = await self.alma.see(
            f"/intake/consents/{self.consent}", lambda found: found if found["in_effect_at"] else None
        )
        readable = say.on_date(datetime.fromisoformat(found["readable_until"]).date(), datetime.now(UTC).date())
        self.tell.saw(ALMA, f"Stopped, and in effect. They can read old news until {readable}.")
        refused = await self._detail_is_shut()
        self.tell.saw(CEDAR, f"Asking for the detail again: {refused}.")

    async def _detail_is_shut(self) -> str:
        try:
            await self.yusuf.get(f"/caseplan/partner/referrals/{self.reference}")
        except NotHeard as refused:
            if refused.status == 404:
                return "nothing there that we can see"
            raise
        raise AssertionError("the detail is still open after the revocation is in effect")

    async def is_counted(self, before: dict[str, int]) -> None:
        self.tell.chapter("It is counted, without anybody's name")
        await until(lambda: self._more_than(before), "the report to count it")
        self.tell.saw(DANA, "The mirror counts one more referral, one more loop confirmed, one more promise kept.")

    async def _counted(self) -> dict[str, int]:
        found = await self.dana.get("/reporting/indicators")
        return {name: int(found["counts"][name]) for name in ("referrals_sent", "loops_confirmed", "promises_kept")}

    async def _more_than(self, before: dict[str, int]) -> bool:
        now = await self._counted()
        return all(now[name] > count for name, count in before.items())

    @property
    def _at(self) -> str:
        return f"/caseplan/referrals/{self.referral}"

    async def _answer(self, answer: str, **more: str) -> None:
        id = await asyncio.to_thread(self.partner.answer, self.reference, answer, **more)
        receipt = await asyncio.to_thread(self.partner.receipt, id)
        assert receipt is not None, f"no receipt for “{answer}”"
        assert receipt["data"]["result"] == "accepted", f"“{answer}” was refused: {receipt['data'].get('reason')}"

    async def _read(self, kind: str, fits: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        async def look() -> dict[str, Any] | None:
            return self.partner.find(kind, fits)

        return await until(look, f"{kind} on the partner's stream")

    def _of_the_text(self, messages: list[dict[str, Any]]) -> str | None:
        """What became of it. At night nobody is woken: it waits, by the clock of the agency that walks with her."""
        for message in messages:
            _, waits, until_then = (message["held"] or "").partition("quiet hours until ")
            if waits:
                return f"It is late, so the text waits until {until_then}. It will not say what about."
            if message["state"] == "sent" and self._carried(message["id"]):
                return "A text came: there is news on my page. It does not say what about."
        return None

    def _carried(self, message: str) -> bool:
        return (Path(self._network.home) / "outbox" / "sms" / f"{message}.json").exists()
