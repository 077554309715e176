"""A person's phone in front of intake: a link that their worker made, a PIN that they choose, their own page."""

from typing import Any
from uuid import UUID

import httpx

from services.intake.signing_in.own_pin import OWN_PIN
from shared.security import demo
from tests.integration.intake.browsers import Browsers, fields
from tests.integration.intake.world import Door

FIRST, SECOND, THIRD = "483920", "907416", "640283"


async def hand_out(door: Door, person: UUID, account: UUID = demo.DANA, **more: Any) -> str:
    """The path of a new link."""
    answer = await door.post(f"/intake/people/{person}/way-in", {"checked": "known", **more}, account)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["link"]).removeprefix(door.settings.public_url)


async def send(phone: httpx.AsyncClient, link: str, **typed: str) -> httpx.Response:
    """Open a link, and send its form."""
    page = await phone.get(link)
    return await phone.post(link, data={**fields(page.text, "<button"), **typed})


async def choose(phone: httpx.AsyncClient, link: str, pin: str = FIRST, **more: str) -> httpx.Response:
    return await send(phone, link, new=pin, again=pin, **more)


async def type_pin(phone: httpx.AsyncClient, link: str, pin: str) -> httpx.Response:
    return await send(phone, link, pin=pin)


async def set_second(phone: httpx.AsyncClient, now: str = FIRST, new: str = SECOND) -> httpx.Response:
    page = await phone.get(OWN_PIN)
    form = fields(page.text, "second PIN")
    return await phone.post(f"{OWN_PIN}/second", data={**form, "now": now, "new": new, "again": new})


async def settled(browsers: Browsers, person: UUID) -> str:
    """The link of somebody with both PINs."""
    link = await hand_out(browsers.door, person)
    async with browsers.open() as phone:
        assert (await choose(phone, link)).status_code == 303
        assert (await set_second(phone)).status_code == 303
    return link
