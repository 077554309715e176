"""A person's phone in front of intake: a link that their worker made, a PIN that they choose, their own page."""

from typing import Any
from uuid import UUID

import httpx

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


async def settled(browsers: Browsers, person: UUID) -> str:
    """The link of somebody with both PINs."""
    link = await hand_out(browsers.door, person)
    async with browsers.open() as phone:
        assert (await choose(phone, link, second=SECOND, second_again=SECOND)).status_code == 303
    return link
