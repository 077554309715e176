"""The one port that people see: `/<service>/...` goes to that service, streamed both ways, and nothing is kept.

A process of its own, so that a service can restart behind it. Live updates (server-sent events) pass as they come.
"""

import json
import os
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from urllib.parse import unquote

import httpx
import uvicorn
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import ClientDisconnect, Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response, StreamingResponse
from starlette.routing import Route

from shared.local.ports import LOOPBACK
from shared.runtime.logs import start_logs
from shared.web.headers import BodyLimit
from shared.web.words import WORDS, lang_of

START = "intake"  # the front door
LARGEST = 1 << 20  # bytes of a body; the services' own limit is lower
# No limit on how long a service may think or a stream stay quiet: the services have their own.
TIMEOUT = httpx.Timeout(None, connect=3.0)
METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]
# Of one connection, not of the message (RFC 9110, section 7.6.1).
OF_THE_CONNECTION = {
    b"connection",
    b"keep-alive",
    b"proxy-connection",
    b"te",
    b"trailer",
    b"transfer-encoding",
    b"upgrade",
}
UNKEPT = {"cache-control": "no-store"}
PIECE = '<p role="status">This part is not answering. Everything else on the page works.</p>'


def _page(title: str, detail: str, lang: str = "en") -> str:
    """A page that needs nothing else: no style sheet, no service."""
    return f"""<!doctype html><html lang="{lang}"><head><meta charset="utf-8"><title>{title} - Throughcare</title>
<meta name="viewport" content="width=device-width, initial-scale=1"></head>
<body style="font: 1.125rem/1.5 system-ui, sans-serif; margin: 3rem auto; max-width: 36rem; padding: 0 1rem">
<h1>{title}</h1>
<p>{detail}</p>
<p><a href="/">{WORDS["es" if lang == "es" else "en"]["start"]}</a></p></body></html>"""


AWAY = _page("This part is not answering", "What you wrote before is safe. Wait a moment, then load the page again.")
NOWHERE = _page("There is nothing here", "The address may have a typing error.")


def front(routes: Mapping[str, str]) -> Starlette:
    """The app that forwards to `routes`, addresses by service."""

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        limits = httpx.Limits(max_connections=None, max_keepalive_connections=64, keepalive_expiry=4.0)
        # The transport and not a client: a client keeps cookies, and would give one person's to the next without any.
        async with httpx.AsyncHTTPTransport(limits=limits, trust_env=False) as transport:
            app.state.transport = transport
            yield

    async def start(request: Request) -> Response:
        return RedirectResponse(f"/{START}/", status_code=307)

    async def healthz(request: Request) -> Response:
        return JSONResponse({"status": "ok"})

    async def forward(request: Request) -> Response:
        address = routes.get(request.path_params["service"])
        if address is None or _climbs(request.scope["raw_path"]):
            return HTMLResponse(NOWHERE, status_code=404)
        return await _forward(request, address)

    return Starlette(
        routes=[
            Route("/", start),
            Route("/healthz", healthz),
            Route("/{service}", forward, methods=METHODS),
            Route("/{service}/{rest:path}", forward, methods=METHODS),
        ],
        middleware=[Middleware(BodyLimit, limit=LARGEST)],
        exception_handlers={413: _refused, 415: _refused},
        lifespan=lifespan,
    )


async def _refused(request: Request, error: Exception) -> Response:
    """What no service would take. Said as theirs would say it, since who reads it does not know who did."""
    status = getattr(error, "status_code", 413)
    words = WORDS[lang_of(request)]
    title, detail = words[f"{status}_title"], words[str(status)]
    if "text/html" in request.headers.get("accept", ""):
        return HTMLResponse(_page(title, detail, lang_of(request)), status_code=status, headers=UNKEPT)
    problem = {"type": "about:blank", "title": title, "status": status, "detail": detail}
    return JSONResponse(problem, status_code=status, headers=UNKEPT, media_type="application/problem+json")


def _climbs(raw_path: bytes) -> bool:
    """Whether a path leaves its service's folder, where what is not for everybody is served."""
    return not {".", ".."}.isdisjoint(unquote(raw_path.decode("latin-1")).replace("\\", "/").split("/"))


async def _forward(request: Request, address: str) -> Response:
    # Read whole, so that a lost connection can be tried again.
    path = request.scope["raw_path"].decode("latin-1")
    query = request.scope["query_string"].decode("latin-1")
    try:
        body = await request.body()
    except ClientDisconnect:
        return Response(status_code=400)
    asked = httpx.Request(
        request.method, f"{address}{path}" + (f"?{query}" if query else ""), headers=_passed_on(request), content=body,
        extensions={"timeout": TIMEOUT.as_dict()},
    )  # fmt: skip
    try:
        answer = await _send(request.app.state.transport, asked)
    except httpx.TransportError:
        return _not_answering(request)
    reply = StreamingResponse(_flow(answer), status_code=answer.status_code)
    reply.raw_headers = [(k.lower(), v) for k, v in answer.headers.raw if k.lower() not in OF_THE_CONNECTION]
    return reply


async def _send(transport: httpx.AsyncHTTPTransport, asked: httpx.Request) -> httpx.Response:
    """A kept connection may have died with a restarted service: reading again is harmless."""
    try:
        return await transport.handle_async_request(asked)
    except (httpx.ConnectError, httpx.ConnectTimeout):
        raise
    except httpx.TransportError:
        if asked.method not in ("GET", "HEAD", "OPTIONS"):
            raise
        return await transport.handle_async_request(asked)


async def _flow(answer: httpx.Response) -> AsyncIterator[bytes]:
    """As it comes, still compressed; a service that dies in the middle cuts the answer short, visibly."""
    try:
        async for chunk in answer.aiter_raw():
            yield chunk
    finally:
        await answer.aclose()


def _passed_on(request: Request) -> list[tuple[bytes, bytes]]:
    client = request.client.host if request.client else ""
    kept = [
        (key, value)
        for key, value in request.headers.raw
        if key not in OF_THE_CONNECTION and not key.startswith(b"x-forwarded-") and key != b"content-length"
    ]
    return [
        *kept,
        (b"x-forwarded-for", client.encode()),
        (b"x-forwarded-proto", request.url.scheme.encode()),
        (b"x-forwarded-host", request.headers.get("host", "").encode("latin-1")),
    ]


def _not_answering(request: Request) -> Response:
    """A fragment, a page or problem details, as the asker can use."""
    headers = {"cache-control": "no-store", "retry-after": "5"}
    if request.headers.get("hx-request"):
        return HTMLResponse(PIECE, status_code=502, headers=headers)
    if "text/html" in request.headers.get("accept", ""):
        return HTMLResponse(AWAY, status_code=502, headers=headers)
    problem = {"type": "about:blank", "title": "This part is not answering", "status": 502}
    return JSONResponse(problem, status_code=502, headers=headers, media_type="application/problem+json")


def served(app: Starlette, port: int) -> uvicorn.Config:
    """How the front is served: quietly, on this machine only, believing nobody's word on where they come from."""
    return uvicorn.Config(
        app,
        host=LOOPBACK,
        port=port,
        proxy_headers=False,
        access_log=False,  # addresses of pages are nobody's business
        log_config=None,
        timeout_graceful_shutdown=2,  # live streams never end by themselves
        server_header=False,
        date_header=False,
    )


def main() -> None:
    start_logs("front", "warning")
    routes = json.loads(os.environ["THROUGHCARE_FRONT_ROUTES"])
    uvicorn.Server(served(front(routes), int(os.environ["THROUGHCARE_PORT"]))).run()


if __name__ == "__main__":
    main()
