"""The one port that people see: `/<service>/...` goes to that service, streamed both ways, and nothing is kept.

A process of its own, so that a service can restart behind it. Live updates (server-sent events) pass as they come.
"""

import json
import os
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

import httpx
import uvicorn
from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response, StreamingResponse
from starlette.routing import Route

from shared.local.ports import LOOPBACK

START = "intake"  # the front door
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
AWAY = """<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Not answering - Throughcare</title>
<meta name="viewport" content="width=device-width, initial-scale=1"></head>
<body style="font: 1.125rem/1.5 system-ui, sans-serif; margin: 3rem auto; max-width: 36rem; padding: 0 1rem">
<h1>This part is not answering</h1>
<p>What you wrote before is safe. Wait a moment, then load the page again.</p>
<p><a href="/">Go to the start page</a></p></body></html>"""
NOWHERE = AWAY.replace("This part is not answering", "There is nothing here").replace(
    "What you wrote before is safe. Wait a moment, then load the page again.", "The address may have a typing error."
)
PIECE = '<p role="status">This part is not answering. Everything else on the page works.</p>'


def front(routes: Mapping[str, str]) -> Starlette:
    """The app that forwards to `routes`, addresses by service."""

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        # No limit on how long a service may think or a stream stay quiet: the services have their own.
        timeout = httpx.Timeout(None, connect=3.0)
        limits = httpx.Limits(max_connections=None, max_keepalive_connections=64, keepalive_expiry=4.0)
        async with httpx.AsyncClient(timeout=timeout, limits=limits, trust_env=False) as client:
            app.state.client = client
            yield

    async def start(request: Request) -> Response:
        return RedirectResponse(f"/{START}/", status_code=307)

    async def healthz(request: Request) -> Response:
        return JSONResponse({"status": "ok"})

    async def forward(request: Request) -> Response:
        address = routes.get(request.path_params["service"])
        if address is None:
            return HTMLResponse(NOWHERE, status_code=404)
        return await _forward(request, address)

    return Starlette(
        routes=[
            Route("/", start),
            Route("/healthz", healthz),
            Route("/{service}", forward, methods=METHODS),
            Route("/{service}/{rest:path}", forward, methods=METHODS),
        ],
        lifespan=lifespan,
    )


async def _forward(request: Request, address: str) -> Response:
    client: httpx.AsyncClient = request.app.state.client
    path = request.scope["raw_path"].decode("latin-1")
    query = request.scope["query_string"].decode("latin-1")
    # Read whole, since a service refuses a large body anyway; so a lost connection can be tried again.
    try:
        body = await request.body()
    except ClientDisconnect:
        return Response(status_code=400)
    asked = client.build_request(
        request.method, f"{address}{path}" + (f"?{query}" if query else ""), headers=_passed_on(request), content=body
    )
    try:
        answer = await _send(client, asked)
    except httpx.TransportError:
        return _not_answering(request)
    reply = StreamingResponse(_flow(answer), status_code=answer.status_code)
    reply.raw_headers = [(k.lower(), v) for k, v in answer.headers.raw if k.lower() not in OF_THE_CONNECTION]
    return reply


async def _send(client: httpx.AsyncClient, asked: httpx.Request) -> httpx.Response:
    """A kept connection may have died with a restarted service: reading again is harmless."""
    try:
        return await client.send(asked, stream=True)
    except (httpx.ConnectError, httpx.ConnectTimeout):
        raise
    except httpx.TransportError:
        if asked.method not in ("GET", "HEAD", "OPTIONS"):
            raise
        return await client.send(asked, stream=True)


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
        log_level="warning",
        timeout_graceful_shutdown=2,  # live streams never end by themselves
        server_header=False,
        date_header=False,
    )


def main() -> None:
    routes = json.loads(os.environ["THROUGHCARE_FRONT_ROUTES"])
    uvicorn.Server(served(front(routes), int(os.environ["THROUGHCARE_PORT"]))).run()


if __name__ == "__main__":
    main()
