"""Who is on stage before the first life begins: agencies and programs, as every network has them, and one partner."""

import asyncio
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from cli.scenery import AGENCIES, DAYS, KITCHEN, NO, PROGRAMS, ROOMS, ZONE, plain
from services.notifications import provisioning
from shared.runtime.errors import Conflict, NotFound
from shared.security import demo
from tests.faults.load import Load
from tests.faults.stage import PARTNER, Stage

__all__ = ["KITCHEN", "ROOMS", "connect_partner", "directory", "end_agreement"]


async def directory(load: Load) -> None:
    """Through the public way in."""
    names = {agency.id: agency.name for agency in demo.AGENCIES}
    for id, facts in AGENCIES.items():
        calendar = {"timezone": ZONE, "openings": DAYS, "holidays": []}
        await load.say(
            demo.RUTH, f"/intake/agencies/{id}", plain({"name": names[id], "calendar": calendar, **facts}), method="PUT"
        )
    for id, facts in PROGRAMS.items():
        await load.say(demo.RUTH, f"/intake/programs/{id}", plain({"reports_to": NO, **facts}), method="PUT")


async def connect_partner(stage: Stage) -> dict[str, Any]:
    """Cedar House reads its own stream; what its page says of the connection."""
    async with asyncio.timeout(60), provisioning.open_desk(stage.network) as desk:
        while True:
            try:
                await desk.add(demo.CEDAR_HOUSE, slug=PARTNER)
            except Conflict:
                return await desk.show(PARTNER)
            except NotFound:
                await asyncio.sleep(0.2)  # the agency is not heard of there yet


async def end_agreement(stage: Stage) -> None:
    """An agreement is recorded, and its last day passes at once. Invented people are told of without one."""
    async with provisioning.open_desk(stage.network) as desk:
        await desk.agree(PARTNER, None, date.today() + timedelta(days=1))
    owner = await stage.connect("notifications", owner=True)
    try:
        latest = "SELECT id FROM agreement WHERE ended_at IS NULL ORDER BY id DESC LIMIT 1"
        agreement: UUID = await owner.fetchval(latest)
    finally:
        await owner.close()
    await stage.pull("notifications", agreement)
