"""One port before all services: everything passes, as it comes; a silent service is told kindly."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
import pytest
import pytest_asyncio
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response, StreamingResponse
from starlette.routing import Route

from shared.local.front import front
from shared.local.front import served as front_served
from shared.local.ports import anywhere
from shared.local.processes import until


@asynccontextmanager
async def served(app: Starlette) -> AsyncIterator[str]:
    """`app` on a port of its own, as it is served for real."""
    port = anywhere()
    server = uvicorn.Server(front_served(app, port))
    task = asyncio.create_task(server.serve())
    assert await until(lambda: server.started, 5)
    yield f"http://127.0.0.1:{port}"
    server.should_exit = True
    await task


class Service:
    """A service that tells what reached it; `go_on` lets its live stream continue."""

    def __init__(self) -> None:
        self.go_on = asyncio.Event()
        self.left = asyncio.Event()

    async def echo(self, request: Request) -> Response:
        body = (await request.body()).decode()
        answer = PlainTextResponse(
            f"{request.method} {request.scope['raw_path'].decode()}?{request.url.query} {body}", status_code=201
        )
        answer.set_cookie("one", "1")
        answer.set_cookie("two", "2")
        answer.headers["x-host"] = request.headers["host"]
        answer.headers["x-cookie"] = request.headers.get("cookie", "")
        answer.headers["x-forwarded"] = request.headers.get("x-forwarded-for", "")
        return answer

    async def live(self, request: Request) -> Response:
        async def events() -> AsyncIterator[str]:
            try:
                yield "data: first\n\n"
                await self.go_on.wait()
                yield "data: second\n\n"
                await asyncio.Event().wait()
            finally:
                self.left.set()

        return StreamingResponse(events(), media_type="text/event-stream")

    async def elsewhere(self, request: Request) -> Response:
        return RedirectResponse("/intake/there", status_code=303)

    def app(self) -> Starlette:
        return Starlette(
            routes=[
                Route("/intake/live", self.live),
                Route("/intake/elsewhere", self.elsewhere),
                Route("/intake/{rest:path}", self.echo, methods=["GET", "POST", "PUT", "DELETE"]),
            ]
        )


@pytest_asyncio.fixture
async def service() -> Service:
    return Service()


@pytest_asyncio.fixture
async def client(service: Service) -> AsyncIterator[httpx.AsyncClient]:
    async with served(service.app()) as address:
        routes = {"intake": address, "caseplan": f"http://127.0.0.1:{anywhere()}"}
        async with served(front(routes)) as url, httpx.AsyncClient(base_url=url, trust_env=False) as client:
            yield client


async def test_method_path_query_body_host_status_and_every_cookie_pass(client: httpx.AsyncClient):
    answer = await client.post("/intake/a%2Fb/ü?x=1&x=2", content="three beds")
    assert answer.status_code == 201
    assert answer.text == "POST /intake/a%2Fb/%C3%BC?x=1&x=2 three beds"
    assert answer.headers.get_list("set-cookie") == ["one=1; Path=/; SameSite=lax", "two=2; Path=/; SameSite=lax"]
    assert answer.headers["x-host"] == client.base_url.netloc.decode()


async def test_what_one_is_given_to_keep_is_not_shown_for_another(client: httpx.AsyncClient):
    """A service's cookie is a sign-in: who comes without one is nobody."""
    await client.post("/intake/sign-in")
    async with httpx.AsyncClient(base_url=client.base_url, trust_env=False) as somebody:
        answer = await somebody.get("/intake/x")
        assert answer.headers["x-cookie"] == ""
        answer = await somebody.get("/intake/x", headers={"Cookie": "mine=3"})
        assert answer.headers["x-cookie"] == "mine=3"


@pytest.mark.parametrize(
    "path", ["/intake/../metrics", "/intake/x/../../readyz", "/intake/%2e%2e/metrics", "/intake/.."]
)
async def test_no_path_leads_out_of_a_service(client: httpx.AsyncClient, path: str):
    reader, writer = await asyncio.open_connection(client.base_url.host, client.base_url.port)
    writer.write(f"GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode())
    assert b" 404 " in await reader.readline()
    writer.close()


@pytest.mark.parametrize("header", ["Content-Length: 2000000", "Transfer-Encoding: chunked"])
async def test_more_than_any_service_takes_is_refused_while_it_comes(client: httpx.AsyncClient, header: str):
    reader, writer = await asyncio.open_connection(client.base_url.host, client.base_url.port)
    writer.write(f"POST /intake/x HTTP/1.1\r\nHost: x\r\n{header}\r\n\r\n".encode())
    for _ in range(20 if "chunked" in header else 0):
        writer.write(b"10000\r\n" + b"x" * 65_536 + b"\r\n")
    assert b" 413 " in await asyncio.wait_for(reader.readline(), 5)
    writer.close()


async def test_nobody_says_for_somebody_else_where_they_come_from(client: httpx.AsyncClient):
    answer = await client.get("/intake/x", headers={"X-Forwarded-For": "10.0.0.1"})
    assert answer.headers["x-forwarded"] == "127.0.0.1"


async def test_live_updates_arrive_while_the_stream_is_open(client: httpx.AsyncClient, service: Service):
    async with client.stream("GET", "/intake/live") as answer:
        parts = answer.aiter_text()
        assert await asyncio.wait_for(anext(parts), 5) == "data: first\n\n"
        service.go_on.set()
        assert await asyncio.wait_for(anext(parts), 5) == "data: second\n\n"
    await asyncio.wait_for(service.left.wait(), 5)  # the service learns that nobody listens any more


async def test_a_redirect_is_the_askers_to_follow(client: httpx.AsyncClient):
    answer = await client.get("/intake/elsewhere")
    assert (answer.status_code, answer.headers["location"]) == (303, "/intake/there")


async def test_the_start_page_is_the_front_door(client: httpx.AsyncClient):
    answer = await client.get("/")
    assert (answer.status_code, answer.headers["location"]) == (307, "/intake/")
    assert (await client.get("/healthz")).status_code == 200


async def test_a_service_that_is_away_is_told_in_the_form_that_was_asked_for(client: httpx.AsyncClient):
    page = await client.get("/caseplan/people", headers={"Accept": "text/html"})
    assert page.status_code == 502
    assert "This part is not answering" in page.text
    piece = await client.get("/caseplan/people", headers={"Accept": "text/html", "HX-Request": "true"})
    assert piece.text.startswith("<p role=")
    problem = await client.post("/caseplan/referrals", json={})
    assert problem.headers["content-type"] == "application/problem+json"
    assert problem.json()["status"] == 502


async def test_an_unknown_part_is_not_found(client: httpx.AsyncClient):
    assert (await client.get("/nothing/here")).status_code == 404
