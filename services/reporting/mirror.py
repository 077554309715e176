"""One look into the mirror, for the page and for other programs alike: the same window, the same veil."""

from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Annotated, Literal

from fastapi import Query, Request
from starlette.concurrency import run_in_threadpool

from services.reporting import store
from services.reporting.counting import Report, count
from services.reporting.settings import Mirror
from services.reporting.window import Window, window

Small = Annotated[
    Literal["shown", "hidden"] | None, Query(description="In the demo: whether small numbers are shown. Else hidden.")
]


@dataclass(frozen=True, slots=True)
class Look:
    as_of: datetime
    window: Window
    hide: bool
    may_show: bool  # the demo, where everybody is invented
    report: Report


@cache
def settings() -> Mirror:
    return Mirror()


async def look(request: Request, small: str | None) -> Look:
    """What is to be seen now. Outside the demo nothing can be asked for that would show a small number."""
    running = request.app.state.running
    demo: bool = running.settings.demo
    hide = not demo or small == "hidden"
    async with running.pool.acquire() as tx, tx.transaction(isolation="repeatable_read", readonly=True):
        now = await store.now(tx)
        span = window(now, settings().zone, so_far=demo)
        raw = await store.read(tx, span.since, span.until, settings().timezone, so_far=span.so_far)
    report = await run_in_threadpool(count, raw, hide=hide)  # hours of thousands of answers: not on the loop
    return Look(now, span, hide, demo, report)
