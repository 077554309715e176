"""Live updates: one stream a page that says that something changed there; when to look is for its reader to choose.

A mark (a few letters made of what the page stands on) is read every few seconds, so what another process or service
wrote is noticed too, without a word of it in the stream. Each round asks again who is asking and whether they may, so
a session that is over or a right that is gone ends it. What changed while the line was down is told on return, by
Last-Event-ID or by the mark that the page was drawn with.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from time import monotonic

from markupsafe import Markup
from sse_starlette import EventSourceResponse, ServerSentEvent
from starlette.requests import Request
from starlette.responses import Response

from shared.runtime.errors import Refused, ThroughcareError
from shared.web.words import WORDS, Lang

EVERY = 2.0  # seconds between two looks; one statement by index each
LONGEST = 240.0  # seconds of one stream, far below a person's quarter of an hour: it comes back with a fresh cookie
PING = 20  # seconds; a proxy that hears nothing for long hangs up
CHANGED, OVER = "changed", "over"
LONGEST_MARK = 40

Look = Callable[[], Awaitable[str]]


async def stream(
    request: Request, look: Look, tell: str = "", *, every: float = EVERY, longest: float = LONGEST, over: str = ""
) -> Response:
    """`look` answers with the mark of now, or raises Refused where the reader may not know (any more).

    With `tell`, that is put in the page's own polite place; without, the page hears `changed` and asks for its part.
    """
    now = await look()  # before the answer begins, so that a refusal is one
    before = _known(request) or now
    return EventSourceResponse(_told(look, before, tell, every, longest, over), ping=PING)


def _known(request: Request) -> str:
    """The last mark that this page knows: of the stream's last word, else of the page itself."""
    return (request.headers.get("last-event-id") or request.query_params.get("since", ""))[:LONGEST_MARK]


async def _told(
    look: Look, before: str, tell: str, every: float, longest: float, over: str
) -> AsyncIterator[ServerSentEvent]:  # fmt: skip
    until = monotonic() + longest
    while monotonic() < until:
        try:
            now = await look()
        except Refused:
            if over:
                yield ServerSentEvent(over)
            yield ServerSentEvent(OVER, event=OVER)
            return
        except ThroughcareError:
            now = before  # a database that restarts is no news
        if now != before:
            yield ServerSentEvent(tell or CHANGED, event=None if tell else CHANGED, id=now)
            before = now
        await asyncio.sleep(every)


def news(here: str, lang: Lang) -> str:
    """Something changed: said once, with the way to see it. Nothing on the page moves before it is asked to."""
    return _said(WORDS[lang]["changed"], here, WORDS[lang]["show_it"])


def signed_out(here: str, lang: Lang) -> str:
    return _said(WORDS[lang]["signed_out"], here, WORDS[lang]["sign_in_again"])


def _said(words: str, url: str, press: str) -> str:
    return str(Markup('<span>{}</span> <a class="button tight" href="{}">{}</a>').format(words, url, press))
