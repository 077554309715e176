"""The two pages here that change under their reader: a worker's day, and the person's own page."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request
from starlette.responses import Response

from services.caseplan import reading
from services.caseplan.pages.frame import MINE, TODAY, lang_for
from shared.security.edge import allow
from shared.security.identity import Actor
from shared.security.permissions import Relation
from shared.web import live
from shared.web.edge import running, transaction

router = APIRouter(include_in_schema=False)


@router.get(f"{TODAY}/news")
async def news_of_today(request: Request, actor: Annotated[Actor, Depends(allow("today.read"))]) -> Response:
    async def look() -> str:
        now = await allow("today.read")(request)
        now.require("today.read", now.relations(workers=[now.id], agency=now.agency))
        async with transaction(running(request)) as tx:
            return await reading.mark_of_worker(tx, now)

    return await live.stream(request, look, live.news(TODAY, "en"), over=live.signed_out(TODAY, "en"))


@router.get(f"{MINE}/news")
async def news_of_mine(request: Request, actor: Annotated[Actor, Depends(allow("mine.read"))]) -> Response:
    async def look() -> str:
        now = await allow("mine.read")(request)
        now.require("mine.read", Relation.SELF)
        async with transaction(running(request)) as tx:
            return await reading.mark_of_person(tx, now)

    lang = lang_for(request, actor)
    return await live.stream(request, look, live.news(MINE, lang), over=live.signed_out(MINE, lang))
