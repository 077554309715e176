"""Routes found by the words of their path answer as they did one after the other."""

import httpx
import pytest
from fastapi import APIRouter, Depends, FastAPI

from shared.web.branches import branched


def routers() -> list[APIRouter]:
    inner, outer = APIRouter(), APIRouter()

    @inner.get("/house/rooms/{id}")
    async def room(id: int) -> str:
        return f"room {id}"

    @inner.post("/house/rooms/{id}/open")
    async def opened(id: int) -> str:
        return f"opened {id}"

    @inner.get("/house/rooms/{id}/open")
    async def form(id: int) -> str:
        return f"how to open {id}"

    @inner.post("/house/rooms/{id}/close")
    async def closed(id: int) -> str:
        return f"closed {id}"

    @outer.get("/house/rooms")
    async def rooms() -> str:
        return "rooms"

    outer.include_router(inner)
    return [outer]


def apps() -> tuple[FastAPI, FastAPI]:
    plain, quick = FastAPI(), FastAPI()
    for router in routers():
        plain.include_router(router)
    for branch in branched(routers()):
        quick.include_router(branch)
    return plain, quick


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/house/rooms"),
        ("GET", "/house/rooms/7"),
        ("GET", "/house/rooms/seven"),
        ("POST", "/house/rooms/7/open"),
        ("GET", "/house/rooms/7/open"),
        ("POST", "/house/rooms/7/close"),
        ("GET", "/house/rooms/7/close"),
        ("DELETE", "/house/rooms/7/open"),
        ("POST", "/house/rooms/7/paint"),
        ("GET", "/house/rooms/7/open/"),
        ("GET", "/elsewhere"),
    ],
)
async def test_every_path_and_method_is_answered_as_before(method: str, path: str):
    answers = []
    for app in apps():
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://test") as client:
            answers.append(await client.request(method, path))
    plain, quick = answers
    assert (quick.status_code, quick.text) == (plain.status_code, plain.text)


def test_the_description_of_the_api_is_the_same():
    plain, quick = apps()
    assert quick.openapi() == plain.openapi()


def test_a_route_whose_path_has_any_number_of_parts_is_refused():
    router = APIRouter()
    router.add_api_route("/files/{path:path}", lambda path: path)
    with pytest.raises(TypeError, match="words"):
        list(branched([router]))


def test_dependencies_that_would_be_lost_are_refused():
    """What a router asks of the routes that it includes is not the routes' own; left out, nobody would be asked."""
    inner, outer = APIRouter(), APIRouter(dependencies=[Depends(lambda: None)])
    inner.add_api_route("/rooms", lambda: "rooms")
    outer.include_router(inner)
    with pytest.raises(TypeError, match="its own router"):
        list(branched([outer]))
