"""A stream says that something changed, once; it ends with the right to know, and what was missed is told on return."""

from collections.abc import AsyncIterator, Iterator
from contextlib import aclosing

import pytest
from starlette.requests import Request

from services.intake.sessions import QUIET
from shared.runtime.errors import NotAllowed, Retryable
from shared.security.tokens import LIFE
from shared.web import live
from shared.web.live import CHANGED, OVER

TELL = live.news("/caseplan/today", "en")


def asked(last: str = "", since: str = "") -> Request:
    headers = [(b"last-event-id", last.encode())] if last else []
    return Request({"type": "http", "query_string": f"since={since}".encode(), "headers": headers})


def looks(*marks: str | Exception) -> live.Look:
    """One mark a look; the last one stays."""
    left: Iterator[str | Exception] = iter(marks)
    last: list[str | Exception] = [""]

    async def look() -> str:
        last[0] = next(left, last[0])
        if isinstance(last[0], Exception):
            raise last[0]
        return last[0]

    return look


async def said(look: live.Look, request: Request, tell: str = TELL, longest: float = 0.05, **more: str) -> list[tuple]:
    response = await live.stream(request, look, tell, every=0.001, longest=longest, **more)
    stream: AsyncIterator = response.body_iterator
    async with aclosing(stream):
        return [(one.event, one.id, one.data) async for one in stream]


async def test_a_change_is_told_once_with_the_mark_it_leads_to():
    assert await said(looks("a", "a", "b", "b"), asked(since="a")) == [(None, "b", TELL)]


async def test_a_page_that_is_up_to_date_hears_nothing():
    assert await said(looks("a"), asked(since="a")) == []
    assert await said(looks("a"), asked()) == []


async def test_what_changed_before_the_stream_began_or_while_it_was_down_is_told_at_once():
    assert await said(looks("b"), asked(since="a")) == [(None, "b", TELL)]
    assert await said(looks("c"), asked(last="b", since="a")) == [(None, "c", TELL)]
    assert await said(looks("b"), asked(last="b", since="a")) == []


async def test_a_part_that_asks_for_itself_hears_only_that_it_changed():
    assert await said(looks("a", "b"), asked(since="a"), "") == [(CHANGED, "b", CHANGED)]


async def test_a_right_that_is_gone_ends_the_stream_and_says_how_to_come_back():
    over = live.signed_out("/caseplan/me", "es")
    told = await said(looks("a", "a", NotAllowed("Signed out."), "b"), asked(since="a"), longest=60, over=over)
    assert told == [(None, None, over), (OVER, None, OVER)]
    assert "Abrirla otra vez" in over and 'href="/caseplan/me"' in over


async def test_who_may_not_know_is_refused_before_anything_is_sent():
    with pytest.raises(NotAllowed):
        await live.stream(asked(), looks(NotAllowed("Not yours.")), TELL)


async def test_a_database_that_restarts_is_no_news():
    assert await said(looks("a", Retryable("away"), "a", "b"), asked(since="a")) == [(None, "b", TELL)]


async def test_a_stream_ends_by_itself_long_before_a_quiet_session_does():
    assert await said(looks("a"), asked(), longest=0) == []
    assert live.LONGEST < LIFE, "it comes back while its token is believed"
    assert QUIET.total_seconds() > live.LONGEST * 3
